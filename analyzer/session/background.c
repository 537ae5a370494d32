/* SPDX-License-Identifier: Apache-2.0 */
/* See background.h. */
#include "session/background.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { DESCRIPTORS_OLD = 1024 /* how many descriptors to close where the kernel has no close_range() */ };

static void range_close(int first, int last)
{
	if (first > last || close_range((unsigned)first, (unsigned)last, 0) == 0)
		return;
	for (int descriptor = first; descriptor <= last && descriptor < DESCRIPTORS_OLD; descriptor++)
		close(descriptor);
}

void descriptors_close_but(int first, const int *kept, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		range_close(first, kept[i] - 1);
		first = kept[i] + 1;
	}
	range_close(first, INT32_MAX);
}

void background_enter(const int *kept, size_t count)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int descriptor = 0; null >= 0 && descriptor < 3; descriptor++)
		dup2(null, descriptor);
	descriptors_close_but(3, kept, count);
	if (chdir("/") != 0)
		return;
}

static int descriptor_compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

void background_enter_with(const struct session *session, int descriptor)
{
	int kept[] = {session->descriptor, descriptor, session->host};
	size_t count = session->host >= 0 ? 3 : 2;

	qsort(kept, count, sizeof kept[0], descriptor_compare);
	background_enter(kept, count);
}
