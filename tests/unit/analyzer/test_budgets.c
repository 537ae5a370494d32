/* SPDX-License-Identifier: Apache-2.0 */
/* Files of budgets: their meaning, and that every mistake gets one line with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/file/amount.h"
#include "check/file/budgets.h"
#include "check/file/lsan.h"
#include "support/sample_program.h"

#define DAY 86400
#define TODAY (20000 * (int64_t)DAY) /* 2024-10-04 */

static void amounts_have_units_of_1024(void **state)
{
	static const char *const wrong[] = {"",    "K",   "-1", "1KB",  "1 K", "0x10", "1e3",
					    "inf", "1..", ".5", "1k5K", "+1",  "1%",   "99999999999999999999999"};
	double amount = 0;

	(void)state;
	assert_true(amount_parse("300", &amount) && amount == 300);
	assert_true(amount_parse("64K", &amount) && amount == 65536);
	assert_true(amount_parse("1.5M", &amount) && amount == 1.5 * 1048576);
	assert_true(amount_parse("2G", &amount) && amount == 2147483648.0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (amount_parse(wrong[i], &amount))
			fail_msg("'%s' is no amount", wrong[i]);
	assert_true(growth_parse("+10%", &amount) && fabs(amount - 1.1) < 1e-12);
	assert_true(growth_parse("+0%", &amount) && amount == 1);
	assert_false(growth_parse("10%", &amount) || growth_parse("+10", &amount) || growth_parse("+%", &amount));
}

static void days_are_days_of_the_calendar(void **state)
{
	int64_t end = 0;

	(void)state;
	assert_true(day_parse("1970-01-01", &end) && end == DAY);
	assert_true(day_parse("2024-02-29", &end));
	assert_false(day_parse("2023-02-29", &end) || day_parse("2024-13-01", &end) || day_parse("2024-1-1", &end) ||
		     day_parse("today", &end) || day_parse("2024-01-01x", &end));
}

static bool parse(struct budgets *budgets, const char *text, struct error *error)
{
	write_source("b.json", text);
	return budgets_read(budgets, "b.json", TODAY, error);
}

static void a_file_is_read_whole(void **state)
{
	static const char text[] =
	    "{\"schema\": \"seep.budgets/1\", \"budgets\": ["
	    "{\"name\": \"a\", \"measure\": \"in_use\", \"most\": \"2M\", \"owner\": \"x\", \"reason\": \"y\"},"
	    "{\"name\": \"b\", \"measure\": \"allocated\", \"most\": \"+20%\", \"each\": \"place\", \"floor\": \"1M\"},"
	    "{\"name\": \"c\", \"measure\": \"allocations\", \"most\": 12.5, \"site\": [\"f*\", \"g\"], \"per_work\": "
	    "true},"
	    "{\"name\": \"d\", \"measure\": \"leaks\", \"most\": 0, \"module\": \"libx*\"}],"
	    "\"suppressions\": [{\"function\": \"cache_*\", \"reason\": \"known\", \"until\": \"2024-10-03\"},"
	    "{\"module\": \"liby.so\", \"reason\": \"theirs\", \"until\": \"2024-10-04\"}]}";
	struct budgets budgets;
	struct error error;

	(void)state;
	if (!parse(&budgets, text, &error))
		fail_msg("%s", error.text);
	assert_int_equal(budgets.count, 4);
	const struct budget *items = budgets.items;
	assert_true(items[0].scope == SCOPE_PROCESS && items[0].most == 2097152 && !items[0].is_relative);
	assert_string_equal(items[0].owner, "x");
	assert_true(items[1].scope == SCOPE_EACH && items[1].each == GROUP_BY_PLACE && items[1].is_relative &&
		    items[1].floor == 1048576);
	assert_true(items[2].scope == SCOPE_CALLS && items[2].calls.count == 2 && items[2].per_work &&
		    items[2].most == 12.5);
	assert_true(items[3].scope == SCOPE_MODULE && items[3].measure == CHECK_LEAKS);
	assert_int_equal(budgets.suppression_count, 2);
	assert_true(budgets.suppressions[0].has_expired && !budgets.suppressions[1].has_expired);
	budgets_free(&budgets);
}

#define ONE(members) "{\"schema\": \"seep.budgets/1\", \"budgets\": [{" members "}]}"
#define FINE "\"name\": \"a\", \"measure\": \"in_use\", \"most\": 1"
#define SUPPRESSED(members)                                                                                            \
	"{\"schema\": \"seep.budgets/1\", \"budgets\": [{" FINE "}], \"suppressions\": [{" members "}]}"

static const struct {
	const char *text, *said;
} mistakes[] = {
    {"{", "b.json:1:1: string or '}' expected near end of file"},
    {"{\n\"a\": 1,\n\"a\": 2}", "b.json:3:3: duplicate object key near '\"a\"'"},
    {"[]", "b.json: : an object with \"budgets\" is expected"},
    {"{}", "b.json: schema: a text is expected, which is not empty"},
    {"{\"schema\": \"seep.budgets/2\"}", "b.json: schema: \"seep.budgets/1\" is expected"},
    {"{\"schema\": \"seep.budgets/1\"}", "b.json: budgets: a list is expected"},
    {"{\"schema\": \"seep.budgets/1\", \"budgets\": []}", "b.json: budgets: the list is empty"},
    {"{\"schema\": \"seep.budgets/1\", \"budget\": []}", "b.json: budget: there is no such key"},
    {"{\"schema\": \"seep.budgets/1\", \"budgets\": [1]}", "b.json: budgets[0]: an object is expected"},
    {ONE(FINE ", \"mots\": 2"), "b.json: budgets[0].mots: there is no such key"},
    {ONE("\"measure\": \"in_use\", \"most\": 1"), "b.json: budgets[0].name: is missing"},
    {ONE("\"name\": \"a\", \"most\": 1"), "b.json: budgets[0].measure: is missing"},
    {ONE("\"name\": \"a\", \"measure\": \"in_use\""), "b.json: budgets[0].most: is missing"},
    {ONE("\"name\": \"a\", \"measure\": \"inuse\""), "b.json: budgets[0].measure: one of these is expected: in_use, "
						     "objects, peak, growth, allocated, allocations, leaks, lost, rss, "
						     "rss_peak"},
    {ONE("\"name\": \"a\", \"measure\": \"in_use\", \"most\": \"20X\""),
     "b.json: budgets[0].most: a number is expected, or a text such as \"64K\", or of the base's value \"+10%\""},
    {ONE("\"name\": \"a\", \"measure\": \"in_use\", \"most\": -1"),
     "b.json: budgets[0].most: a number is expected, or a text such as \"64K\", or of the base's value \"+10%\""},
    {ONE(FINE ", \"per_work\": 1"), "b.json: budgets[0].per_work: true or false is expected"},
    {ONE(FINE ", \"site\": []"), "b.json: budgets[0].site: 1 to 16 names of functions are expected"},
    {ONE(FINE ", \"site\": [\"a\", 2]"), "b.json: budgets[0].site: a text is expected, which is not empty"},
    {ONE(FINE ", \"module\": \"a\", \"function\": \"b\""),
     "b.json: budgets[0].function: one of module, function, site and each is expected, not two"},
    {ONE("\"name\": \"a\", \"measure\": \"rss\", \"most\": 1, \"module\": \"b\""),
     "b.json: budgets[0].measure: RSS belongs to the whole process, not to a part of it"},
    {ONE("\"name\": \"a\", \"measure\": \"leaks\", \"most\": \"+10%\""),
     "b.json: budgets[0].most: for leaks, a number is expected"},
    {ONE("\"name\": \"a\", \"measure\": \"leaks\", \"most\": 0, \"each\": \"place\""),
     "b.json: budgets[0].each: leaks are counted by place anyway"},
    {ONE(FINE ", \"floor\": 1"), "b.json: budgets[0].floor: goes only with a share of the base, such as \"+10%\""},
    {"{\"schema\": \"seep.budgets/1\", \"budgets\": [{" FINE "}, {" FINE "}]}",
     "b.json: budgets[1].name: another budget has the same name"},
    {SUPPRESSED("\"function\": \"a\", \"until\": \"2030-01-01\""), "b.json: suppressions[0].reason: is missing"},
    {SUPPRESSED("\"function\": \"a\", \"reason\": \"b\""),
     "b.json: suppressions[0].until: is missing: a suppression needs a last day"},
    {SUPPRESSED("\"function\": \"a\", \"reason\": \"b\", \"until\": \"soon\""),
     "b.json: suppressions[0].until: a day is expected, as 2027-01-31"},
    {SUPPRESSED("\"reason\": \"b\", \"until\": \"2030-01-01\""),
     "b.json: suppressions[0].function: one of module, function and site is expected"},
    {SUPPRESSED("\"functions\": \"a\""), "b.json: suppressions[0].functions: there is no such key"},
};

static void every_mistake_is_told_with_its_place(void **state)
{
	struct budgets budgets;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		if (parse(&budgets, mistakes[i].text, &error))
			fail_msg("it took %s", mistakes[i].text);
		assert_string_equal(error.text, mistakes[i].said);
	}
}

static void what_is_no_json_does_no_harm(void **state)
{
	static char deep[100000];
	struct budgets budgets;
	struct error error;

	(void)state;
	memset(deep, '[', sizeof deep - 1);
	assert_false(parse(&budgets, deep, &error));
	assert_false(parse(&budgets, "", &error));
	assert_false(parse(&budgets, "{\"\xff\xfe\": 1}", &error));
	assert_false(budgets_read(&budgets, "/nonexistent/budgets.json", TODAY, &error));
	assert_string_equal(error.text, "/nonexistent/budgets.json: No such file or directory");
	assert_false(budgets_read(&budgets, "/dev/zero", TODAY, &error));
	assert_string_equal(error.text, "/dev/zero: File too large");
	assert_false(budgets_read(&budgets, "/tmp", TODAY, &error));
}

static void suppressions_of_leaksanitizer_match_as_it_says(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
	    {"cache", "the_cache_insert", true},
	    {"cache*put", "cache_entry_put", true},
	    {"cache*put", "put_cache", false},
	    {"^cache", "cache_put", true},
	    {"^cache", "a_cache", false},
	    {"put$", "cache_put", true},
	    {"put$", "cache_puts", false},
	    {"^main$", "main", true},
	    {"^main$", "main2", false},
	    {"*", "", true},
	    {"a*b*c$", "xaxbxcxc", true},
	    {"operator[](int)", "Table::operator[](int)", true},
	    {"a$b", "a$b", true},
	    {"aab", "aaab", true},
	    {"x", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (lsan_matches(rows[i].pattern, rows[i].text) != rows[i].matches)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

static void a_file_of_leaksanitizer_adds_suppressions(void **state)
{
	struct budgets budgets = {0};
	struct error error;

	(void)state;
	write_source("leaks.supp", "# a comment\r\n\nleak:parse\t\nrace:other\n  leak:^cache$  ");
	assert_true(lsan_suppressions_read(&budgets, "leaks.supp", &error));
	assert_int_equal(budgets.suppression_count, 2);
	assert_string_equal(budgets.suppressions[0].leak, "parse");
	assert_string_equal(budgets.suppressions[1].leak, "^cache$");
	budgets_free(&budgets);
	write_source("leaks.supp", "leak:parse\nleak:\n");
	assert_false(lsan_suppressions_read(&budgets, "leaks.supp", &error));
	assert_string_equal(error.text, "leaks.supp:2: \"leak:PATTERN\" is expected");
	budgets_free(&budgets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(amounts_have_units_of_1024),
	    cmocka_unit_test(days_are_days_of_the_calendar),
	    cmocka_unit_test(a_file_is_read_whole),
	    cmocka_unit_test(every_mistake_is_told_with_its_place),
	    cmocka_unit_test(what_is_no_json_does_no_harm),
	    cmocka_unit_test(suppressions_of_leaksanitizer_match_as_it_says),
	    cmocka_unit_test(a_file_of_leaksanitizer_adds_suppressions),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
