/* SPDX-License-Identifier: Apache-2.0 */
/* What the table shows: a look and a moment of the past, added up by what the last study knows of the sites. */
#ifndef SEEP_TOP_DATA_ROWS_H
#define SEEP_TOP_DATA_ROWS_H

#include "base/map.h"
#include "leaks/leak_row.h"
#include "top/data/study.h"
#include "top/data/window.h"

enum row_by { ROW_PLACE, ROW_FUNCTION, ROW_MODULE, ROW_THREAD, ROW_BYS };
enum row_sort { SORT_VERDICT, SORT_GROWTH, SORT_IN_USE, SORT_CHURN, ROW_SORTS };

extern const char *const row_by_names[];   /* "place", ...; ends with NULL */
extern const char *const row_sort_names[]; /* "verdict", ...; ends with NULL */

struct row {
	uint64_t key;                    /* the same at every look */
	const struct study_place *place; /* the first of those in it; NULL: not named yet, or a thread */
	uint32_t thread;                 /* 1 + its number; 0: later ones; of threads only */
	struct seep_sum in_use;          /* bytes */
	struct change change;
	enum leak_verdict verdict; /* the first of its places'; LEAK_VERDICTS: none yet */
	bool is_sure;
	double leak_low;
};

struct rows {
	struct row *rows;
	size_t count, capacity;
	struct map *by_key;   /* row.key -> index */
	struct map *place_of; /* profile_site.key -> index into the study's places */
};

void rows_init(struct rows *rows);
/* The study is another one. */
void rows_use_study(struct rows *rows, const struct study *study);
/* `past`: see window.h; may be NULL. `filter`: what names must have in them, in any case of letters; "": all. */
void rows_make(struct rows *rows, const struct look *look, const struct past *past, const struct study *study,
	       enum row_by by, enum row_sort sort, const char *filter);
void rows_free(struct rows *rows);

/* The index of the row with this key; `count` where there is none. */
size_t rows_find(const struct rows *rows, uint64_t key);
/* The bytes in use of samples that no study has names for. */
double rows_unnamed(const struct rows *rows, const struct look *look);

#endif
