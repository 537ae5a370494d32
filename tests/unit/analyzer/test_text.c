/* SPDX-License-Identifier: Apache-2.0 */
/* Names, numbers and tables as they are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/words/estimate.h"
#include "render/terminal/name_text.h"
#include "render/terminal/table.h"
#include "render/terminal/text_page.h"

#define PUSH_BACK                                                                                                      \
	"std::vector<std::pair<int, std::string>, std::allocator<std::pair<int, std::string> > >::"                    \
	"_M_realloc_insert<std::pair<int, std::string> >(__gnu_cxx::__normal_iterator<int*, x>, int&&)"
#define LAMBDA                                                                                                         \
	"(anonymous namespace)::Server::handle(std::unique_ptr<Request, std::default_delete<Request> >, int) "         \
	"const::{lambda(int)#1}::operator()(int) const"

#define INNER_LAMBDA "shop::serve(int)::{lambda(int)#3}::operator()(int) const::{lambda()#1}::operator()() const"

static const struct {
	const char *name;
	unsigned columns;
	const char *expected;
} names[] = {
    {"main", 10, "main"},
    {PUSH_BACK, 60, "std::vector<...>::_M_realloc_insert<...>(...)"},
    {PUSH_BACK, 40, "std::vector<...>::_M_realloc_insert"},
    {PUSH_BACK, 29, "vector::_M_realloc_insert"},
    {PUSH_BACK, 12, "vecto..nsert"},
    {"void std::string::_M_construct<char const*>(char const*, char const*)", 46,
     "void std::string::_M_construct<...>(...)"},
    {"void std::string::_M_construct<char const*>(char const*, char const*)", 36,
     "std::string::_M_construct<...>(...)"},
    {"std::ostream& std::operator<< <std::char_traits<char> >(std::ostream&, char const*)", 30,
     "std::operator<< <...>(...)"},
    {"bool operator< <int>(Foo<int> const&, Foo<int> const&)", 26, "bool operator< <...>(...)"},
    {"std::function<void (int, char)>::operator()(int, char) const", 36, "std::function<...>::operator()"},
    {"operator new(unsigned long, std::align_val_t)", 20, "operator new(...)"},
    {"Foo::operator unsigned long() const", 30, "Foo::operator unsigned long"},
    {LAMBDA, 90, "(anonymous namespace)::Server::handle::{lambda}"},
    {LAMBDA, 58, "(anonymous namespace)::Server::handle::{lambda}"},
    {LAMBDA, 30, "Server::handle::{lambda}"},
    {LAMBDA, 20, "handle::{lambda}"},
    {LAMBDA, 13, "{lambda}"},
    {"Server::handle_request(int)::{lambda(int)#2}::operator()(int) const", 24, "handl..quest::{lambda#2}"},
    {INNER_LAMBDA, 40, "shop::serve::{lambda#3}::{lambda}"},
    {INNER_LAMBDA, 32, "serve::{lambda#3}::{lambda}"},
    {INNER_LAMBDA, 26, "{lambda#3}::{lambda}"},
    {INNER_LAMBDA, 15, "{lambda}"},
    {"shop::ConcurrentLoadingCache::get_or_load(int)", 28, "Concurr..gCache::get_or_load"},
    {"shop::ConcurrentLoadingCache::get_or_load(int)", 15, "get_or_load"},
    {"python3.11+0x4e67b0", 16, "pytho..+0x4e67b0"},
    {"python3.11+0x4e67b0", 12, "pytho..e67b0"},
    {"serve(int)::$_0::operator()(int) const", 20, "serve::{lambda}"},
    {"server::run::{{closure}}", 20, "run::{{closure}}"},
    {"net::detail::Cache<std::string, Session>::insert[abi:cxx11](Session const&)", 31,
     "net::detail::Cache<...>::insert"},
    {"net::detail::Cache<std::string, Session>::insert[abi:cxx11](Session const&)", 25, "detail::Cache::insert"},
    {"net::detail::Cache<std::string, Session>::insert[abi:cxx11](Session const&)", 13, "Cache::insert"},
    {"<alloc::vec::Vec<T> as core::iter::Extend<T,I>>::extend", 40, "<Vec<...> as Extend<...>>::extend"},
    {"<&mut server::Session as core::ops::Drop>::drop", 40, "<&mut Session as Drop>::drop"},
    {"decltype(auto) ns::apply<int, (Color)1>(int&&)", 24, "ns::apply<...>(...)"},
    {"LazyCompile:*serve /srv/app/server.js:12", 24, "LazyCompile..erver.js:12"},
    {"a_long_c_function_name_that_goes_on", 20, "a_long_c_..t_goes_on"},
    {"", 10, ""},
    {"f(((", 4, "f((("},
    {"(((((((((((((((((", 8, "(((..((("},
    {"Gr\303\266\303\237e::\303\244ndern", 12, "\303\244ndern"},
};

static void names_are_shortened_by_what_is_missed_least(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buffer out = {0};
		name_append(&out, names[i].name, names[i].columns);
		buffer_append_text(&out, "");
		assert_string_equal(out.data ? out.data : "", names[i].expected);
		buffer_free(&out);
	}
}

/* Any bytes at all, any width: never wider than asked, never out of bounds (the sanitizers watch). */
static void no_name_breaks_out_of_its_columns(void **state)
{
	static const char alphabet[] = "<>(){}[]:: ab,*-operator";
	uint64_t random = 1;

	(void)state;
	for (int trial = 0; trial < 20000; trial++) {
		char name[200];
		struct buffer out = {0};
		size_t length = 0;
		const unsigned columns = 4 + (unsigned)(trial % 60);
		while (length < (size_t)(trial % 199)) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			if ((random >> 33) % 20 == 0 && length + 9 < sizeof name) {
				memcpy(name + length, "operator<", 9);
				length += 9;
			} else {
				name[length++] = alphabet[(random >> 40) % (sizeof alphabet - 1)];
			}
		}
		name[length] = '\0';
		name_append(&out, name, columns);
		assert_true(!out.data || text_columns(out.data) <= columns);
		buffer_free(&out);
	}
}

static void paths_keep_their_end(void **state)
{
	struct buffer out = {0};

	(void)state;
	path_append(&out, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", 20);
	assert_string_equal(out.data, "..gnu/libstdc++.so.6");
	out.length = 0;
	beginning_append(&out, "server --port 6399 --bind 127.0.0.1", 20);
	assert_string_equal(out.data, "server --port 6399..");
	buffer_free(&out);
}

static void estimates_share_unit_and_digits(void **state)
{
	static const struct profile profile;
	struct estimate_text text =
	    estimate_growth(0.5 * 1048576, (struct interval){-0.8 * 1048576, 1.85 * 1048576}, NULL, &profile);

	(void)state;
	assert_string_equal(text.value, "+0.50 MiB");
	assert_string_equal(text.interval, "[-0.80, +1.85]");
	text = estimate_bytes(12.34 * 1048576, (struct interval){11 * 1048576, 13.96 * 1048576}, &profile);
	assert_string_equal(text.value, "12.3 MiB");
	assert_string_equal(text.interval, "[11.0, 14.0]");
	text = estimate_growth(64, (struct interval){64, 64}, NULL, &profile);
	assert_string_equal(text.value, "+64 B");
	assert_string_equal(text.interval, "exact");
	text = estimate_growth(0, (struct interval){-100, 2000}, NULL, &profile);
	assert_string_equal(text.value, "0.00 KiB");
	assert_string_equal(text.interval, "[-0.10, +1.95]");
	text = estimate_bytes(303 * 1048576., (struct interval){31000, 455 * 1048576.}, &profile);
	assert_string_equal(text.interval, "[0.03, 455]"); /* above zero */
	text = estimate_bytes(303 * 1048576., (struct interval){0, 455 * 1048576.}, &profile);
	assert_string_equal(text.interval, "[0, 455]");
	text = estimate_bytes(0.57 * 1048576., (struct interval){2, 3.01 * 1048576.}, &profile);
	assert_string_equal(text.interval, "[>0, 3.01]");
	text = estimate_bytes(1e300, (struct interval){NAN, NAN}, &profile);
	assert_string_equal(text.value, "?");
}

static void durations_read_as_people_say_them(void **state)
{
	static const struct {
		double nanoseconds;
		const char *expected;
	} durations[] = {
	    {0, "0 ns"},
	    {310, "310 ns"},
	    {23170, "23.2 us"},
	    {1.5e6, "1.50 ms"},
	    {999.6e6, "1.00 s"},
	    {40e9, "40.0 s"},
	    {119e9, "119 s"},
	    {120e9, "2 min"},
	    {151e9, "2 min 31 s"},
	    {3600e9, "1 h"},
	    {3 * 3600e9 + 720e9, "3 h 12 min"},
	    {NAN, "-"},
	    {-1, "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
		assert_string_equal(quantity_duration(durations[i].nanoseconds).text, durations[i].expected);
}

static void rates_and_signs(void **state)
{
	(void)state;
	assert_string_equal(quantity_bytes_rate(1536).text, "1.50 KiB/s");
	assert_string_equal(quantity_bytes_rate(NAN).text, "-");
	assert_string_equal(quantity_count_rate(0.034).text, "0.034/s");
	assert_string_equal(quantity_count_rate(2561).text, "2,561/s");
	assert_string_equal(quantity_signed_bytes(1536).text, "+1.50 KiB");
	assert_string_equal(quantity_signed_bytes(-1536).text, "-1.50 KiB");
	assert_string_equal(quantity_signed_bytes(0).text, "0 B");
	assert_string_equal(quantity_signed_count(-12).text, "-12");
}

static void tables_are_aligned(void **state)
{
	static const struct table_column columns[] = {
	    {"size", false}, {"[95 %]", true}, {"n", false}, {"where", false}};
	struct buffer out = {0};
	struct text_page page = {.out = &out, .columns = 80};
	struct table table;

	(void)state;
	table_init(&table, columns, 3);
	table_add_row(&table);
	table_set(&table, 0, STYLE_PLAIN, "1.5 MiB");
	table_set(&table, 1, STYLE_PLAIN, "[1, 2]");
	table_set(&table, 2, STYLE_PLAIN, "12,345");
	table_add_row(&table);
	table_set(&table, 0, STYLE_PLAIN, "1 B");
	table_set(&table, 1, STYLE_PLAIN, "exact");
	table_set(&table, 2, STYLE_PLAIN, "1");
	assert_int_equal(table_text_start(&table), 24);
	table_write_titles(&table, &page);
	table_write_cells(&table, &page, 0);
	buffer_append_text(&out, "here\n");
	table_write_cells(&table, &page, 1);
	assert_string_equal(out.data, "   size [95 %]       n  where\n"
				      "1.5 MiB [1, 2]  12,345  here\n"
				      "    1 B exact        1  ");
	table_free(&table);
	buffer_free(&out);
}

static void parts_are_broken_between_words(void **state)
{
	struct buffer parts[3] = {{0}}, out = {0};
	struct text_page page = {.out = &out, .columns = 20};

	(void)state;
	buffer_append_text(&parts[0], "0123456789");
	buffer_append_text(&parts[1], "abcdef");
	buffer_append_text(&parts[2], "xyz");
	text_write_parts(&page, parts, 3, ", ", 2, 2);
	assert_string_equal(out.data, "0123456789,\n  abcdef, xyz");
	for (int i = 0; i < 3; i++)
		buffer_free(&parts[i]);
	buffer_free(&out);
}

static void numbers_keep_their_units_where_lines_are_broken(void **state)
{
	struct buffer out = {0};
	struct text_page page = {.out = &out, .columns = 20};

	(void)state;
	text_write_words(&page, STYLE_PLAIN, "it grew by about 12.5 MiB [1 B, 20 B]: in all 3 places", 2);
	assert_string_equal(out.data, "  it grew by about\n  12.5 MiB [1 B,\n  20 B]: in all 3\n  places\n");
	buffer_free(&out);
}

static void the_page_obeys_the_environment(void **state)
{
	struct buffer out = {0};

	(void)state;
	setenv("COLUMNS", "132", 1);
	assert_int_equal(text_page_for(&out, -1).columns, 132);
	setenv("COLUMNS", "7", 1); /* nobody reads that */
	assert_int_equal(text_page_for(&out, -1).columns, 80);
	setenv("COLUMNS", "100x", 1);
	assert_int_equal(text_page_for(&out, -1).columns, 80);
	unsetenv("COLUMNS");
	assert_int_equal(text_page_for(&out, -1).columns, 80);
	assert_false(text_page_for(&out, -1).colored);
}

static void a_name_is_told_from_another_by_its_template_arguments(void **state)
{
	static const struct {
		const char *name;
		unsigned columns;
		const char *text;
	} cases[] = {
	    {"void Table<Price, 7>::keep_for_ever(std::vector<int> const&)", 40,
	     "<Price, 7> Table<...>::keep_for_ever"},
	    {"Table<Price, 7>::keep_for_ever()", 20, "..ice, 7> Tabl..ever"},
	    {"Table<Price, 7>::keep_for_ever()", 8, "Tab..ver"},
	    {"keep_for_ever", 40, "keep_for_ever"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};
		name_append_apart(&out, cases[i].name, cases[i].columns);
		assert_string_equal(out.data, cases[i].text);
		buffer_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_shortened_by_what_is_missed_least),
	    cmocka_unit_test(no_name_breaks_out_of_its_columns),
	    cmocka_unit_test(paths_keep_their_end),
	    cmocka_unit_test(estimates_share_unit_and_digits),
	    cmocka_unit_test(durations_read_as_people_say_them),
	    cmocka_unit_test(rates_and_signs),
	    cmocka_unit_test(tables_are_aligned),
	    cmocka_unit_test(parts_are_broken_between_words),
	    cmocka_unit_test(numbers_keep_their_units_where_lines_are_broken),
	    cmocka_unit_test(the_page_obeys_the_environment),
	    cmocka_unit_test(a_name_is_told_from_another_by_its_template_arguments),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
