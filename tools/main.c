/* The program `gangway`. */

#include <stdio.h>

int main(void)
{
    printf("gangway %s\n", GANGWAY_VERSION);
    return 0;
}
