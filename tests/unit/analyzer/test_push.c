/* SPDX-License-Identifier: Apache-2.0 */
/* What seep push sends, and where: addresses, labels, stretches of a recording, and the position in it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/rows.h"
#include "push/destination.h"
#include "push/labels.h"
#include "push/otlp.h"
#include "push/pace.h"
#include "push/position.h"

static void an_address_says_kind_host_and_base(void **state)
{
	struct destination destination;
	struct error error;

	(void)state;
	assert_true(destination_parse(&destination, "pyroscope+https://host.example:4040/base//", &error));
	assert_int_equal(destination.kind, DESTINATION_PYROSCOPE);
	assert_true(destination.is_encrypted);
	assert_false(destination.is_loopback);
	assert_int_equal(destination.url_length, strlen("https://host.example:4040/base"));
	assert_true(destination_parse(&destination, "parca+http://[::1]:7070", &error));
	assert_int_equal(destination.kind, DESTINATION_PARCA);
	assert_true(destination.is_loopback);
	assert_true(destination_parse(&destination, "pyroscope-ingest+http://localhost", &error));
	assert_int_equal(destination.kind, DESTINATION_INGEST);
	assert_true(destination_parse(&destination, "parca+http://localhost.example", &error));
	assert_false(destination.is_loopback);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "https://host",
	    "pyroscope",
	    "pyroscope+",
	    "pyroscope+ftp://host",
	    "pyroscope+https://",
	    "pyroscope+https:///base",
	    "pyroscope+https://:4040",
	    "pyroscope+https://user@host",
	    "pyroscope+https://user:password@host/base",
	    "pyroscope+https://[::1",
	    "pyroscope+https://host?x=y",
	    "pyroscope+https://host/base#part",
	    "pyroscope+https://host/a b",
	    "zipkin+https://host",
	};
	struct destination destination;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(destination_parse(&destination, wrong[i], &error));
	assert_false(destination_parse(&destination, "pyroscope+https://user:password@host/base", &error));
	assert_null(strstr(error.text, "password@"));
}

static void a_receiver_may_take_a_part(void **state)
{
	struct buffer why = {0};

	(void)state;
	assert_int_equal(otlp_refused("\x0a\x06\x08\x03\x12\x02no", 8, &why), 3);
	assert_string_equal(why.data, "no");
	assert_int_equal(otlp_refused("\x0a\x04\x08\x03\x12\x7f", 6, &why), 3);
	assert_int_equal(otlp_refused("", 0, &why), 0);
	assert_int_equal(otlp_refused("<html>", 6, &why), 0);
	buffer_free(&why);
}

static void the_first_label_of_a_name_wins(void **state)
{
	struct labels labels = {0};
	struct error error;

	(void)state;
	assert_true(labels_add_text(&labels, "env=prod=1", &error));
	assert_true(labels_add_list(&labels, " env=lost , b.c=%2Cx%zz,,a=\xc3\xa9 ", &error));
	assert_int_equal(labels.count, 3);
	assert_string_equal(labels.each[0].name, "a");
	assert_string_equal(labels.each[0].value, "\xc3\xa9");
	assert_string_equal(labels_find(&labels, "b.c"), ",x%zz");
	assert_string_equal(labels_find(&labels, "env"), "prod=1");
	assert_null(labels_find(&labels, "b"));
	labels_free(&labels);
}

static void what_is_no_label_is_refused(void **state)
{
	static const char *const wrong[] = {"", "a", "=b", "a=", "1a=b", "__a=b", "a-b=c", "a=\xff", "a b=c"};
	struct labels labels = {0};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(labels_add_text(&labels, wrong[i], &error));
	assert_int_equal(labels.count, 0);
	labels_free(&labels);
}

#define SITE(site_key, in_use_bytes, allocated_bytes, is_retired)                                                      \
	{                                                                                                              \
		.key = (site_key), .retired = (is_retired),                                                            \
		.in_use = {.bytes = {.certain = (in_use_bytes)}, .objects = {.certain = 1}}, .allocated = {            \
			.bytes = {.certain = (allocated_bytes)},                                                       \
			.objects = {.certain = (allocated_bytes) / 10}                                                 \
		}                                                                                                      \
	}

/* Site 2 has become a part of the retired sum since, site 3 is idle, and site 4 is new. */
static void a_stretch_has_what_was_allocated_in_it_and_what_is_in_use(void **state)
{
	struct profile_site before[] = {SITE(1, 100, 1000, false), SITE(2, 0, 300, false), SITE(3, 0, 50, false),
					SITE(9, 0, 40, true)};
	struct profile_site after[] = {SITE(1, 80, 1500, false), SITE(3, 0, 50, false), SITE(4, 7, 70, false),
				       SITE(9, 0, 360, true)};
	after[1].in_use.objects.certain = 0;
	const struct profile base = {.sites = before, .site_count = 4}, now = {.sites = after, .site_count = 4};
	struct export_rows rows;

	(void)state;
	export_rows_build_interval(&rows, &now, &base);
	assert_int_equal(rows.count, 3);
	assert_float_equal(rows.rows[0].values.of[CALL_ALLOC_SPACE], 500, 1e-9);
	assert_float_equal(rows.rows[0].values.of[CALL_INUSE_SPACE], 80, 1e-9);
	assert_float_equal(rows.rows[1].values.of[CALL_ALLOC_SPACE], 70, 1e-9);
	assert_float_equal(rows.rows[2].values.of[CALL_ALLOC_SPACE], 20,
			   1e-9); /* 360 - 40, of which 300 are site 2's */
	export_rows_free(&rows);
	export_rows_build_interval(&rows, &now, NULL);
	assert_int_equal(rows.count, 4);
	assert_float_equal(rows.rows[0].values.of[CALL_ALLOC_SPACE], 1500, 1e-9);
	export_rows_free(&rows);
}

#define SECOND_NS UINT64_C(1000000000)

/* Looks every quarter of a second; returns how many slots there were. */
static unsigned slots_until(struct pace *pace, uint64_t *now_ns, uint64_t end_ns, uint64_t spacing_ns)
{
	unsigned slots = 0;

	for (; *now_ns < end_ns; *now_ns += SECOND_NS / 4) {
		pace_look(pace, *now_ns, spacing_ns);
		while (pace_take(pace))
			slots++;
	}
	return slots;
}

static void a_host_sends_a_quarter_more_than_it_has_at_most(void **state)
{
	struct pace pace = {.random = 7};
	uint64_t now_ns = SECOND_NS;
	const uint64_t spacing_ns = pace_spacing(0.1); /* a snapshot each ten seconds */

	(void)state;
	assert_in_range(slots_until(&pace, &now_ns, 1001 * SECOND_NS, spacing_ns), 124, 125);
	now_ns += 3600 * SECOND_NS; /* seep push was stopped: the stretches that it missed are gone */
	assert_in_range(slots_until(&pace, &now_ns, now_ns + SECOND_NS, spacing_ns), 0, 2);
	assert_in_range(slots_until(&pace, &now_ns, now_ns + 100 * SECOND_NS, pace_spacing(10)), 1245, 1264);
	pace_look(&pace, now_ns, 0);
	for (int i = 0; i < 10000; i++)
		assert_true(pace_take(&pace)); /* nothing is paced */
}

static void hosts_that_start_together_do_not_send_together(void **state)
{
	unsigned in_second[8] = {0};

	(void)state;
	for (uint64_t host = 0; host < 8000; host++) {
		struct pace pace = {.random = host};
		uint64_t now_ns = SECOND_NS;
		while (pace_look(&pace, now_ns, pace_spacing(0.1)), !pace.slots)
			now_ns += SECOND_NS / 8;
		in_second[(now_ns - SECOND_NS - 1) / SECOND_NS % 8]++;
	}
	for (int i = 0; i < 8; i++) /* the beginning is fixed, so nothing depends on chance */
		assert_in_range(in_second[i], 900, 1100);
}

static void a_failure_is_waited_for_longer_each_time(void **state)
{
	struct pace pace = {.random = 1};
	uint64_t now_ns = SECOND_NS, random = 3;

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		const uint64_t mean_ns = i < 6 ? SECOND_NS << i : 60 * SECOND_NS;
		pace_note_failure(&pace, now_ns, 0);
		assert_in_range(pace.due_ns - now_ns, mean_ns / 2, mean_ns + mean_ns / 2);
		pace_look(&pace, pace.due_ns - 1, 0);
		assert_false(pace_take(&pace)); /* nor where nothing is paced */
		now_ns = pace.due_ns;
		pace_look(&pace, now_ns, 0);
		assert_true(pace_take(&pace));
	}
	pace_note_answer(&pace);
	pace_note_failure(&pace, now_ns, 0);
	assert_in_range(pace.due_ns - now_ns, SECOND_NS / 2, SECOND_NS + SECOND_NS / 2);
	/* All are told the same, and they come back one after the other. */
	for (int i = 0; i < 100; i++)
		assert_in_range(pace_wait(&random, 6, 100 * SECOND_NS), 130 * SECOND_NS, 190 * SECOND_NS);
}

static void what_is_too_old_goes_with_the_next(void **state)
{
	const struct recording_entry entries[] = {
	    {.number = 1, .time_ns = 10}, {.number = 2, .time_ns = 20}, {.number = 3}, {.number = 5, .time_ns = 50}};
	uint64_t too_old = 0;

	(void)state;
	assert_int_equal(pace_choose(entries, 4, 0, 0, 0, &too_old), 0);
	assert_int_equal(pace_choose(entries, 4, 0, 1, 0, &too_old), 1);
	assert_int_equal(too_old, 0);
	assert_int_equal(pace_choose(entries, 4, 0, 1, 40, &too_old), 2); /* its header can't be read: it is tried */
	assert_int_equal(too_old, 1);
	assert_int_equal(pace_choose(entries, 4, 3, 1, 60, &too_old), 4);
	assert_int_equal(too_old, 2);
	assert_int_equal(pace_choose(entries, 4, 0, 5, 0, &too_old), 4);
}

static void a_position_is_kept_for_one_process_at_a_time(void **state)
{
	char directory[] = "/tmp/seep-push.XXXXXX", file[64];
	struct destination destination, other;
	const struct profile of = {.source = "rec", .pid = 7, .start_ticks = 9};
	struct position position, second;
	struct error error;
	bool is_lost;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(file, sizeof file, "%s/000003.seep", directory);
	FILE *snapshot = fopen(file, "w");
	assert_non_null(snapshot);
	fputs("none", snapshot);
	fclose(snapshot);
	assert_true(destination_parse(&destination, "parca+http://host", &error));
	assert_true(destination_parse(&other, "parca+http://other", &error));
	assert_true(position_open(&position, directory, &destination, &of, &error));
	assert_false(position_open(&second, directory, &destination, &of, &error));
	assert_non_null(strstr(error.text, "by another seep push"));
	assert_true(position_open(&second, directory, &other, &of, &error));
	position_close(&second);
	assert_null(position_base(&position, &is_lost));
	assert_false(is_lost);
	assert_null(position_begun(&position));
	assert_true(position_begin(&position, file, 3, &error));
	assert_true(position_advance(&position, &error));
	assert_null(position_begun(&position));
	assert_true(position_begin(&position, file, 5, &error));
	assert_true(position_note_part(&position, 16000, &error));
	assert_true(position_begin(&position, file, 5, &error)); /* goes on */
	assert_int_equal(position.rows, 16000);
	assert_false(position_begin(&position, "/gone", 6, &error));
	assert_int_equal(position.next, 5);
	position_close(&position);
	assert_true(position_open(&position, directory, &destination, &of, &error));
	assert_int_equal(position.number, 3);
	assert_int_equal(position.next, 5);
	assert_int_equal(position.rows, 16000);
	char *begun = position_begun(&position);
	assert_int_equal(access(begun, R_OK), 0);
	free(begun);
	assert_null(position_base(&position, &is_lost)); /* it is there, and no snapshot */
	assert_true(is_lost);
	position_close(&position);
	snprintf(file, sizeof file, "rm -r '%s'", directory);
	assert_int_equal(system(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_says_kind_host_and_base),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(a_receiver_may_take_a_part),
	    cmocka_unit_test(the_first_label_of_a_name_wins),
	    cmocka_unit_test(what_is_no_label_is_refused),
	    cmocka_unit_test(a_stretch_has_what_was_allocated_in_it_and_what_is_in_use),
	    cmocka_unit_test(a_host_sends_a_quarter_more_than_it_has_at_most),
	    cmocka_unit_test(hosts_that_start_together_do_not_send_together),
	    cmocka_unit_test(a_failure_is_waited_for_longer_each_time),
	    cmocka_unit_test(what_is_too_old_goes_with_the_next),
	    cmocka_unit_test(a_position_is_kept_for_one_process_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
