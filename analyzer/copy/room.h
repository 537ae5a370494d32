/* SPDX-License-Identifier: Apache-2.0 */
/* Is there enough memory for a copy? Each page that the program or the copy writes meanwhile exists twice. */
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

/* Bytes that must be left beside a program of that RSS: a quarter of it, and 64 MiB, for a copy to be made; a
 * sixteenth, and 16 MiB, for one to stay. */
enum room_for { ROOM_TO_BEGIN, ROOM_TO_STAY };
uint64_t room_needed(uint64_t rss_bytes, enum room_for what);

/* A process's RSS; 0: it is not there. */
uint64_t room_resident(pid_t pid);

/* Are so many left on the machine and in the program's control groups? False: they are not. */
bool room_is_there(struct room *room, pid_t pid, struct error *error);

/* Is it running short, while there is a copy? */
bool room_is_short(const struct room *room);

#endif
