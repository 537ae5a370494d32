/* SPDX-License-Identifier: Apache-2.0 */
/* The table's rows: a look and a past moment, added up by what the last study says about the sites. */
#ifndef SEEP_TOP_DATA_ROWS_H
#define SEEP_TOP_DATA_ROWS_H

#include "base/map.h"
#include "leaks/leak_row.h"
#include "top/data/study.h"
#include "top/data/window.h"

enum row_by { ROW_PLACE, ROW_FUNCTION, ROW_MODULE, ROW_LABEL, ROW_THREAD, ROW_BYS };
enum row_sort { SORT_VERDICT, SORT_GROWTH, SORT_IN_USE, SORT_CHURN, ROW_SORTS };

extern const char *const row_by_names[];   /* "place", ...; ends with NULL */
extern const char *const row_sort_names[]; /* "verdict", ...; ends with NULL */

struct row {
	uint64_t key;                    /* the same at every look */
	const struct study_place *place; /* the first of its places; NULL: not named yet, or a thread */
	uint32_t thread;                 /* 1 + the thread's number; 0: later threads; only for threads */
	struct seep_sum in_use;          /* bytes */
	struct change change;
	enum leak_verdict verdict; /* the first among its places' verdicts; LEAK_VERDICTS: none yet */
	bool is_sure;
	double leak_low;
};

struct rows {
	struct row *rows;
	size_t count, capacity;
	struct map *by_key;  /* from row.key to index */
	struct map *site_of; /* from profile_site.key to an index into the study's sites */
};

void rows_init(struct rows *rows);
/* Switches to another study. */
void rows_use_study(struct rows *rows, const struct study *study);
/* `past`: see window.h; may be NULL. `filter`: a text that names must contain, ignoring case; "": all rows. */
void rows_make(struct rows *rows, const struct look *look, const struct past *past, const struct study *study,
	       enum row_by by, enum row_sort sort, const char *filter);
void rows_free(struct rows *rows);

/* The index of the row with this key; `count`: there is none. */
size_t rows_find(const struct rows *rows, uint64_t key);
/* The study's site of such a key; NULL: it has none. */
const struct study_site *rows_site(const struct rows *rows, const struct study *study, uint64_t key);
/* The bytes in use of samples for which no study has names. */
double rows_unnamed(const struct rows *rows, const struct look *look);

#endif
