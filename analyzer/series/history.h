/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording by site: what each has in use at every moment, and what became of
 * every sample that was ever seen alive. Moments are added one after the other
 * and are not kept. Those that are not judged only tell which samples were
 * alive then, for who shows all of them.
 */
#ifndef SEEP_LEAKS_HISTORY_H
#define SEEP_LEAKS_HISTORY_H

#include "base/map.h"
#include "compare/teardown.h"
#include "profile/moment.h"

/* A sample as the series saw it. */
struct followed {
	uint64_t address, birth_ns, size, rate;
	uint32_t site;        /* number in the history */
	uint16_t first, last; /* of the moments that had it */
};

/* A sample that was not there in moments between those that had it. */
struct followed_gap {
	uint32_t object;
	uint16_t first, end; /* of the moments without it, and the one after them */
};

/* `gone` and `first` of the sums are not filled. */
struct history_moment {
	struct teardown_moment sums;
	bool is_judged, is_timer, has_samples;
	struct class_sums classes;
	uint16_t place; /* among all moments that were added */
};

struct history {
	struct history_moment *moments;
	size_t count;        /* of them */
	size_t judged, most; /* how many are judged, and how many may be */
	uint32_t last_trigger;
	struct moment first; /* without its arrays: of which process all are */
	uint64_t *keys;      /* by site */
	double *in_use;      /* site by site, a value for each of `most` judged moments: bytes */
	uint32_t site_count, site_capacity;
	struct map *by_key;       /* key -> site */
	struct followed *objects; /* in the order in which moments, and within one sites, first had them */
	size_t object_count, object_capacity;
	struct followed_gap *gaps;
	size_t gap_count, gap_capacity;
	struct trail *trail; /* where the last moment's sites and samples are */
};

#define HISTORY_MOMENTS_MOST UINT16_MAX

/* Room for so many moments, one at least and HISTORY_MOMENTS_MOST at most, of which so many are judged. */
void history_init(struct history *history, size_t moments, size_t judged);
void history_free(struct history *history);

/* False: the moment is of another process than those before. */
bool history_add(struct history *history, const struct moment *moment, bool is_judged);
/* The history's numbers of the sites of the moment that was added last. */
const uint32_t *history_sites(const struct history *history);

/* No more moments come. Those that are not judged are left out, with the samples that they alone had. */
void history_close(struct history *history);
/* Leaves out all but the first `count` moments. */
void history_cut(struct history *history, size_t count);

/* Index of the moment nearest to the middle of the recording's time, and never the last; of the last useful one. */
size_t history_middle(const struct history *history);
size_t history_last_useful(const struct history *history);

/*
 * Closed histories of several processes added up: at the moments of the youngest, in the time in which all of them ran. Each
 * process's clock is set so that the last moments of all are one.
 */
struct history_part {
	const struct history *history;
	uint64_t shift_ns; /* filled: added to its times */
	size_t *moment_of; /* filled: its moment, by the sum's; to be freed */
};

/* False: there are no two moments at which all of them ran. `youngest`: which one it is. */
bool history_sum(struct history *sum, struct history_part *parts, size_t count, size_t *youngest);

#endif
