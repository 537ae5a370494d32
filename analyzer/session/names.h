/* SPDX-License-Identifier: Apache-2.0 */
/* Names are kept with recordings that have just ended (symbols/records.h): by a process in the background, of the lowest
 * priority, so that nobody waits for it. */
#ifndef SEEP_SESSION_NAMES_H
#define SEEP_SESSION_NAMES_H

#include <stddef.h>

/* Of the first of them, by absolute paths; SEEP_NAMES=off: of none. Returns at once. */
void names_keep_behind(const char *const *directories, size_t count);

/* The same, here and now. For a process that is in the background already. */
void names_keep(const char *const *directories, size_t count);

/* The same of a recording whose program runs and no longer has its files (seep_keeper_removal). For a thread of a process
 * that has others. */
void names_keep_aside(const char *directory);

#endif
