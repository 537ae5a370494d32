/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of another process's memory: see peek.h. */
#include "keeper/arenas/peek.h"

#include <string.h>
#include <sys/uio.h>

#include "keeper/base/clock.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"

#define PAGE UINT64_C(4096)
#define ENTRY_PRESENT (UINT64_C(1) << 63)

/* NOLINTNEXTLINE(readability-non-const-parameter): written through peek->data */
void peek_begin(struct peek *peek, uint64_t pid, struct pages *pages, unsigned char *data, uint64_t end_ns)
{
	*peek = (struct peek){.pid = pid, .pages = pages, .data = data, .end_ns = end_ns};
}

static uint32_t present_read(const struct peek *peek)
{
	uint64_t entries[PEEK_PAGES];
	const long got = file_read_at(peek->pages->descriptor, entries, peek->count * sizeof *entries,
				      peek->start / PAGE * sizeof *entries);
	uint32_t present = 0;
	for (uint32_t i = 0; got > 0 && i < (unsigned long)got / sizeof *entries; i++)
		present |= (uint32_t)((entries[i] & ENTRY_PRESENT) != 0) << i;
	return present;
}

/* The window's pages, as far as they are in memory. */
static void window_read(struct peek *peek)
{
	struct iovec from[PEEK_PAGES], to[PEEK_PAGES];
	uint32_t runs = 0;
	peek->present = present_read(peek);
	for (uint32_t i = 0; i < peek->count; i++) {
		if (!(peek->present >> i & 1))
			continue;
		if (i && peek->present >> (i - 1) & 1) {
			from[runs - 1].iov_len += PAGE;
			to[runs - 1].iov_len += PAGE;
			continue;
		}
		from[runs] = (struct iovec){(void *)(uintptr_t)(peek->start + i * PAGE), PAGE};
		to[runs++] = (struct iovec){peek->data + i * PAGE, PAGE};
	}
	if (!runs)
		return;
	const long got =
	    system_call(SYS_process_vm_readv, (long)peek->pid, (long)to, (long)runs, (long)from, (long)runs, 0);
	peek->error = got < 0 ? (int)-got : 0;
	for (uint32_t i = 0, left = got > 0 ? (uint32_t)((uint64_t)got / PAGE) : 0; i < peek->count; i++) {
		if (!(peek->present >> i & 1))
			continue;
		peek->present &= ~((uint32_t)(left == 0) << i);
		left -= left != 0;
	}
}

/* Moves the window to a page that it does not have. It becomes larger while one address follows the other. */
static void window_move(struct peek *peek, uint64_t page)
{
	const uint64_t end = peek->start + peek->count * PAGE;
	const bool follows = peek->count && page >= end && page - end <= 2 * PAGE;
	peek->count = follows ? peek->count * 2 : 1;
	if (peek->count > PEEK_PAGES)
		peek->count = PEEK_PAGES;
	peek->start = page;
	peek->error = 0;
	peek->present = 0;
	peek->is_over = peek->is_over || clock_read_ns(CLOCK_THREAD_CPUTIME_ID) >= peek->end_ns;
	if (!peek->is_over)
		window_read(peek);
}

void peek_forget(struct peek *peek)
{
	peek->count = 0;
	peek->present = 0;
}

static bool part_read(struct peek *peek, uint64_t address, void *to, size_t bytes)
{
	const uint64_t page = address / PAGE * PAGE;
	if (page < peek->start || page - peek->start >= peek->count * PAGE)
		window_move(peek, page);
	if (!(peek->present >> ((page - peek->start) / PAGE) & 1))
		return false;
	memcpy(to, peek->data + (address - peek->start), bytes);
	return true;
}

bool peek_read(struct peek *peek, uint64_t address, void *to, size_t bytes)
{
	for (size_t done = 0, part; done < bytes; done += part) {
		part = PAGE - (address + done) % PAGE;
		if (part > bytes - done)
			part = bytes - done;
		if (address + done >= PAGES_END || !part_read(peek, address + done, (char *)to + done, part))
			return false;
	}
	return true;
}

uint64_t peek_resident(const struct peek *peek, uint64_t start, uint64_t end)
{
	struct page_counts counts = {0};
	const uint64_t first = (start + PAGE - 1) / PAGE * PAGE, last = end / PAGE * PAGE;
	if (first >= last)
		return end - start;
	pages_count(peek->pages, first, last, false, &counts);
	const uint64_t in_memory = counts.anonymous + counts.file + counts.unread;
	return end - start - (last - first) + (in_memory < last - first ? in_memory : last - first);
}
