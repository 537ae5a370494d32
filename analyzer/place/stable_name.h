/* SPDX-License-Identifier: Apache-2.0 */
/* A function's name in the form that lasts from one build to the next: without the compiler's numbers and additions. */
#ifndef SEEP_PLACE_STABLE_NAME_H
#define SEEP_PLACE_STABLE_NAME_H

#include "base/buffer.h"

/*
 * Appends a name, demangled or plain, without
 *	marks of clones (.part.0, .cold, .isra.0, .constprop.0, .lto_priv.0, .llvm.123; " [clone .cold]"),
 *	numbers of lambdas and closures ({lambda(int)#2}, $_1, {closure#0}),
 *	the hash behind a name of Rust (::h0123456789abcdef).
 */
void stable_name_append(struct buffer *out, const char *name);

/* The same without return type, parameters and template arguments: "Cache<int>::put(int)" and "Cache<long>::put(long)"
 * are one family. */
void family_name_append(struct buffer *out, const char *name);

#endif
