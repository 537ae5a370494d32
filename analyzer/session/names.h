/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps names with recordings that have just ended (symbols/records.h): a process in the background, of the lowest
 * priority, does it, so that nobody waits. */
#ifndef SEEP_SESSION_NAMES_H
#define SEEP_SESSION_NAMES_H

#include <stddef.h>

/* For the first few of these directories (absolute paths); with SEEP_NAMES=off for none. Returns at once. */
void names_keep_behind(const char *const *directories, size_t count);

/* The same, here and now, for a process that is in the background already. */
void names_keep(const char *const *directories, size_t count);

/* The same for a recording whose program still runs but no longer has its files (seep_keeper_removal). A thread of a
 * process that has other threads may call it. */
void names_keep_aside(const char *directory);

#endif
