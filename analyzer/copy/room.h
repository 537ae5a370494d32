/* SPDX-License-Identifier: Apache-2.0 */
/* Whether there is enough memory for a copy. Each page that the program or the copy writes meanwhile exists twice. */
#ifndef SEEP_COPY_ROOM_H
#define SEEP_COPY_ROOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct room {
	pid_t pid;
	uint64_t rss_bytes;
};

/* How much memory must be left beside a program, by its RSS: to make a copy, a quarter of it and at least 64 MiB; to
 * keep one, a sixteenth and at least 16 MiB. */
enum room_for { ROOM_TO_BEGIN, ROOM_TO_STAY };
uint64_t room_needed(uint64_t rss_bytes, enum room_for what);

/* A process's RSS; 0: the process does not exist. */
uint64_t room_resident(pid_t pid);

/* Whether that much is left on the machine and in the program's control groups. False: the error says where it is
 * not. */
bool room_is_there(struct room *room, pid_t pid, struct error *error);

/* Whether memory is running short while there is a copy. */
bool room_is_short(const struct room *room);

#endif
