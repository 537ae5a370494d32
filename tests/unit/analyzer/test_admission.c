/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read a server's recordings: names, origins, tokens; and where it listens. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "serve/door/address.h"
#include "serve/door/admission.h"
#include "serve/door/clients.h"

#define SECOND UINT64_C(1000000000)

static const char secret[] = "correct-horse-battery-staple";

static struct admission admission_with(const char *token, const char *hosts)
{
	struct admission admission;
	struct error error;

	if (token)
		setenv("SEEP_SERVE_TOKEN", token, 1);
	assert_true(admission_prepare(&admission, NULL, hosts, &error));
	unsetenv("SEEP_SERVE_TOKEN");
	return admission;
}

static enum admitted judge_host(const char *hosts, const char *host)
{
	const struct admission admission = admission_with(NULL, hosts);

	return admission_judge(&admission, &(struct request_marks){.host = host});
}

static void a_name_that_somebody_turned_to_us_is_refused(void **state)
{
	(void)state;
	static const char *const good[] = {"127.0.0.1",  "127.0.0.1:7337", "localhost", "LOCALHOST:80",
					   "[::1]:7337", "10.1.2.3:1",     "[::1]"};
	static const char *const bad[] = {"evil.example",
					  "evil.example:7337",
					  "localhost.evil.example",
					  "127.0.0.1.evil.example",
					  "",
					  ":80",
					  "[::1",
					  "127.0.0.1:80:90",
					  "localhost:x",
					  "127.0.0.1 evil.example",
					  "0x7f.1",
					  "[]"};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(judge_host(NULL, good[i]), ADMITTED);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(judge_host(NULL, bad[i]), REFUSED_HOST);
	assert_int_equal(judge_host(NULL, NULL), REFUSED_HOST);
}

static void names_that_the_user_gave_are_served(void **state)
{
	(void)state;
	assert_int_equal(judge_host("heap.corp,other", "Heap.Corp:443"), ADMITTED);
	assert_int_equal(judge_host("heap.corp,other", "other"), ADMITTED);
	assert_int_equal(judge_host("heap.corp,other", "heap"), REFUSED_HOST);
	assert_int_equal(judge_host("heap.corp,other", "heap.corp,other"), REFUSED_HOST);
}

static void only_our_own_pages_may_ask(void **state)
{
	(void)state;
	const struct admission admission = admission_with(NULL, NULL);
	static const struct {
		struct request_marks marks;
		enum admitted wanted;
	} cases[] = {
	    {{.origin = "http://127.0.0.1:7337"}, ADMITTED},
	    {{.origin = "https://127.0.0.1:7337"}, ADMITTED},
	    {{.origin = "http://127.0.0.1:8000"}, REFUSED_ORIGIN},
	    {{.origin = "http://127.0.0.1"}, REFUSED_ORIGIN},
	    {{.origin = "http://evil.example"}, REFUSED_ORIGIN},
	    {{.origin = "null"}, REFUSED_ORIGIN},
	    {{.origin = ""}, REFUSED_ORIGIN},
	    {{.fetch_site = "same-origin"}, ADMITTED},
	    {{.fetch_site = "none"}, ADMITTED},
	    {{.fetch_site = "same-site"}, REFUSED_ORIGIN},
	    {{.fetch_site = "cross-site"}, REFUSED_ORIGIN},
	    {{.fetch_site = "cross-site", .fetch_mode = "no-cors", .fetch_destination = "script", .is_for_page = true},
	     REFUSED_ORIGIN},
	    {{.fetch_site = "cross-site", .fetch_mode = "navigate", .fetch_destination = "iframe", .is_for_page = true},
	     REFUSED_ORIGIN},
	    {{.fetch_site = "cross-site",
	      .fetch_mode = "navigate",
	      .fetch_destination = "document",
	      .is_for_page = true},
	     ADMITTED},
	    {{.fetch_site = "cross-site", .fetch_mode = "navigate", .fetch_destination = "document"}, REFUSED_ORIGIN},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct request_marks marks = cases[i].marks;
		marks.host = "127.0.0.1:7337";
		assert_int_equal(admission_judge(&admission, &marks), cases[i].wanted);
	}
}

static void without_the_token_nothing_is_shown(void **state)
{
	(void)state;
	const struct admission admission = admission_with(secret, NULL);
	char longer[sizeof secret + 1], bearer[400] = "Bearer ";
	static const char *const bad[] = {"", "Bearer ", "Bearer correct-horse-battery-stapl",
					  "Basic correct-horse-battery-staple", "correct-horse-battery-staple"};
#define JUDGE(...) admission_judge(&admission, &(struct request_marks){.host = "localhost", __VA_ARGS__})
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(JUDGE(.authorization = bad[i]), REFUSED_TOKEN);
	strcpy(longer, secret);
	strcat(longer, "x");
	assert_int_equal(JUDGE(.authorization = strcat(bearer, longer)), REFUSED_TOKEN);
	assert_int_equal(JUDGE(.query_token = longer), REFUSED_TOKEN);
	assert_int_equal(JUDGE(.cookie = secret), REFUSED_TOKEN); /* a cookie holds another secret */
	assert_int_equal(JUDGE(.authorization = "Bearer correct-horse-battery-staple"), ADMITTED);
	assert_int_equal(JUDGE(.authorization = "bearer correct-horse-battery-staple"), ADMITTED);
	assert_int_equal(JUDGE(.query_token = secret), ADMITTED_BY_LINK);
	assert_int_equal(JUDGE(.cookie = admission.session.text), ADMITTED);
	assert_int_equal(JUDGE(.cookie = admission.session.text, .origin = "http://evil.example"), REFUSED_ORIGIN);
	assert_int_equal(JUDGE(.authorization = "Bearer x", .cookie = admission.session.text), REFUSED_TOKEN);
}

static void no_token_equals_none(void **state)
{
	(void)state;
	const struct token none = {0};

	assert_false(token_equals(&none, ""));
	assert_false(token_equals(&none, NULL));
}

static void a_poor_token_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "short", "two words that are long", "tab\tin the middle of it",
					  "\xc3\xa4\xc3\xb6\xc3\xbc-umlauts-are-no-ascii"};
	struct token token;
	struct error error;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		setenv("SEEP_SERVE_TOKEN", bad[i], 1);
		assert_false(token_read(&token, NULL, &error));
		assert_true(strlen(bad[i]) < 6 || !strstr(error.text, bad[i]));
	}
	unsetenv("SEEP_SERVE_TOKEN");
	assert_true(token_read(&token, NULL, &error));
	assert_int_equal(token.length, 0);
}

static void addresses_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is_valid, is_local;
	} cases[] = {
	    {NULL, true, true},
	    {"8080", true, true},
	    {":8080", true, true},
	    {"127.0.0.1", true, true},
	    {"127.3.2.1:0", true, true},
	    {"localhost:1", true, true},
	    {"[::1]:80", true, true},
	    {"::1", true, true},
	    {"unix:/tmp/x", true, true},
	    {"0.0.0.0:80", true, false},
	    {"[::]:80", true, false},
	    {"10.0.0.1", true, false},
	    {"[::ffff:127.0.0.1]:1", true, false},
	    {"example.org:80", false, false},
	    {"127.0.0.1:", false, false},
	    {"127.0.0.1:65536", false, false},
	    {"127.0.0.1:-1", false, false},
	    {"[::1]80", false, false},
	    {"[::1", false, false},
	    {"[::1]:", false, false},
	    {"unix:", false, false},
	    {"1.2.3.4.5:80", false, false},
	    {"http://127.0.0.1:80", false, false},
	    {"123456", false, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct serve_address address;
		struct error error;
		assert_int_equal(serve_address_parse(&address, cases[i].text, &error), cases[i].is_valid);
		if (cases[i].is_valid)
			assert_int_equal(address.is_local, cases[i].is_local);
	}
}

/* Descriptors that are not sockets; their shutdown is seen from the state. */
static void who_keeps_us_waiting_longest_has_to_go(void **state)
{
	(void)state;
	struct clients *clients = calloc(1, sizeof *clients);
	struct client *taking = clients_enter(clients, -1, 1 * SECOND);

	client_takes(taking, 1 << 20, 1 * SECOND);
	struct client *first = clients_enter(clients, -1, 2 * SECOND);
	for (size_t i = 2; i < CLIENTS_KEPT; i++)
		assert_non_null(clients_enter(clients, -1, 3 * SECOND));
	assert_int_equal(clients_expire(clients, 4 * SECOND), 12 * SECOND);
	assert_int_equal(first->state, CLIENT_ASKS);
	clients_enter(clients, -1, 4 * SECOND);
	clients_expire(clients, 4 * SECOND);
	assert_int_not_equal(first->state, CLIENT_ASKS);
	assert_int_equal(taking->deadline_ns, (1 + 20 + 64) * SECOND);
	free(clients);
}

static void deadlines_do_not_move_by_themselves(void **state)
{
	(void)state;
	struct clients *clients = calloc(1, sizeof *clients);
	struct client *client = clients_enter(clients, -1, 1 * SECOND);

	assert_int_equal(clients_expire(clients, 10 * SECOND), 11 * SECOND);
	assert_int_equal(client->state, CLIENT_ASKS);
	clients_expire(clients, 11 * SECOND);
	assert_int_not_equal(client->state, CLIENT_ASKS);
	clients_leave(clients, client);
	assert_int_equal(clients_expire(clients, 12 * SECOND), 0);
	client = clients_enter(clients, -1, 1 * SECOND);
	client_waits(client);
	assert_int_equal(clients_expire(clients, 1000 * SECOND), 0);
	client_is_done(client, 1000 * SECOND);
	assert_int_equal(clients_expire(clients, 1000 * SECOND), 1030 * SECOND);
	free(clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_that_somebody_turned_to_us_is_refused),
	    cmocka_unit_test(names_that_the_user_gave_are_served),
	    cmocka_unit_test(only_our_own_pages_may_ask),
	    cmocka_unit_test(without_the_token_nothing_is_shown),
	    cmocka_unit_test(no_token_equals_none),
	    cmocka_unit_test(a_poor_token_is_refused),
	    cmocka_unit_test(addresses_are_told_apart),
	    cmocka_unit_test(who_keeps_us_waiting_longest_has_to_go),
	    cmocka_unit_test(deadlines_do_not_move_by_themselves),
	};

	unsetenv("SEEP_SERVE_TOKEN");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
