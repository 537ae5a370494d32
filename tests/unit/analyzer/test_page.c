/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of a page: samples as cells, counters where they change, stacks as a trie, and base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "encoding/base64.h"
#include "page/cells.h"
#include "page/selection.h"
#include "page/stacks.h"
#include "support/profile_maker.h"

/* A snapshot of two sites, one of them twice; the samples whose addresses are listed are alive. */
static void add_snapshot(struct history *history, struct page_counters *counters, const struct seep_live *live,
			 uint32_t count, double allocated)
{
	static const uint64_t keys[] = {11, 22, 11};
	static const double in_use[] = {1, 1, 1};
	struct seep_site sites[3] = {{.node = 1}};
	const struct moment moment = {.pid = 1,
				      .site_count = 3,
				      .keys = keys,
				      .site_in_use = in_use,
				      .sites = (const unsigned char *)sites,
				      .site_bytes = sizeof *sites,
				      .live = live,
				      .live_count = count};

	sites[0].allocated.bytes.certain = allocated;
	sites[2].allocated.bytes.certain = allocated;
	sites[0].allocated.objects = (struct seep_sum){.uncertain = 4, .largest = 2};
	assert_true(history_add(history, &moment, false));
	page_counters_add(counters, history, &moment);
}

static const struct seep_live stays = {.address = 0x10, .size = 100, .birth_ns = 1, .rate = 512, .site = 0};
static const struct seep_live goes = {.address = 0x20, .size = 100, .birth_ns = 2, .rate = 512, .site = 0};
static const struct seep_live comes = {.address = 0x20, .size = 100, .birth_ns = 9, .rate = 512, .site = 1};

static void samples_become_cells(void **state)
{
	(void)state;
	struct page_counters counters = {0};
	struct history history;
	const struct seep_live second[] = {stays, comes};
	size_t count;

	history_init(&history, 3, 1);
	add_snapshot(&history, &counters, (const struct seep_live[]){stays, goes}, 2, 1000);
	add_snapshot(&history, &counters, second, 2, 1000);
	add_snapshot(&history, &counters, second, 2, 3000);
	struct page_cell *cells = page_cells_of(&history, &count);
	assert_int_equal(count, 3);
	/* By site, birth, death: the same address with another birth is another block. */
	assert_memory_equal(&cells[0], (&(struct page_cell){0, 0, 1, 1, 100, 512}), sizeof *cells);
	assert_memory_equal(&cells[1], (&(struct page_cell){0, 0, 3, 1, 100, 512}), sizeof *cells);
	assert_memory_equal(&cells[2], (&(struct page_cell){1, 1, 3, 1, 100, 512}), sizeof *cells);
	assert_int_equal(history.site_count, 2);
	free(cells);
	page_counters_free(&counters);
	history_free(&history);
}

static void equal_samples_are_one_cell(void **state)
{
	(void)state;
	struct page_counters counters = {0};
	struct history history;
	struct seep_live twin = stays;
	size_t count;

	twin.address = 0x40;
	history_init(&history, 5, 1);
	add_snapshot(&history, &counters, (const struct seep_live[]){stays, twin}, 2, 0);
	/* Back after a snapshot without it: it was seen twice, since two snapshots say so. */
	add_snapshot(&history, &counters, &twin, 1, 0);
	add_snapshot(&history, &counters, (const struct seep_live[]){stays, twin}, 2, 0);
	add_snapshot(&history, &counters, &twin, 1, 0);
	add_snapshot(&history, &counters, (const struct seep_live[]){stays, twin}, 2, 0);
	struct page_cell *cells = page_cells_of(&history, &count);
	assert_int_equal(count, 4);
	assert_int_equal(cells[0].dead, 1);
	assert_int_equal(cells[1].dead, 5);
	assert_int_equal(cells[2].born, 2);
	assert_int_equal(cells[2].dead, 3);
	assert_int_equal(cells[3].born, 4);
	assert_int_equal(cells[3].dead, 5);
	free(cells);
	page_counters_free(&counters);
	history_free(&history);
}

static void counters_are_kept_where_they_change(void **state)
{
	(void)state;
	struct page_counters counters = {0};
	struct history history;

	history_init(&history, 3, 1);
	add_snapshot(&history, &counters, &stays, 1, 1000);
	add_snapshot(&history, &counters, &stays, 1, 1000);
	add_snapshot(&history, &counters, &stays, 1, 3000);
	assert_int_equal(counters.count, 2);
	assert_int_equal(counters.all[1].snapshot, 2);
	assert_true(counters.all[1].bytes == 6000 && counters.all[1].objects == 4 && counters.all[1].largest == 2);
	page_counters_free(&counters);
	history_free(&history);
}

/* Two sites with two cells and counters each at least; one of them has room. */
static void sites_without_room_are_one(void **state)
{
	(void)state;
	struct page_counters counters = {0};
	struct history history;
	struct page page = {.moment_count = 3, .history = &history, .counters = &counters};
	struct page_selection all, some, ranked;
	static const uint32_t same[] = {1, 1}, second_first[] = {0, 1};

	history_init(&history, 3, 1);
	add_snapshot(&history, &counters, (const struct seep_live[]){stays, goes}, 2, 1000);
	add_snapshot(&history, &counters, (const struct seep_live[]){stays, comes}, 2, 1000);
	add_snapshot(&history, &counters, (const struct seep_live[]){stays, comes}, 2, 3000);
	struct page_cell *cells = page_cells_of(&history, &page.cell_count);
	page.cells = cells;

	page_select(&all, &page, same, 100);
	assert_int_equal(all.left_out, 0);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.cell_count, page.cell_count);
	assert_int_equal(all.counter_count, counters.count);
	assert_memory_equal(all.cells, cells, page.cell_count * sizeof *cells);

	/* The first has most memory, so the second is the rest. */
	page_select(&some, &page, same, 4);
	assert_int_equal(some.left_out, 1);
	assert_int_equal(some.count, 2);
	assert_int_equal(some.cell_count, 2);
	assert_int_equal(some.rest_count, 1);
	assert_int_equal(some.rest[0].born, 1);
	assert_int_equal(some.rest[0].dead, 3);
	struct seep_measure sum = {0};
	measure_add_sample(&sum, comes.size, comes.rate);
	assert_memory_equal(&some.rest[0].sum, &sum, sizeof sum);
	assert_int_equal(some.counter_count, counters.count);

	page_select(&ranked, &page, second_first, 4);
	assert_int_equal(ranked.left_out, 1);
	assert_int_equal(ranked.cell_count, 1);
	assert_int_equal(ranked.cells[0].site, 0);
	assert_int_equal(ranked.rest_count, 2);
	page_selection_free(&all);
	page_selection_free(&some);
	page_selection_free(&ranked);
	free(cells);
	page_counters_free(&counters);
	history_free(&history);
}

static void stacks_share_their_callers(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct page_stacks stacks;

	profile_maker_add(maker, "main;serve;parse=>keep", (struct made_values){.in_use_bytes = 1});
	profile_maker_add(maker, "main;serve;log", (struct made_values){.in_use_bytes = 1});
	profile_maker_add(maker, "", (struct made_values){.in_use_bytes = 1});
	page_stacks_init(&stacks, UINT32_MAX);
	const uint32_t keep = page_stacks_add(&stacks, profile_maker_profile(maker), 0);
	const uint32_t log = page_stacks_add(&stacks, profile_maker_profile(maker), 1);
	assert_int_equal(page_stacks_add(&stacks, profile_maker_profile(maker), 2), 0);
	assert_int_equal(stacks.node_count, 6); /* root, main, serve, parse, keep, log */
	assert_string_equal(stacks.frames[stacks.nodes[keep].frame].function, "keep");
	assert_int_equal(stacks.nodes[log].parent, stacks.nodes[stacks.nodes[keep].parent].parent);
	profile_maker_add(maker, "work", (struct made_values){.in_use_bytes = 1});
	struct profile *profile = profile_maker_profile(maker);
	profile->sites[3].label = 1; /* whatever that module is called */
	const struct page_node *work = &stacks.nodes[page_stacks_add(&stacks, profile, 3)];
	assert_string_equal(stacks.frames[stacks.nodes[work->parent].frame].function, profile->modules[1].path);
	assert_int_equal(stacks.nodes[work->parent].parent, 0);
	page_stacks_free(&stacks);
	profile_maker_free(maker);
}

static void bytes_become_base64(void **state)
{
	(void)state;
	/* RFC 4648, section 10. */
	static const char *const vectors[][2] = {{"", ""},
						 {"f", "Zg=="},
						 {"fo", "Zm8="},
						 {"foo", "Zm9v"},
						 {"foob", "Zm9vYg=="},
						 {"fooba", "Zm9vYmE="},
						 {"foobar", "Zm9vYmFy"}};

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct buffer out = {0};
		base64_append(&out, vectors[i][0], strlen(vectors[i][0]));
		assert_string_equal(out.data ? out.data : "", vectors[i][1]);
		buffer_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(samples_become_cells),
	    cmocka_unit_test(equal_samples_are_one_cell),
	    cmocka_unit_test(counters_are_kept_where_they_change),
	    cmocka_unit_test(sites_without_room_are_one),
	    cmocka_unit_test(stacks_share_their_callers),
	    cmocka_unit_test(bytes_become_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
