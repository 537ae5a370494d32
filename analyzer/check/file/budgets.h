/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program may use: the file of budgets that `seep check` holds recordings to, as docs/schema/budgets-1.json
 * describes it. It is untrusted: the first mistake is told in one line with its place.
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
	CHECK_PEAK,        /* bytes in use when most were */
	CHECK_GROWTH,      /* bytes in use more than at a quarter of the run's time */
	CHECK_ALLOCATED,   /* bytes asked for since the recording began */
	CHECK_ALLOCATIONS, /* calls that asked for them */
	CHECK_LEAKS,       /* places that leak */
	CHECK_LOST,        /* places whose memory nobody referred to when the process ended */
	CHECK_RSS,         /* bytes of RSS at the last useful snapshot */
	CHECK_RSS_PEAK,    /* the highest that the kernel knows of */
	CHECK_MEASURES
};

/* "in_use" and so on: as the file has them; ends with NULL. */
extern const char *const check_measure_names[];

/* Is it one of the whole process alone? */
static inline bool check_measure_is_of_process(enum check_measure measure)
{
	return measure == CHECK_RSS || measure == CHECK_RSS_PEAK;
}

static inline bool check_measure_is_of_bytes(enum check_measure measure)
{
	return measure != CHECK_OBJECTS && measure != CHECK_ALLOCATIONS && measure != CHECK_LEAKS &&
	       measure != CHECK_LOST;
}

/* Does it count places, each of which is a finding? */
static inline bool check_measure_is_of_places(enum check_measure measure)
{
	return measure == CHECK_LEAKS || measure == CHECK_LOST;
}

enum check_scope {
	SCOPE_PROCESS,
	SCOPE_MODULE, /* what the places of a module allocate */
	SCOPE_CALLS,  /* what lies below calls of given names: one for a function, several for a site */
	SCOPE_EACH    /* every place, function, line, module or stack by itself */
};

/* Names of calls from the allocation outwards, each a pattern as the shell's; there may be other calls between them. */
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
	struct call_pattern calls; /* of SCOPE_CALLS */
	enum group_by each;        /* of SCOPE_EACH */
	bool is_relative;          /* `most` is a factor of the base's value, such as 1.1 for +10 % */
	double most;
	double floor; /* of a relative budget: what keeps within that many is fine whatever the base has */
	bool per_work;
};

/* Places that no budget of each place, nor one of leaks, is about, until a day. */
struct suppression {
	const char *reason, *until; /* YYYY-MM-DD */
	const char *module;         /* a pattern; NULL: by calls, or */
	const char *leak;           /* one of LeakSanitizer's: lsan.h */
	struct call_pattern calls;
	bool has_expired;
};

struct budgets {
	const char *source;
	void *document; /* what the texts lie in */
	char *lsan;     /* and those of LeakSanitizer's file */
	struct budget *items;
	size_t count;
	struct suppression *suppressions;
	size_t suppression_count;
};

/* `today`: seconds since 1970, by which suppressions expire. */
bool budgets_read(struct budgets *budgets, const char *path, int64_t today, struct error *error);
/* One budget: that nothing is lost at a process's end. Its items are in no file. */
void budgets_add_lost(struct budgets *budgets);
void budgets_free(struct budgets *budgets);

#endif
