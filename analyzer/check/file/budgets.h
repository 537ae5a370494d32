/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of budgets that `seep check` holds recordings to, as docs/schema/budgets-1.json describes it. It is
 * untrusted: one line names the first mistake and its place.
 */
#ifndef SEEP_CHECK_FILE_BUDGETS_H
#define SEEP_CHECK_FILE_BUDGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "compare/group.h"

enum check_measure {
	CHECK_IN_USE,      /* bytes in use at the last useful snapshot */
	CHECK_OBJECTS,     /* objects, likewise */
	CHECK_PEAK,        /* bytes in use when most was */
	CHECK_GROWTH,      /* how many more bytes are in use than at a quarter of the run's time */
	CHECK_ALLOCATED,   /* bytes asked for since the recording began */
	CHECK_ALLOCATIONS, /* calls that asked for them */
	CHECK_LEAKS,       /* places that leak */
	CHECK_LOST,        /* places whose memory nobody referred to when the process ended */
	CHECK_RSS,         /* bytes of RSS at the last useful snapshot */
	CHECK_RSS_PEAK,    /* the highest RSS that the kernel remembers */
	CHECK_MEASURES
};

/* "in_use" and so on, as the file has them; ends with NULL. */
extern const char *const check_measure_names[];

/* Whether it can be measured for the whole process only. */
static inline bool check_measure_is_of_process(enum check_measure measure)
{
	return measure == CHECK_RSS || measure == CHECK_RSS_PEAK;
}

static inline bool check_measure_is_of_bytes(enum check_measure measure)
{
	return measure != CHECK_OBJECTS && measure != CHECK_ALLOCATIONS && measure != CHECK_LEAKS &&
	       measure != CHECK_LOST;
}

/* Whether it counts places, each of which is a finding. */
static inline bool check_measure_is_of_places(enum check_measure measure)
{
	return measure == CHECK_LEAKS || measure == CHECK_LOST;
}

enum check_scope {
	SCOPE_PROCESS,
	SCOPE_MODULE, /* the allocations of a module's places */
	SCOPE_CALLS,  /* the allocations below calls of given names: one for a function, several for a site */
	SCOPE_EACH    /* every place, function, line, module or stack by itself */
};

/* Names of calls from the allocation outwards, each a pattern like the shell's; other calls may be between them. */
#define PATTERNS_MOST 16
struct call_pattern {
	const char *names[PATTERNS_MOST];
	uint32_t count;
};

struct budget {
	const char *name, *owner, *reason; /* owner and reason: NULL, there is none */
	enum check_measure measure;
	enum check_scope scope;
	const char *module;        /* a pattern */
	struct call_pattern calls; /* for SCOPE_CALLS */
	enum group_by each;        /* for SCOPE_EACH */
	bool is_relative;          /* `most` is a factor of the base's value, such as 1.1 for +10 % */
	double most;
	double floor; /* for a relative budget: a value up to this is fine whatever the base has */
	bool per_work;
};

/* Takes places out of the budgets of each place and of leaks, until a day. */
struct suppression {
	const char *reason, *until; /* YYYY-MM-DD */
	const char *module;         /* a pattern; NULL: by calls, or */
	const char *leak;           /* one of LeakSanitizer's: lsan.h */
	struct call_pattern calls;
	bool has_expired;
};

struct budgets {
	const char *source;
	void *document; /* the texts lie in it */
	char *lsan;     /* the texts of LeakSanitizer's file lie in it */
	struct budget *items;
	size_t count;
	struct suppression *suppressions;
	size_t suppression_count;
};

/* `today`: seconds since 1970; suppressions expire by it. */
bool budgets_read(struct budgets *budgets, const char *path, int64_t today, struct error *error);
/* Adds one budget: nothing may be lost at a process's end. It comes from no file. */
void budgets_add_lost(struct budgets *budgets);
void budgets_free(struct budgets *budgets);

#endif
