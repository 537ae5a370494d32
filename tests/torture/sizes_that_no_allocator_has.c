/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths that became negative, as sizes: malloc fails, and the countdown to
 * the next sample was raised by as much, so that what followed was never
 * sampled, with nothing said to be lost. Where everything is sampled the rest
 * is there to the byte; at 64K see sizes_that_no_allocator_has_are_counted.sh.
 */
#include "torture.h"

static struct truth_site *site;

static SITE void site_after_it(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(site, size);
}

static void ask_for(size_t size)
{
	volatile size_t absurd = size;
	EXPECT(malloc(absurd) == NULL && errno == ENOMEM);
	EXPECT(calloc(1, absurd) == NULL);
	EXPECT(realloc(NULL, absurd) == NULL);
}

static void *run(void *unused)
{
	static const size_t pieces[] = {1, 100, 1000, 4000, 32000, 40000, 65535};
	site_after_it(10);
	for (int bit = 0; bit < 46; bit++) {
		ask_for(-((size_t)1 << bit) - 1);
		site_after_it(pieces[bit % 7]);
	}
	ask_for((size_t)-1);
	ask_for((size_t)-1000000000);
	site_after_it(65535);
	ask_for((size_t)1 << 62);
	site_after_it(65535);
	return unused;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_after_it");
	run(NULL);
	pthread_join(start(run, NULL), NULL);
	truth_write("end");
	puts("done");
	return 0;
}
