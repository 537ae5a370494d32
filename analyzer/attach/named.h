/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a service, by their name: process_list_named(). */
#ifndef SEEP_ATTACH_NAMED_H
#define SEEP_ATTACH_NAMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "attach/attendant.h"

/* Joins a process, and says so. */
typedef bool named_join(const void *context, pid_t pid, uint64_t for_ns, struct attendant *attendant,
			struct error *error);

/*
 * Joins all processes of that name and, once a second, those that appear, until the time is over (0: never) or HUP, INT
 * or TERM come. A refused process is reported once. With a time, the processes are left at its end or at these signals;
 * without one, they stay joined. Returns how many were joined.
 */
size_t named_join_all(const char *name, uint64_t for_ns, named_join *join, const void *context);

#endif
