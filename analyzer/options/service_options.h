/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options by which reading commands take a service instead of operands: --service NAME, and --before TIME and --after TIME, which
 * are the two moments that `seep diff BEFORE AFTER` compares. A command that shows one moment takes either.
 */
#ifndef SEEP_OPTIONS_SERVICE_OPTIONS_H
#define SEEP_OPTIONS_SERVICE_OPTIONS_H

#include "options/argument.h"
#include "options/command.h"
#include "target/service.h"

/* Zero: not given. */
struct service_request {
	const char *name;
	uint64_t before_ns, after_ns; /* by the clock of the day; SERVICE_NOW: now */
};

extern const struct option_type option_moment;

enum { OPTION_SERVICE = 610, OPTION_BEFORE, OPTION_AFTER };

/* Rows of an option table; `field` gives the offset of a member of the request's struct service_request. */
#define SERVICE_OPTION(field)                                                                                          \
	{                                                                                                              \
		OPTION_SERVICE, "service", "NAME", "the processes of a service, added up", &option_service,            \
		    field(name), NULL                                                                                  \
	}
#define SERVICE_OPTIONS(field)                                                                                         \
	SERVICE_OPTION(field),                                                                                         \
	    {OPTION_BEFORE, "before", "TIME", SERVICE_TIME, &option_moment, field(before_ns), NULL},                   \
	{                                                                                                              \
		OPTION_AFTER, "after", "TIME", SERVICE_TIME, &option_moment, field(after_ns), NULL                     \
	}
#define SERVICE_TIME "when: 10:00, 2026-11-20T10:00, 2h (ago), now"

/* The recordings to open, at two moments. */
struct service_targets {
	struct targets now, before; /* `before` is empty if no earlier moment was asked for */
	const char **recordings;    /* the recordings of `now` */
	bool same_processes;        /* `now` and `before` have the same recordings, in the same order */
};

/* The snapshots that the request names; if it names no service, those of the operands. Exits as command_operands()
 * does, and also if the options contradict each other or if nothing is there. */
struct service_targets command_service_targets(const struct command *command, int argc, char **argv,
					       const struct service_request *request);

/* The same for a command that shows one moment: it refuses two. */
struct targets command_moment_targets(const struct command *command, int argc, char **argv,
				      const struct service_request *request);

/* The directories of a service, one in each store that has it: what is recorded there later belongs to it, too. If there is none,
 * exits, or, for a command that waits (`may_come`), says so and gives those in which it may begin. */
struct targets command_service_directories(const struct command *command, int argc, char **argv, const char *name,
					   bool may_come);

/* The same for a command that reads whole recordings. Calls `limit` for each with the time, by the clock of its
 * snapshots, in which its series is to lie. */
typedef void service_limit(const char *recording, uint64_t from_ns, uint64_t to_ns);
struct targets command_series_targets(const struct command *command, int argc, char **argv,
				      const struct service_request *request, service_limit *limit);

#endif
