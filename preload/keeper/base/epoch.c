/* SPDX-License-Identifier: Apache-2.0 */
/* From /proc/self/timens_offsets: see epoch.h. */
#include "keeper/base/epoch.h"

#include <stdbool.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

static _Atomic bool known;
static _Atomic int64_t monotonic_ns, boottime_ns;

/* "NAME SECONDS NANOSECONDS" of a text of such lines; 0 where there is none. */
static int64_t offset_of(const char *text, const char *name)
{
	uint64_t seconds = 0, nanoseconds = 0;
	const char *at = strstr(text, name);
	if (!at)
		return 0;
	at += strlen(name);
	while (*at == ' ' || *at == '\t')
		at++;
	bool negative = *at == '-';
	at += negative;
	if (!text_take_unsigned(&at, &seconds) || seconds > INT64_MAX / 1000000000 - 1)
		return 0;
	while (*at == ' ' || *at == '\t')
		at++;
	text_take_unsigned(&at, &nanoseconds);
	int64_t whole = (int64_t)seconds * 1000000000;
	return (negative ? -whole : whole) + (int64_t)(nanoseconds % 1000000000);
}

/* The file describes the time namespace of the processes that we start. Is that our own? After unshare() it is not. */
static bool file_is_about_us(void)
{
	char own[64], childrens[64];
	long length = system_read_link("/proc/self/ns/time", own, sizeof own);
	return length > 0 &&
	       system_read_link("/proc/self/ns/time_for_children", childrens, sizeof childrens) == length &&
	       memcmp(own, childrens, (size_t)length) == 0;
}

void epoch_find(void)
{
	char text[256];
	if (file_is_about_us() && file_read_text("/proc/self/timens_offsets", text, sizeof text) > 0) {
		store_relaxed(&monotonic_ns, offset_of(text, "monotonic"));
		store_relaxed(&boottime_ns, offset_of(text, "boottime"));
	}
	store_release(&known, true);
}

static void find_first(void)
{
	if (!load_acquire(&known))
		epoch_find();
}

int64_t epoch_monotonic_ns(void)
{
	find_first();
	return load_relaxed(&monotonic_ns);
}

int64_t epoch_boottime_ns(void)
{
	find_first();
	return load_relaxed(&boottime_ns);
}
