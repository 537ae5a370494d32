/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes back names that we export and no library behind us has. Such a name
 * hides the definition of a library that is loaded later: a plugin of a C
 * program has operator new from its own libstdc++, or defines one, or has an
 * allocator linked into it whose other functions would get our blocks, in a
 * scope that no look-up of ours reaches. (No look-up may be made once threads
 * run: the loader's lock may be held by one that waits for ours.) So a name
 * without a next definition is withdrawn while the program is still being
 * loaded: its value in our symbol table becomes 0, which the loader passes over
 * as undefined.
 */
#ifndef SEEP_HOST_EXPORTS_H
#define SEEP_HOST_EXPORTS_H

#include <stddef.h>

/* Withdraws these names of ours. Not in two threads at once. If the table can't be written to, they stay. */
void exports_withdraw(const char *const *names, size_t count);

#endif
