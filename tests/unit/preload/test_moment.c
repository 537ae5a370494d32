/* SPDX-License-Identifier: Apache-2.0 */
/* The time of samples, with a clock and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/auxv.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "shim/recording/moment.h"

static void the_clock_is_the_kernels_with_and_without_the_vdso(void **state)
{
	(void)state;
	struct timespec before, after;
	for (int i = 0; i < 2; i++) {
		clock_gettime(CLOCK_MONOTONIC, &before);
		uint64_t now_ns = moment_now_ns();
		clock_gettime(CLOCK_MONOTONIC, &after);
		assert_in_range(now_ns, (uint64_t)before.tv_sec * 1000000000 + (uint64_t)before.tv_nsec,
				(uint64_t)after.tv_sec * 1000000000 + (uint64_t)after.tv_nsec);
		clock_prepare(getauxval(AT_SYSINFO_EHDR));
	}
}

/* This is the last test: there is no way back. */
static void a_stopped_clock_is_the_keepers_last_look(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	uint64_t before_ns = moment_now_ns();
	moment_stop(&header);
	uint64_t stopped_ns = moment_now_ns();
	assert_true(stopped_ns >= before_ns);
	assert_int_equal(moment_now_ns(), stopped_ns + 1);
	store_relaxed(&header.alive_ns, stopped_ns + 1000000);
	assert_int_equal(moment_now_ns(), stopped_ns + 1000000);
	assert_int_equal(moment_now_ns(), stopped_ns + 1000001);
	store_relaxed(&header.alive_ns, 1); /* never back */
	assert_int_equal(moment_now_ns(), stopped_ns + 1000002);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_clock_is_the_kernels_with_and_without_the_vdso),
	    cmocka_unit_test(a_stopped_clock_is_the_keepers_last_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
