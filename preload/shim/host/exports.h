/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes back names that we export and no library behind us has. Such a name
 * hides the definition of a library that is loaded later: a plugin of a C
 * program has operator new from its own libstdc++, or defines one, in a scope
 * that no look-up of ours reaches. (No look-up may be made once threads run:
 * the loader's lock may be held by one that waits for ours.) So a name without
 * a next definition is withdrawn while the program is still being loaded: its
 * value in our symbol table becomes 0, which the loader passes over as
 * undefined.
 */
#ifndef SEEP_HOST_EXPORTS_H
#define SEEP_HOST_EXPORTS_H

#include <stdbool.h>
#include <stddef.h>

/* Withdraws the names that are not NULL, as far as we export them. Not in two threads at once. False: the table
 * could not be written to, and the names stay. */
bool exports_withdraw(const char *const *names, size_t count);

#endif
