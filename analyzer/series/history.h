/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording by site: what each has in use at every moment, and what became of every sample that was ever seen alive.
 * Moments are added one after the other and are not kept. Moments that are not judged only tell which samples were
 * alive, for pages that show all moments.
 */
#ifndef SEEP_SERIES_HISTORY_H
#define SEEP_SERIES_HISTORY_H

#include "base/map.h"
#include "compare/teardown.h"
#include "profile/moment.h"

/* A sample that was seen in the series. */
struct followed {
	uint64_t address, birth_ns, size, rate;
	uint32_t site;        /* number in the history */
	uint16_t first, last; /* first and last moment that had it */
};

/* A gap: moments without a sample that earlier and later ones had. */
struct followed_gap {
	uint32_t object;
	uint16_t first, end; /* the first moment without it, and the first one that has it again */
};

/* A moment's sums; `gone` and `first` are not filled. */
struct history_moment {
	struct teardown_moment sums;
	bool is_judged, is_timer, has_samples;
	struct class_sums classes;
	uint16_t place; /* its number among all moments that were added */
};

struct history {
	struct history_moment *moments;
	size_t count;        /* number of moments */
	size_t judged, most; /* how many are judged, and the most that may be */
	uint32_t last_trigger;
	struct moment first; /* of which process all moments are; without its arrays */
	double *in_use;      /* site by site, a value for each of up to `most` judged moments: bytes */
	uint32_t site_count, site_capacity;
	struct numbering by_key;  /* numbers are sites */
	struct followed *objects; /* in the order in which moments, and sites within one, first had them */
	size_t object_count, object_capacity;
	struct followed_gap *gaps;
	size_t gap_count, gap_capacity;
	struct trail *trail; /* where the last moment's sites and samples are */
};

#define HISTORY_MOMENTS_MOST UINT16_MAX

/* Makes room for `moments` moments (from one to HISTORY_MOMENTS_MOST), of which `judged` are judged. */
void history_init(struct history *history, size_t moments, size_t judged);
void history_free(struct history *history);

/* False: the moment is of another process than the earlier ones. */
bool history_add(struct history *history, const struct moment *moment, bool is_judged);
/* The site with this key, made if it is new; `guess` is its number if it is where it was. */
uint32_t history_site(struct history *history, uint64_t key, uint32_t guess);
/* The history's numbers of the sites in the last moment that was added. */
const uint32_t *history_sites(const struct history *history);

/* No more moments will come. Drops those that are not judged, with the samples that only they had. */
void history_close(struct history *history);
/* Drops all moments but the first `count`. */
void history_cut(struct history *history, size_t count);

/* The index of the moment nearest to the middle of the recording's time, never the last; and of the last useful one. */
size_t history_middle(const struct history *history);
size_t history_last_useful(const struct history *history);

/*
 * Adds up closed histories of several processes, at the moments of the youngest, in the time in which all of them ran.
 * Each process's clock is shifted so that all last moments are the same.
 */
struct history_part {
	const struct history *history;
	uint64_t shift_ns; /* result: added to its times */
	size_t *moment_of; /* result: its moment for each of the sum's; to be freed */
};

/* False: there are no two moments at which all of them ran. `youngest`: the index of the youngest. */
bool history_sum(struct history *sum, struct history_part *parts, size_t count, size_t *youngest);

#endif
