/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is left for what a copy makes necessary: each page that the program or the copy writes meanwhile exists twice. */
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

/* A quarter of its RSS, and 64 MiB, must be left. False: it is not. */
bool room_is_there(struct room *room, pid_t pid, struct error *error);

/* Is it running short, while there is a copy? */
bool room_is_short(const struct room *room);

#endif
