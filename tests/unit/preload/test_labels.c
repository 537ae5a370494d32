/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of threads: their numbers and texts, their frames in stacks, and what snapshots say of them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/stacks.h"
#include "keeper/snapshot/build.h"
#include "shim/record/labels.h"
#include "support/heap_maker.h"
#include "support/snapshot_parser.h"

static void a_text_has_one_number(void **state)
{
	(void)state;
	char copy[] = "checkout";
	const uint8_t number = label_number("checkout");
	assert_int_not_equal(number, 0);
	assert_int_equal(label_number(copy), number);
	assert_string_equal(label_text(number), "checkout");
	assert_int_equal(label_number(label_text(number)), number);
	assert_int_not_equal(label_number("check"), number);
	assert_int_equal(label_number(NULL), 0);
	assert_int_equal(label_number(""), 0);
	assert_null(label_text(0));
}

static void a_long_text_is_cut_between_characters(void **state)
{
	(void)state;
	char text[2 * LABEL_BYTES];
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = 0;
	assert_int_equal(strlen(label_text(label_number(text))), LABEL_BYTES - 1);
	memcpy(text + LABEL_BYTES - 2, "\xe2\x82\xac", 3);
	assert_int_equal(strlen(label_text(label_number(text))), LABEL_BYTES - 2);
	memset(text, 'x', sizeof text - 1);
	memcpy(text + LABEL_BYTES - 4, "\xe2\x82\xac", 3);
	assert_int_equal(strlen(label_text(label_number(text))), LABEL_BYTES - 1);
}

static uint32_t site_under(const struct heap *heap, const char *label)
{
	uintptr_t frames[4] = {0x1000, 0x2000};
	return stack_site(heap, frames, label_append(heap, label_number(label), frames, 2), false);
}

static void the_same_stack_under_two_labels_is_two_sites(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	const uint32_t alice = site_under(&heap, "alice"), bob = site_under(&heap, "bob"), none = site_under(&heap, "");
	assert_true(alice && bob && none && alice != bob && bob != none && alice != none);
	assert_int_equal(site_under(&heap, "alice"), alice);
	assert_int_equal(site_under(&heap, NULL), none);
	/* the modules that stand for labels are never unloaded */
	modules_prepare();
	modules_watch(&heap);
	modules_set_finder(NULL);
	assert_int_equal(load_relaxed(&heap.header->module_epoch), 0);
	assert_int_equal(site_under(&heap, "bob"), bob);
	assert_int_equal(label_append(&heap, label_number("alice"), (uintptr_t[1]){0}, 0), 0);
	heap_unmake(&heap);
}

static void a_snapshot_names_the_label_as_the_outermost_frame(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	struct build_options options = {.trigger = SEEP_TRIGGER_REQUEST, .number = 1, .consumer = true};
	heap_make(&heap, 1, 0);
	/* a text that is in two slots is one label */
	static char again[] = "alice";
	uintptr_t frames[3] = {0x1000, 0x2000, (uintptr_t)again | FRAME_LABEL};
	const uint32_t sites[] = {site_under(&heap, "alice"), stack_site(&heap, frames, 3, false)};
	assert_int_not_equal(sites[0], sites[1]);
	for (int i = 0; i < 2; i++)
		assert_true(
		    ring_push(&heap, &(struct event){.kind = SEEP_EVENT_ALLOCATED, .size = 100, .site = sites[i]}));
	struct seep_image image;
	struct seep_fault fault;
	assert_true(snapshot_build(&heap, &options, &image, &fault));
	assert_null(snapshot_parse(image.data, image.bytes, &snapshot));
	assert_int_equal(snapshot.module_count, 2);
	assert_string_equal(snapshot.strings + snapshot.modules[1].path, "[label] alice");
	assert_int_equal(snapshot.modules[1].flags, SEEP_MODULE_LABEL);
	assert_int_equal(snapshot.node_count, 4);
	assert_int_equal(snapshot.nodes[1].parent, 0);
	assert_int_equal(snapshot.nodes[1].module, 1);
	assert_int_equal(snapshot.nodes[1].address, 0);
	assert_int_equal(snapshot.sites[1].node, snapshot.sites[2].node);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static void *number_all(void *numbers)
{
	char text[16];
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "thread %u", i);
		((uint8_t *)numbers)[i] = label_number(text);
	}
	return NULL;
}

/* Threads that meet at a slot may take two for one text. */
static void threads_number_texts_at_the_same_time(void **state)
{
	(void)state;
	static uint8_t numbers[2][100];
	char text[16];
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, number_all, numbers[1]), 0);
	number_all(numbers[0]);
	pthread_join(thread, NULL);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "thread %u", i);
		for (unsigned k = 0; k < 2; k++)
			assert_string_equal(label_text(numbers[k][i]), text);
	}
}

/* The last test: no number is left. */
static void texts_beyond_the_last_are_counted(void **state)
{
	(void)state;
	struct heap heap;
	uintptr_t frames[2] = {0x1000};
	char text[16];
	heap_make(&heap, 512 << 10, 0);
	for (unsigned i = 0; i < LABELS; i++) {
		snprintf(text, sizeof text, "more %u", i);
		label_number(text);
	}
	const uint8_t number = label_number("one too many");
	assert_int_equal(number, LABEL_LOST);
	assert_string_equal(label_text(number), "");
	assert_int_equal(label_number(label_text(number)), LABEL_LOST);
	assert_string_equal(label_text(label_number("checkout")), "checkout");
	assert_int_equal(label_append(&heap, number, frames, 1), 1);
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_LABELS_FULL]), 1);
	heap_unmake(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_has_one_number),
	    cmocka_unit_test(a_long_text_is_cut_between_characters),
	    cmocka_unit_test(the_same_stack_under_two_labels_is_two_sites),
	    cmocka_unit_test(a_snapshot_names_the_label_as_the_outermost_frame),
	    cmocka_unit_test(threads_number_texts_at_the_same_time),
	    cmocka_unit_test(texts_beyond_the_last_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
