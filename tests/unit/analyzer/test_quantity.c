/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people read them, escapes for XML, and losses in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "profile/lost.h"
#include "render/json/profile_json.h"
#include "render/words/estimate.h"
#include "render/words/losses.h"
#include "render/words/quantity.h"
#include "render/flame/xml.h"
#include "support/profile_maker.h"

static void bytes_have_three_digits_and_a_unit(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
	    {0, "0 B"},
	    {0.4, "0 B"},
	    {-0.4, "0 B"},
	    {1, "1 B"},
	    {1023, "1023 B"},
	    {1023.6, "1.00 KiB"},
	    {1024, "1.00 KiB"},
	    {10234, "9.99 KiB"},
	    {10236, "10.0 KiB"},
	    {102391, "100 KiB"},
	    {1047552, "1023 KiB"},
	    {1048063, "1023 KiB"},
	    {1048065, "1.00 MiB"},
	    {-1536, "-1.50 KiB"},
	    {1.5 * 1073741824, "1.50 GiB"},
	    {1e18, "888 PiB"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(quantity_bytes(cases[i].value).text, cases[i].text);
}

static void counts_are_exact_until_they_are_long(void **state)
{
	(void)state;
	assert_string_equal(quantity_count(0).text, "0");
	assert_string_equal(quantity_count(999).text, "999");
	assert_string_equal(quantity_count(1000).text, "1,000");
	assert_string_equal(quantity_count(99999.4).text, "99,999");
	assert_string_equal(quantity_count(99999.6).text, "100 k");
	assert_string_equal(quantity_count(1234567).text, "1.23 M");
	assert_string_equal(quantity_count(-12345).text, "-12,345");
	assert_string_equal(quantity_exact(123456789).text, "123,456,789");
	assert_string_equal(quantity_exact(-1000).text, "-1,000");
	assert_string_equal(quantity_exact(999999999999999).text, "999,999,999,999,999");
	assert_string_equal(quantity_exact(1e15).text, "1.000000e+15");
}

static void shares_never_hide_what_is_there(void **state)
{
	(void)state;
	assert_string_equal(quantity_share(1, 3).text, "33.3 %");
	assert_string_equal(quantity_share(3, 3).text, "100.0 %");
	assert_string_equal(quantity_share(0, 3).text, "0.0 %");
	assert_string_equal(quantity_share(1, 10000).text, "<0.1 %");
	assert_string_equal(quantity_share(0, 0).text, "-");
}

static void assert_xml(const char *text, const char *wanted)
{
	struct buffer out = {0};

	xml_append_text(&out, text);
	assert_string_equal(out.data, wanted);
	buffer_free(&out);
}

static void markup_becomes_text(void **state)
{
	(void)state;
	assert_xml("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;");
	assert_xml("]]>", "]]&gt;");
	assert_xml("gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8a", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8a");
	assert_xml("a\tb\nc", "a\tb\nc");
}

static void what_xml_forbids_is_replaced(void **state)
{
	(void)state;
	assert_xml("\x01", "\xef\xbf\xbd");
	assert_xml("a\x1b[0m", "a\xef\xbf\xbd[0m");
	assert_xml("\x7f", "\xef\xbf\xbd");
	assert_xml("\xff", "\xef\xbf\xbd");
	assert_xml("\xc3(", "\xef\xbf\xbd(");
	assert_xml("\xe2\x80\xae", "\xef\xbf\xbd"); /* turns the direction of writing */
	assert_xml("\xef\xbf\xbe", "\xef\xbf\xbd"); /* U+FFFE */
}

static void cdata_cannot_be_closed_from_within(void **state)
{
	(void)state;
	struct buffer out = {0};

	xml_append_cdata(&out, "a]]>b]]]>", 9);
	assert_string_equal(out.data, "<![CDATA[a]]]]><![CDATA[>b]]]]]><![CDATA[>]]>");
	buffer_free(&out);
}

static void assert_label(const char *text, size_t columns, const char *wanted)
{
	struct buffer out = {0};

	buffer_append_text(&out, "");
	xml_append_label(&out, text, columns);
	assert_string_equal(out.data, wanted);
	buffer_free(&out);
}

static void labels_are_cut_between_characters(void **state)
{
	(void)state;
	assert_label("parse", 5, "parse");
	assert_label("parser", 5, "pars\xe2\x80\xa6");
	assert_label("a<b>c", 4, "a&lt;b\xe2\x80\xa6");
	assert_label("\xe4\xb8\xad\xe6\x96\x87\xe5\x90\x8d", 6, "\xe4\xb8\xad\xe6\x96\x87\xe5\x90\x8d");
	assert_label("\xe4\xb8\xad\xe6\x96\x87\xe5\x90\x8d", 5, "\xe4\xb8\xad\xe6\x96\x87\xe2\x80\xa6");
	assert_label("parse", 1, "");
}

static void losses_are_told_in_words(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct profile *profile = profile_maker_profile(maker);
	struct buffer out = {0};

	profile->losses[SEEP_LOSS_RING_FOLDED] = 99; /* lost nothing */
	profile->losses[SEEP_LOSS_SNAPSHOTS_THINNED] = 99;
	losses_append(&out, profile);
	assert_string_equal(out.data, "none");
	out.length = 0;
	profile->losses[SEEP_LOSS_STACKS_TRUNCATED] = 1;
	profile->losses[SEEP_LOSS_LIVE_FULL] = 1234;
	profile->flags = SEEP_SNAPSHOT_LOWER_BOUND;
	losses_append(&out, profile);
	assert_string_equal(out.data, "1,234 samples not kept as live (table full), 1 stack without its outer callers; "
				      "totals are lower bounds");
	buffer_free(&out);
	profile_maker_free(maker);
}

/* A kind that loss_effect() knows has words, unless nothing at all was lost, and a key in JSON. */
static void each_kind_of_loss_is_shown(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct profile *profile = profile_maker_profile(maker);
	uint32_t known = 0;

	for (uint32_t key = 1; key < sizeof profile->losses / sizeof *profile->losses; key++) {
		if (loss_effect((enum seep_loss_key)key) == LOSS_UNKNOWN)
			continue;
		struct buffer text = {0}, document = {0};
		struct json json = {.out = &document};
		const bool harmless = key == SEEP_LOSS_RING_FOLDED || key == SEEP_LOSS_SNAPSHOTS_THINNED;
		known++;
		profile->losses[key] = 4711;
		assert_true(losses_append(&text, profile) || harmless);
		json_begin_object(&json);
		json_losses(&json, profile);
		json_end_object(&json);
		assert_non_null(strstr(document.data, "4711"));
		profile->losses[key] = 0;
		buffer_free(&document);
		buffer_free(&text);
	}
	assert_true(known >= 18);
	profile_maker_free(maker);
}

/* With a loss that may concern an allocation or a free, nothing is called exact. */
static void nothing_is_exact_beside_a_loss(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct profile *profile = profile_maker_profile(maker);
	const struct interval point = {5, 5};
	const uint32_t keys = sizeof profile->losses / sizeof *profile->losses;

	profile->rate = 1;
	assert_true(profile_is_exact(profile));
	assert_string_equal(estimate_bytes(5, point, profile).interval, "exact");
	for (uint32_t key = 1; key < keys; key++) {
		const enum loss_effect effect = loss_effect((enum seep_loss_key)key);
		const bool none = effect == LOSS_OF_NONE, doubted = effect == LOSS_OF_FREES;
		struct buffer text = {0};
		profile->losses[key] = 1;
		assert_int_equal(profile_is_exact(profile), none);
		assert_int_equal(profile_is_lower_bound(profile), !none && !doubted);
		assert_string_equal(estimate_bytes(5, point, profile).interval, none      ? "exact"
										: doubted ? "about"
											  : "at least");
		const struct interval change = {-5, -5};
		assert_string_equal(estimate_growth(-5, change, NULL, profile).interval, none ? "exact" : "about");
		losses_append(&text, profile);
		assert_int_equal(strstr(text.data, "lower bounds") != NULL, !none && !doubted);
		buffer_free(&text);
		profile->losses[key] = 0;
	}
	profile->flags = SEEP_SNAPSHOT_LOWER_BOUND;
	assert_false(profile_is_exact(profile));
	profile->flags = SEEP_SNAPSHOT_DOUBTED;
	assert_false(profile_is_exact(profile) || profile_is_lower_bound(profile));
	profile_maker_free(maker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_have_three_digits_and_a_unit),
	    cmocka_unit_test(counts_are_exact_until_they_are_long),
	    cmocka_unit_test(shares_never_hide_what_is_there),
	    cmocka_unit_test(markup_becomes_text),
	    cmocka_unit_test(what_xml_forbids_is_replaced),
	    cmocka_unit_test(cdata_cannot_be_closed_from_within),
	    cmocka_unit_test(labels_are_cut_between_characters),
	    cmocka_unit_test(losses_are_told_in_words),
	    cmocka_unit_test(each_kind_of_loss_is_shown),
	    cmocka_unit_test(nothing_is_exact_beside_a_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
