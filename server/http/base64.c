/* Implementation of base64.h. */

#include "base64.h"

/* -1: no character of base64. */
static int base64_value(char c, bool space_is_plus)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || (space_is_plus && c == ' '))
        return 62;
    return c == '/' ? 63 : -1;
}

bool base64_decode(struct slice text, bool space_is_plus, char *out, size_t *size)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t done = 0;
    while (text.size && text.data[text.size - 1] == '=')
        text.size--;
    for (size_t i = 0; i < text.size; i++) {
        int value = base64_value(text.data[i], space_is_plus);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        out[done++] = (char)(unsigned char)(bits >> count);
        bits &= (1U << count) - 1;
    }
    *size = done;
    return true;
}
