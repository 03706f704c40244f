#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

/*
 * The four compiler attributes that serve as documentation here, spelled once for gcc and clang.
 *
 * MUST_CHECK     the caller has to look at what is returned
 * NONNULL(...)   these parameters (counted from 1) are never NULL
 * PRINTF_LIKE    parameter f is a format for the arguments from a on
 * CLEANUP(fn)    fn(&variable) runs when the variable leaves its scope
 */

#define MUST_CHECK __attribute__((warn_unused_result))
#define NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#endif
