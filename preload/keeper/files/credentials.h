/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's thread has credentials of its own, since libc's setuid() sets
 * those of the threads that it knows. A server that drops its privileges must
 * not keep a privileged thread on our account, so the keeper follows.
 *
 * It follows when the program gave up its ids for good: as long as one of its
 * real, effective and saved ids is still the thread's, the program can go back
 * (seteuid for a moment), and the thread has no more power than the program.
 */
#ifndef SEEP_FILES_CREDENTIALS_H
#define SEEP_FILES_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

struct credentials {
	uint32_t user[4], group[4]; /* real, effective, saved, filesystem */
};

/* Did the program give up the user or group that the calling thread has? Then *program has its present ones. */
bool credentials_changed(uint64_t pid, struct credentials *program);

/* In the target's keeper thread: gives the recording's directory (an open descriptor, or negative) and heap file to the
 * program's user, drops supplementary groups, and takes its ids. */
void credentials_take(const struct credentials *program, int directory);

#endif
