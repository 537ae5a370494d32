/* SPDX-License-Identifier: Apache-2.0 */
/* The window of readable stack: what it covers, what it refuses, what is remembered of a thread. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "sample/stack_window.h"

#define PAGE 4096u

/* Three readable pages with none before and behind, as a fiber's stack. */
static char *make_pages(void)
{
	char *pages = mmap(NULL, 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + PAGE, 3 * PAGE, PROT_READ | PROT_WRITE), 0);
	for (unsigned i = 0; i < 3 * PAGE / 8; i++)
		((uintptr_t *)(pages + PAGE))[i] = i;
	return pages + PAGE;
}

static void unmake_pages(char *pages)
{
	munmap(pages - PAGE, 5 * PAGE);
}

static void unknown_stack_is_read_up_to_its_end(void **state)
{
	(void)state;
	stack_window_prepare();
	char *pages = make_pages();
	struct stack_window window = stack_window_open(pages + 100);
	assert_int_equal(window.low, (uintptr_t)pages);
	assert_int_equal(window.high, (uintptr_t)pages + PAGE);
	uintptr_t word = 0;
	for (unsigned i = 13; i < 3 * PAGE / 8; i++) {
		assert_true(stack_window_read(&window, (uintptr_t)pages + 8 * i, &word));
		assert_int_equal(word, i);
	}
	assert_false(stack_window_read(&window, (uintptr_t)pages + 3 * PAGE, &word));
	assert_false(stack_window_read(&window, (uintptr_t)pages + 3 * PAGE - 7, &word));
	assert_false(stack_window_read(&window, (uintptr_t)pages - 8, &word));
	assert_true(stack_window_read(&window, (uintptr_t)pages, &word));
	assert_true(stack_window_read(&window, (uintptr_t)pages + PAGE - 4, &word)); /* across two pages */
	unmake_pages(pages);
}

static void impossible_addresses_are_refused(void **state)
{
	(void)state;
	struct stack_window window = {.low = 0};
	const uintptr_t addresses[] = {
	    0, 8, 4095, UINTPTR_MAX, UINTPTR_MAX - 7, UINT64_C(1) << 47, (UINT64_C(1) << 47) - 4, UINT64_C(1) << 63};
	uintptr_t word = 0;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		assert_false(stack_window_read(&window, addresses[i], &word));
}

static void page_far_away_takes_the_window_along(void **state)
{
	(void)state;
	char *first = make_pages(), *second = make_pages();
	struct stack_window window = stack_window_open(first);
	uintptr_t word = 0;
	assert_true(stack_window_read(&window, (uintptr_t)second + PAGE + 16, &word));
	assert_int_equal(word, PAGE / 8 + 2);
	assert_int_equal(window.low, (uintptr_t)second + PAGE);
	assert_int_equal(window.first_page, 0);
	assert_true(stack_window_read(&window, (uintptr_t)first + 8, &word));
	unmake_pages(first);
	unmake_pages(second);
}

static bool known(const void *address)
{
	struct stack_window window = stack_window_open(address);
	return window.first_page == 0 && window.low <= (uintptr_t)address && window.high > (uintptr_t)address;
}

static void *own_stack_is_remembered(void *ignored)
{
	char *verdict = "";
	char here[64];
	char *pages = make_pages();
	struct stack_window window = stack_window_open(here);
	if (known(here))
		verdict = "known before it was seen";
	stack_window_learn(&window);
	if (!known(here))
		verdict = "not remembered";
	if (known(pages))
		verdict = "another stack is taken for it";
	window = stack_window_open(pages);
	stack_window_learn(&window);
	if (known(pages))
		verdict = "another stack is remembered";
	unmake_pages(pages);
	(void)ignored;
	return verdict;
}

static void threads_remember_their_own_stack_alone(void **state)
{
	(void)state;
	stack_window_prepare();
	pthread_t thread;
	void *verdict;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&thread, NULL, own_stack_is_remembered, NULL), 0);
		pthread_join(thread, &verdict);
		assert_string_equal(verdict, "");
	}
}

static void *room_is_what_is_left(void *bytes)
{
	char here[8];
	uintptr_t stack = (uintptr_t)bytes;
	char *pages = make_pages();
	char *verdict = "";
	if (!stack_window_room(here, 4096))
		verdict = "no room for a page";
	else if (stack_window_room(here, stack))
		verdict = "room for more than the whole stack";
	else if (stack_window_room(pages + 2 * PAGE, 16))
		verdict = "room on a stack that is not the thread's";
	unmake_pages(pages);
	return verdict;
}

static void room_ends_at_the_guard_page(void **state)
{
	(void)state;
	pthread_attr_t attributes;
	pthread_t thread;
	void *verdict;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 << 10);
	assert_int_equal(pthread_create(&thread, &attributes, room_is_what_is_left, (void *)(128ul << 10)), 0);
	pthread_join(thread, &verdict);
	pthread_attr_destroy(&attributes);
	assert_string_equal(verdict, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_stack_is_read_up_to_its_end),
		cmocka_unit_test(impossible_addresses_are_refused),
		cmocka_unit_test(page_far_away_takes_the_window_along),
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) /* whose TLS is larger than what is searched */
		cmocka_unit_test(threads_remember_their_own_stack_alone),
		cmocka_unit_test(room_ends_at_the_guard_page),
#endif
	};
	(void)threads_remember_their_own_stack_alone;
	(void)room_ends_at_the_guard_page;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
