/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up server at two moments, for tests of everything from the comparison
 * to the printed page. Sampled every 512 KiB, in units of which:
 *
 *	list_append           64 B       20 samples, then 20 more        leaks
 *	vector::_M_realloc..  3 R        none, then 5                    grows, under library frames
 *	cache_insert          4 KiB      30 samples in both              steady
 *	parse_json            512 B      400 samples, freed in 30 us     churns; in use: none
 *	queue_push            1 KiB      90 samples, freed in 3 ms, by another thread   churns
 *	config_load           256 B      15 samples, then none           vanished
 *	table_resize          200 R      one, only in the second         certain
 *	plugin (stripped)     2 KiB      6, then 7                       chance
 *	no stack at all       1 KiB      2, then 2
 */
#ifndef SEEP_TESTS_SERVER_STORY_H
#define SEEP_TESTS_SERVER_STORY_H

#include "support/named_profile.h"

#define STORY_RATE 524288

enum story_moment { STORY_BEFORE, STORY_AFTER };

/* The caller frees it with profile_free(). */
struct profile *story_profile(enum story_moment moment);

/* The second moment as another process would have it: the same stacks, other addresses and births. */
struct profile *story_profile_of_another_process(void);

#endif
