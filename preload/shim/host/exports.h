/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we export that nobody behind us has. A name that is found here hides
 * whatever a library loaded later brings under it: a plugin of a C program has
 * its operator new from its own libstdc++, or defines one, in a scope that no
 * look-up of ours reaches (and none may be made once threads run: the loader's
 * lock can be held by one that waits for ours). So a name without a next
 * definition is taken back while the program is still being loaded: its value
 * in our symbol table becomes 0, which the loader passes over as undefined.
 */
#ifndef SEEP_HOST_EXPORTS_H
#define SEEP_HOST_EXPORTS_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the names back that are not NULL, as far as we export them. Not in two threads at once. False: the table could
 * not be written to, and the names stay. */
bool exports_withdraw(const char *const *names, size_t count);

#endif
