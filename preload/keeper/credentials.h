/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's thread has credentials of its own, since libc's setuid() sets
 * those of the threads that it knows. A server that drops its privileges must
 * not keep a privileged thread on our account, so the keeper follows.
 */
#ifndef SEEP_KEEPER_CREDENTIALS_H
#define SEEP_KEEPER_CREDENTIALS_H

#include <stdint.h>

/* In the target's keeper thread: where the program's user or group ids differ from the thread's, gives the recording's
 * directory and heap file to the new user, drops supplementary groups, and takes the program's ids. `directory` is a
 * path. */
void credentials_follow(uint64_t pid, const char *directory);

/* The four numbers (real, effective, saved, filesystem) behind "Uid:" or "Gid:" in /proc/PID/status; for tests, too. */
int credentials_parse(const char *status, const char *field, uint32_t ids[static 4]);

#endif
