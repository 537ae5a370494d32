/* SPDX-License-Identifier: Apache-2.0 */
/* Options, the bootstrap arena and the filter. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "shim/host/bootstrap_arena.h"
#include "shim/host/filter.h"
#include "shim/host/options.h"

static struct options read_one(const char *variable)
{
	struct options options;
	char *environment[] = {(char *)(uintptr_t)variable, NULL};
	options_read(&options, environment, false);
	return options;
}

static void defaults_are_the_documented_ones(void **state)
{
	(void)state;
	struct options options = read_one("HOME=/root");
	assert_int_equal(options.rate, 512 << 10);
	assert_int_equal(options.interval_ns, UINT64_C(10000000000));
	assert_true(options.follow);
	assert_int_equal(options.signal, 0);
	assert_string_equal(options.warning, "");
}

static void reads_sizes_times_and_names(void **state)
{
	(void)state;
	struct options options =
	    read_one("SEEP_OPTIONS=rate=8K:interval=250ms:follow=none:signal=USR2:max-live=1M:unwinder=libunwind");
	assert_int_equal(options.rate, 8192);
	assert_int_equal(options.interval_ns, 250000000);
	assert_false(options.follow);
	assert_int_equal(options.signal, SIGUSR2);
	assert_int_equal(options.max_live, 1 << 20);
	assert_string_equal(options.unwinder, "libunwind");
	assert_string_equal(options.warning, "");
	assert_int_equal(read_one("SEEP_RATE=1").rate, 1);
	assert_int_equal(read_one("SEEP_RATE=1G").rate, 1 << 30);
	assert_int_equal(read_one("SEEP_INTERVAL=2m").interval_ns, UINT64_C(120000000000));
	assert_int_equal(read_one("SEEP_INTERVAL=0").interval_ns, 0);
	assert_string_equal(read_one("SEEP_OUTPUT=/tmp/a:b").output, "/tmp/a:b");
	assert_int_equal(read_one("HOME=/root").limit_headroom.percent, 10);
	assert_int_equal(read_one("SEEP_LIMIT_HEADROOM=25%").limit_headroom.percent, 25);
	assert_int_equal(read_one("SEEP_LIMIT_HEADROOM=25%").limit_headroom.bytes, 0);
	assert_int_equal(read_one("SEEP_OPTIONS=limit-headroom=64M").limit_headroom.bytes, 64 << 20);
	assert_int_equal(read_one("SEEP_LIMIT_HEADROOM=64M").limit_headroom.percent, 0);
	assert_int_equal(read_one("SEEP_LIMIT_HEADROOM=off").limit_headroom.percent, 0);
	assert_int_equal(read_one("SEEP_LIMIT_HEADROOM=0").limit_headroom.bytes, 0);
}

static void malformed_or_unknown_gives_the_default_and_one_warning(void **state)
{
	(void)state;
	static const char *const bad[] = {"SEEP_RATE=",
					  "SEEP_RATE=0",
					  "SEEP_RATE=-1",
					  "SEEP_RATE=12x",
					  "SEEP_RATE=99999999999999999999",
					  "SEEP_INTERVAL=5y",
					  "SEEP_FOLLOW=some",
					  "SEEP_SIGNAL=KILL",
					  "SEEP_SIGNAL=9",
					  "SEEP_OPTIONS=speed=3",
					  "SEEP_OPTIONS=rate",
					  "SEEP_OPTIONS=rate=1Q",
					  "SEEP_LIMIT_HEADROOM=101%",
					  "SEEP_LIMIT_HEADROOM=%",
					  "SEEP_LIMIT_HEADROOM=offer"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct options options = read_one(bad[i]);
		assert_int_equal(options.rate, 512 << 10);
		assert_int_equal(options.interval_ns, UINT64_C(10000000000));
		assert_int_equal(options.signal, 0);
		assert_int_equal(options.limit_headroom.percent, 10);
		assert_true(strstr(options.warning, "ignored") == options.warning);
	}
	assert_string_equal(read_one("SEEP_RATE=12x").warning,
			    "ignored SEEP_RATE=12x: that is not a number of bytes from 1 up (512K, 1M)");
	assert_string_equal(read_one("SEEP_OPTIONS=rate=1Q").warning,
			    "ignored SEEP_RATE=1Q: that is not a number of bytes from 1 up (512K, 1M)");
	assert_string_equal(read_one("SEEP_OPTIONS=speed=3").warning,
			    "ignored SEEP_OPTIONS=speed=3: that is not KEY=VALUE with a key that there is");
	char longest[3000] = "SEEP_LIMIT_HEADROOM=";
	memset(longest + strlen(longest), 'x', sizeof longest - 100);
	assert_non_null(
	    strstr(read_one(longest).warning, "xxx...: that is not a share up to 100%, bytes (64M) or off"));
	struct options options = read_one("SEEP_OPTIONS=\x1b[31m=1");
	assert_null(strchr(options.warning, 0x1b));
}

static void secure_mode_reads_nothing_and_turns_off(void **state)
{
	(void)state;
	struct options options;
	char *environment[] = {(char *)(uintptr_t) "SEEP_OUTPUT=/etc", NULL};
	options_read(&options, environment, true);
	assert_true(options.off);
	assert_string_equal(options.output, "");
}

static void a_services_name_is_no_path_option_or_pattern(void **state)
{
	(void)state;
	static const char *const good[] = {"web", "web.v2", "shop@1", "a+b", "_x", "0", "Web-Front_End"};
	static const char *const bad[] = {"",    ".", "..",  ".web", "-web", "@x",
					  "a/b", "/", "a b", "a%c",  "a\nb", "\xc3\xa4"};
	char longest[SEEP_SERVICE_NAME_MOST + 2];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(seep_service_name_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(seep_service_name_is_valid(bad[i], strlen(bad[i])));
	memset(longest, 'x', sizeof longest);
	assert_true(seep_service_name_is_valid(longest, SEEP_SERVICE_NAME_MOST));
	assert_false(seep_service_name_is_valid(longest, SEEP_SERVICE_NAME_MOST + 1));
	assert_string_equal(read_one("SEEP_SERVICE=a/b").service, "");
	assert_string_equal(read_one("SEEP_OPTIONS=service=web").service, "web");
}

static void a_service_is_kept_by_the_system_or_its_user(void **state)
{
	(void)state;
	struct seep_stores stores;
	char longest[SEEP_STORE_BYTES + 2] = "/";
	memset(longest + 1, 'x', SEEP_STORE_BYTES);
	seep_stores_find(&stores, NULL, NULL, "/home/me");
	assert_string_equal(stores.of[0], SEEP_SERVICE_STORE);
	assert_string_equal(stores.of[1], "/home/me/.local/state/seep");
	seep_stores_find(&stores, "", "/state//", "/home/me");
	assert_string_equal(stores.of[1], "/state/seep");
	seep_stores_find(&stores, "/data/", "/state", "/home/me");
	assert_string_equal(stores.of[0], "/data");
	assert_string_equal(stores.of[1], "");
	seep_stores_find(&stores, longest, "relative", longest);
	assert_string_equal(stores.of[0], SEEP_SERVICE_STORE);
	assert_string_equal(stores.of[1], "");
}

static void arena_that_gave_nothing_can_be_closed(void **state)
{
	(void)state;
	pid_t child = fork(); /* the other tests need it */
	if (child == 0)
		_exit(arena_close() && !arena_allocate(1, 1) && !arena_allocate(0, 1) ? 0 : 1);
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_non_null(arena_allocate(1, 1));
	assert_false(arena_close());
	assert_non_null(arena_allocate(1, 1));
}

static void arena_aligns_remembers_sizes_and_ends(void **state)
{
	(void)state;
	void *small = arena_allocate(5, 1), *aligned = arena_allocate(100, 4096);
	assert_non_null(small);
	assert_int_equal((uintptr_t)small % 16, 0);
	assert_int_equal((uintptr_t)aligned % 4096, 0);
	assert_int_equal(arena_size(small), 5);
	assert_int_equal(arena_size(aligned), 100);
	assert_true(arena_owns(small) && arena_owns(aligned) && !arena_owns(&small));
	assert_true(filter_test(small) && filter_test(aligned));
	assert_null(arena_allocate(SIZE_MAX, 16));
	assert_null(arena_allocate(16, 24));
	size_t blocks = 0;
	while (arena_allocate(1000, 16))
		blocks++;
	assert_in_range(blocks, 200, 262);
}

static void filter_says_no_only_when_it_is_sure(void **state)
{
	(void)state;
	filter_reset();
	char *address = (char *)0x7f1234567890;
	while (filter_test(address) || filter_test(address + 256)) /* the arena's blocks are marked for ever */
		address += 256;
	assert_false(filter_test(address));
	filter_mark(address);
	filter_mark(address);
	filter_unmark(address);
	assert_true(filter_test(address));
	filter_unmark(address);
	assert_false(filter_test(address));
#ifndef SEEP_DEBUG /* there an invariant says that it cannot be */
	filter_unmark(address);
	assert_false(filter_test(address));
#endif
	for (int i = 0; i < 300; i++)
		filter_mark(address);
	for (int i = 0; i < 300; i++)
		filter_unmark(address);
	assert_true(filter_test(address)); /* stuck: may be, for ever */
	filter_mark(address + 256);
	filter_reset();
	assert_true(filter_test(address));
	assert_false(filter_test(address + 256));
}

/* Addresses are eight bytes apart, neighbours share counters, and none may be skipped. */
static void finds_every_marked_address_of_a_range(void **state)
{
	(void)state;
	const uintptr_t start = UINT64_C(0x7f00fff00000), bytes = 1 << 20;
	for (uintptr_t at = start; at < start + bytes; at += 8 * 509)
		filter_mark((void *)at);
	for (uintptr_t at = start; at < start + bytes; at += 8 * 509) {
		uintptr_t found = at - 8 * 31;
		while ((found = (uintptr_t)filter_find((void *)found, (void *)(start + bytes))) < at && found)
			found += 8;
		assert_int_equal(found, at);
	}
	for (uintptr_t at = start; at < start + bytes; at += 8 * 509)
		filter_unmark((void *)at);
	assert_null(filter_find((void *)start, (void *)(start + bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_every_marked_address_of_a_range),
	    cmocka_unit_test(defaults_are_the_documented_ones),
	    cmocka_unit_test(reads_sizes_times_and_names),
	    cmocka_unit_test(malformed_or_unknown_gives_the_default_and_one_warning),
	    cmocka_unit_test(secure_mode_reads_nothing_and_turns_off),
	    cmocka_unit_test(a_services_name_is_no_path_option_or_pattern),
	    cmocka_unit_test(a_service_is_kept_by_the_system_or_its_user),
	    cmocka_unit_test(arena_that_gave_nothing_can_be_closed),
	    cmocka_unit_test(arena_aligns_remembers_sizes_and_ends),
	    cmocka_unit_test(filter_says_no_only_when_it_is_sure),
	};
	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
