#ifndef BASE_INT128_H
#define BASE_INT128_H

/* 128-bit integers for exact sums: both compilers have them, ISO C does not. */

#include "base/slice.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

struct buffer;
void int128_format(struct buffer *out, int128 value); /* decimal */

#endif
