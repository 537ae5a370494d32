/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots built from heap files say exactly what was recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/live.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/stacks.h"
#include "keeper/heap/sites.h"
#include "keeper/mappings/mapping_ring.h"
#include "keeper/snapshot/build.h"
#include "support/heap_maker.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

static const struct build_options consumer = {.trigger = SEEP_TRIGGER_TIMER, .number = 7, .consumer = true};

static void an_empty_heap_gives_a_valid_snapshot(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 512 << 10, 0);
	strcpy(heap.header->command, "redis-server");
	strcpy(heap.header->host, "desk");
	heap.header->interval_ns = 10;
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(snapshot.header->number, 7);
	assert_int_equal(snapshot.header->trigger, SEEP_TRIGGER_TIMER);
	assert_int_equal(snapshot.header->flags, 0);
	assert_int_equal(snapshot.process->pid, getpid());
	assert_int_equal(snapshot.process->rate, 512 << 10);
	assert_int_equal(snapshot.process->interval_ns, 10);
	assert_string_equal(snapshot.strings + snapshot.process->command, "redis-server");
	assert_string_equal(snapshot.strings + snapshot.process->host, "desk");
	assert_string_equal(snapshot.strings + snapshot.process->bypassed, "");
	assert_int_equal(snapshot.site_count, 1);
	assert_int_equal(snapshot.node_count, 1);
	assert_int_equal(snapshot.live_count, 0);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static void texts_that_fill_their_fields_are_ended(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 1, 0);
	memset(heap.header->executable, 'x', sizeof heap.header->executable);
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(strlen(snapshot.strings + snapshot.process->executable), sizeof heap.header->executable);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

/* What the model below knows about one site. */
#define SITES 12
#define OBJECTS 3000
struct model_site {
	struct seep_measure allocated, freed, in_use, freed_remotely, freed_shortly;
	uint64_t lifetimes[64];
};

static void measures_equal(const struct seep_measure *got, const struct seep_measure *expected)
{
	const double *a = &got->bytes.uncertain, *b = &expected->bytes.uncertain;
	assert_int_equal(got->samples, expected->samples);
	for (int i = 0; i < 8; i++) {
		double difference = a[i] - b[i], size = b[i] > 1 ? b[i] : 1;
		assert_true(difference < 1e-9 * size && difference > -1e-9 * size);
	}
}

/* In use: exactly the live samples, so the largest weight need not be one that is still there in the model. */
static void site_compare(const struct snapshot *snapshot, unsigned number, const struct model_site *model)
{
	const struct seep_site *site = snapshot_site(snapshot, 0x1000 + number);
	uint64_t lifetimes[64] = {0};
	assert_non_null(site);
	measures_equal(&site->allocated, &model->allocated);
	measures_equal(&site->freed, &model->freed);
	measures_equal(&site->freed_remotely, &model->freed_remotely);
	measures_equal(&site->freed_shortly, &model->freed_shortly);
	measures_equal(&site->in_use, &model->in_use);
	for (uint64_t i = 0; i < snapshot->lifetime_count; i++) {
		if (snapshot->lifetimes[i].site == (uint64_t)(site - snapshot->sites))
			lifetimes[snapshot->lifetimes[i].bin] += snapshot->lifetimes[i].samples;
	}
	assert_memory_equal(lifetimes, model->lifetimes, sizeof lifetimes);
}

static void model_free(const struct heap *heap, struct model_site *model, uint64_t address, unsigned dice)
{
	struct live_entry entry;
	assert_true(live_remove(heap, address, &entry));
	struct weight weight = weight_of(entry.size, heap_rate(heap, 0));
	struct event event = {.kind = dice % 3 ? SEEP_EVENT_FREED : SEEP_EVENT_FREED_REMOTELY,
			      .size = entry.size,
			      .site = entry.site,
			      .time_ns = UINT64_C(1) << dice % 40};
	if (!ring_push(heap, &event))
		site_fold(heap, &event);
	weight_add_to_measure(&model->freed, &weight);
	if (event.kind == SEEP_EVENT_FREED_REMOTELY)
		weight_add_to_measure(&model->freed_remotely, &weight);
	if (event.time_ns < 1000000)
		weight_add_to_measure(&model->freed_shortly, &weight);
	model->lifetimes[dice % 40]++;
}

/* Random allocations and frees; events partly folded, partly left in the ring. */
static void says_exactly_what_was_recorded(void **state)
{
	(void)state;
	static const uint64_t rates[] = {1, 8 << 10, 512 << 10};
	for (unsigned r = 0; r < 3; r++) {
		struct heap heap;
		struct snapshot snapshot;
		static struct model_site model[SITES];
		static struct {
			uint64_t size;
			unsigned site;
			bool live;
		} objects[OBJECTS];
		memset(model, 0, sizeof model);
		memset(objects, 0, sizeof objects);
		heap_make(&heap, rates[r], 0);
		srand(r + 1);
		for (unsigned i = 0; i < OBJECTS; i++) {
			objects[i].site = (unsigned)rand() % SITES;
			objects[i].size = (uint64_t)rand() % (rates[r] * 20);
			objects[i].live = true;
			recording_allocate(&heap, objects[i].site, objects[i].size, 1, 0x10000 + 64 * i);
			struct weight weight = weight_of(objects[i].size, rates[r]);
			weight_add_to_measure(&model[objects[i].site].allocated, &weight);
			unsigned victim = (unsigned)rand() % (i + 1);
			if (objects[victim].live && rand() % 4) {
				objects[victim].live = false;
				model_free(&heap, &model[objects[victim].site], 0x10000 + 64 * victim,
					   (unsigned)rand());
			}
			if (i % 700 == 0)
				ring_fold(&heap, 500, false);
		}
		uint64_t live = 0;
		for (unsigned i = 0; i < OBJECTS; i++) {
			struct weight weight = weight_of(objects[i].size, rates[r]);
			if (objects[i].live)
				weight_add_to_measure(&model[objects[i].site].in_use, &weight);
			live += objects[i].live;
		}
		assert_int_not_equal(load_relaxed(&heap.header->ring_head), load_relaxed(&heap.header->ring_tail));
		struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
		for (unsigned i = 0; i < SITES; i++)
			site_compare(&snapshot, i, &model[i]);
		assert_int_equal(snapshot.live_count, live);
		/* shared callers are shared nodes: a root, SITES leaves, SITES/2 callers, two common ones */
		assert_int_equal(snapshot.node_count, 1 + SITES + SITES / 2 + 2);
		seep_snapshot_free(&image);
		heap_unmake(&heap);
	}
}

static void building_changes_nothing_and_folding_changes_nothing(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot before, after;
	heap_make(&heap, 8 << 10, 0);
	recording_allocate(&heap, 3, 5000, 100, 0x10000);
	recording_free(&heap, 40, 0x10000, 77);
	struct seep_image first = snapshot_made(&heap, &consumer, &before);
	assert_int_equal(load_relaxed(&heap.header->ring_tail), 0);
	ring_fold(&heap, 1000, false);
	struct seep_image second = snapshot_made(&heap, &consumer, &after);
	assert_memory_equal(before.sites, after.sites, before.site_count * sizeof *before.sites);
	assert_memory_equal(before.lifetimes, after.lifetimes, before.lifetime_count * sizeof *before.lifetimes);
	seep_snapshot_free(&first);
	seep_snapshot_free(&second);
	heap_unmake(&heap);
}

static void a_site_that_was_never_counted_is_left_out(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	uintptr_t stack[2] = {0x9999, 0x8888};
	heap_make(&heap, 1, 0);
	assert_int_not_equal(stack_site(&heap, stack, 2, false), 0);
	recording_allocate(&heap, 1, 10, 1, 0x10000);
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(snapshot.site_count, 2);
	assert_null(snapshot_site(&snapshot, 0x9999));
	assert_int_equal(snapshot.live[0].site, 1);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static void samples_without_a_stack_are_site_0(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 1, 0);
	struct live_entry entry = {.address = 0x5000, .size = 100};
	struct event event = {.kind = SEEP_EVENT_ALLOCATED, .size = 100};
	assert_true(live_insert(&heap, &entry) && ring_push(&heap, &event));
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(snapshot.sites[0].allocated.samples, 1);
	assert_int_equal(snapshot.sites[0].in_use.samples, 1);
	assert_true(measure_bytes(&snapshot.sites[0].in_use) == 100);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static bool find_module(uintptr_t address, struct loaded_module *module)
{
	uint64_t start = address & ~UINT64_C(0xfffff);
	*module = (struct loaded_module){.start = start,
					 .end = start + 0xfff,
					 .bias = start,
					 .name = start == 0x700000 ? "/lib/libseven.so" : "/lib/other.so"};
	return start >= 0x500000;
}

static void frames_name_the_modules_that_are_used(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	uintptr_t stack[3] = {0x700010 | FRAME_EXACT, 0x600020, 0x30}, other[1] = {0x800000};
	heap_make(&heap, 1, 0);
	modules_set_finder(find_module);
	uint32_t unused = stack_site(&heap, other, 1, false), site = stack_site(&heap, stack, 3, true);
	modules_set_finder(NULL);
	assert_int_not_equal(unused, site);
	struct event event = {.kind = SEEP_EVENT_ALLOCATED, .size = 100, .site = site};
	assert_true(ring_push(&heap, &event));
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(snapshot.module_count, 3);
	const struct seep_node *leaf = &snapshot.nodes[snapshot.sites[1].node], *caller = &snapshot.nodes[leaf->parent];
	const struct seep_node *top = &snapshot.nodes[caller->parent];
	assert_string_equal(snapshot.strings + snapshot.modules[leaf->module].path, "/lib/libseven.so");
	assert_int_equal(leaf->address, 0x10);
	assert_int_equal(leaf->flags, SEEP_NODE_EXACT);
	assert_string_equal(snapshot.strings + snapshot.modules[caller->module].path, "/lib/other.so");
	assert_int_equal(caller->address, 0x20);
	assert_int_equal(caller->flags, 0);
	assert_int_equal(snapshot.modules[caller->module].bias, 0x600000);
	assert_int_equal(top->module, 0);
	assert_int_equal(top->address, 0x30);
	assert_int_equal(top->parent, 0);
	assert_int_equal(snapshot.sites[1].flags, SEEP_SITE_TRUNCATED);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static void a_full_live_table_makes_totals_lower_bounds(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 1, 0);
	heap_count_loss(&heap, SEEP_LOSS_LIVE_FULL);
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_true(snapshot.header->flags & SEEP_SNAPSHOT_LOWER_BOUND);
	assert_int_equal(snapshot.losses[SEEP_LOSS_LIVE_FULL], 1);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static void memory_is_reported_as_far_as_it_was_measured(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 1, 0);
	store_relaxed(&heap.header->memory[SEEP_MEMORY_RSS], 4096);
	store_relaxed(&heap.header->memory[SEEP_MEMORY_SWAP], 99);
	store_relaxed(&heap.header->memory_known, UINT64_C(1) << SEEP_MEMORY_RSS);
	store_relaxed(&heap.header->counted_bytes, 12345);
	double_store(&heap.header->in_use_peak_bytes, 777.5);
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(snapshot.memory[SEEP_MEMORY_RSS], 4096);
	assert_false(snapshot.memory_known >> SEEP_MEMORY_SWAP & 1);
	assert_int_equal(snapshot.memory[SEEP_MEMORY_COUNTED], 12345);
	assert_int_equal(snapshot.memory[SEEP_MEMORY_IN_USE_PEAK], 777);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

/* If calls were lost, the kernel says which mappings are gone. */
static void mappings_that_are_gone_are_told_by_the_kernel(void **state)
{
	(void)state;
	const uint64_t bytes = 16 * 4096, nowhere = UINT64_C(1) << 50; /* where no program can map anything */
	char *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t starts[] = {nowhere, (uintptr_t)memory};
	for (uint64_t lost = 0; lost < 2; lost++) {
		struct heap heap;
		struct snapshot snapshot;
		heap_make(&heap, 1, 0);
		for (uint64_t i = 0; i < 2; i++) {
			const struct mapping_event event = {
			    .kind = SEEP_MAPPING_MAPPED, .address = starts[i], .length = bytes, .since = UINT64_MAX};
			assert_int_equal(mapping_ring_push(&heap, &event), MAPPING_PUSHED);
		}
		store_relaxed(&heap.header->losses[SEEP_LOSS_MAPPINGS], lost);
		struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
		assert_int_equal(snapshot.memory[SEEP_MEMORY_MAPPINGS], lost ? bytes : 2 * bytes);
		assert_int_equal(snapshot.memory[SEEP_MEMORY_MAPPINGS_COUNT], lost ? 1 : 2);
		seep_snapshot_free(&image);
		heap_unmake(&heap);
	}
	munmap(memory, bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_heap_gives_a_valid_snapshot),
	    cmocka_unit_test(texts_that_fill_their_fields_are_ended),
	    cmocka_unit_test(says_exactly_what_was_recorded),
	    cmocka_unit_test(building_changes_nothing_and_folding_changes_nothing),
	    cmocka_unit_test(a_site_that_was_never_counted_is_left_out),
	    cmocka_unit_test(samples_without_a_stack_are_site_0),
	    cmocka_unit_test(frames_name_the_modules_that_are_used),
	    cmocka_unit_test(a_full_live_table_makes_totals_lower_bounds),
	    cmocka_unit_test(memory_is_reported_as_far_as_it_was_measured),
	    cmocka_unit_test(mappings_that_are_gone_are_told_by_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
