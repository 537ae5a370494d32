/* SPDX-License-Identifier: Apache-2.0 */
/* See contents.h. */
#include "target/contents.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/memory.h"
#include "base/message.h"
#include "target/take_snapshot.h"
#include "tracing/remote.h"
#include "tracing/tracees.h"

enum { PAGE = 4096, PIECE_PAGES = 64, WITHIN_MS = 5000, WAITS = 50, WAITS_A_BLOCK = 5, WAIT_MS = 1 };

#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define BYTES_MOST (UINT64_C(1) << 30) /* most bytes that are read */

struct reader {
	struct remote remote;
	int pagemap;
	uint64_t left;
	unsigned waits; /* waits that are left for blocks that can't be read */
	double until_ms;
	unsigned char bytes[PAGE];
};

static uint64_t zeros_count(const unsigned char *bytes, size_t count)
{
	uint64_t zeros = 0;

	for (size_t i = 0; i < count; i++)
		zeros += bytes[i] == 0;
	return zeros;
}

static uint64_t zeros_at_end(const unsigned char *bytes, size_t count)
{
	size_t at = count;

	while (at && bytes[at - 1] == 0)
		at--;
	return count - at;
}

/* Hashes the words at an offset in the block. Zeros add nothing: pages that were never touched are zeros. */
static uint64_t words_hash(const unsigned char *bytes, size_t count, uint64_t offset)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i += 8) {
		uint64_t word = 0;
		memcpy(&word, bytes + i, count - i < 8 ? count - i : 8);
		sum += word ? hash_word(word ^ hash_word(offset + i + 1)) : 0;
	}
	return sum;
}

/* Reads the block's next bytes, which lie in one page that is in memory or was never touched. */
static bool part_read(struct reader *reader, uint64_t address, size_t count, uint64_t entry,
		      struct profile_content *content)
{
	if (entry & ENTRY_SWAPPED)
		return false;
	if (!(entry & ENTRY_PRESENT)) {
		content->zero_bytes += count;
		content->tail_bytes += count;
		return true;
	}
	if (reader->left < count || !remote_read(&reader->remote, address, reader->bytes, count))
		return false;
	reader->left -= count;
	const uint64_t tail = zeros_at_end(reader->bytes, count);
	content->hash += words_hash(reader->bytes, count, address - content->address);
	content->zero_bytes += zeros_count(reader->bytes, count);
	content->tail_bytes = tail == count ? content->tail_bytes + count : tail;
	return true;
}

static bool block_try(struct reader *reader, const struct profile_sample *block, struct profile_content *content)
{
	uint64_t entries[PIECE_PAGES], end = block->address + block->size;

	*content =
	    (struct profile_content){.address = block->address, .birth_ns = block->birth_ns, .hash = 0, .looks = 1};
	for (uint64_t at = block->address; at < end;) {
		const uint64_t first = at / PAGE, pages = (end + PAGE - 1) / PAGE - first;
		const size_t count = pages < PIECE_PAGES ? pages : PIECE_PAGES;
		if (tracing_now_ms() > reader->until_ms ||
		    pread(reader->pagemap, entries, count * sizeof *entries, (off_t)(first * sizeof *entries)) !=
			(ssize_t)(count * sizeof *entries))
			return false;
		for (size_t i = 0; i < count; i++) {
			const uint64_t page_end = (first + i + 1) * PAGE, to = page_end < end ? page_end : end;
			if (!part_read(reader, at, to - at, entries[i], content))
				return false;
			at = to;
		}
	}
	return block->size != 0;
}

/* While the kernel moves a page, the page looks swapped out. */
static bool block_read(struct reader *reader, const struct profile_sample *block, struct profile_content *content)
{
	bool was_read = block_try(reader, block, content);

	for (int i = 0; i < WAITS_A_BLOCK && !was_read && reader->waits && block->size; i++) {
		reader->waits--;
		tracing_nap(WAIT_MS);
		was_read = block_try(reader, block, content);
	}
	return was_read;
}

static int sample_compare(const void *left, const void *right)
{
	const struct profile_sample *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->birth_ns > b->birth_ns) - (a->birth_ns < b->birth_ns);
}

static struct profile_sample *samples_in_order(const struct profile *profile)
{
	struct profile_sample *samples = memory_allocate(profile->sample_count + 1u, sizeof *samples);

	if (profile->sample_count)
		memcpy(samples, profile_samples(profile), profile->sample_count * sizeof *samples);
	qsort(samples, profile->sample_count, sizeof *samples, sample_compare);
	return samples;
}

/* Keeps the blocks that still exist unchanged. */
static void contents_hold(struct profile *profile, const struct profile_sample *before, const struct profile *after)
{
	struct profile_sample *still = samples_in_order(after);
	uint32_t kept = 0, next = 0;

	for (uint32_t i = 0; i < profile->content_count; i++) {
		while (before[next].address != profile->contents[i].address)
			next++;
		if (bsearch(&before[next], still, after->sample_count, sizeof *still, sample_compare))
			profile->contents[kept++] = profile->contents[i];
	}
	profile->content_count = kept;
	free(still);
}

static bool contents_read(struct profile *profile, const char *directory, struct reader *reader, struct error *error)
{
	struct profile_sample *samples = samples_in_order(profile);

	profile->contents = memory_allocate(profile->sample_count + 1u, sizeof *profile->contents);
	for (uint32_t i = 0; i < profile->sample_count; i++)
		profile->content_count += block_read(reader, &samples[i], &profile->contents[profile->content_count]);
	struct profile *after = profile_open_now(directory, error);
	if (after)
		contents_hold(profile, samples, after);
	free(samples);
	profile_free(after);
	return after != NULL;
}

static bool reader_open(struct reader *reader, pid_t pid, struct error *error)
{
	char path[48];

	if (!remote_open(&reader->remote, pid, error))
		return false;
	snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
	reader->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	reader->left = BYTES_MOST;
	reader->waits = WAITS;
	reader->until_ms = tracing_now_ms() + WITHIN_MS;
	if (reader->pagemap >= 0)
		return true;
	remote_close(&reader->remote);
	return error_set(error, "%s can't be read", path);
}

/* Finds the program that records there. */
static bool program_of(const char *directory, pid_t *pid, struct error *error)
{
	bool alive;

	if (!path_is_recording(directory))
		return error_set(error, "%s: only a running program has contents in its blocks: give its PID",
				 directory);
	if (!target_process(directory, pid, &alive, error))
		return false;
	return alive || error_set(error, "%s: its process has ended, and with it the contents of its blocks are gone",
				  directory);
}

static struct profile *contents_look(const char *directory, pid_t pid, struct error *error)
{
	struct profile *profile = profile_open_now(directory, error);
	struct reader *reader;

	if (!profile)
		return NULL;
	reader = memory_allocate(1, sizeof *reader);
	bool was_read = reader_open(reader, pid, error);
	if (was_read) {
		was_read = contents_read(profile, directory, reader, error);
		close(reader->pagemap);
		remote_close(&reader->remote);
	}
	free(reader);
	profile->content_looks = 1;
	if (was_read)
		return profile;
	profile_free(profile);
	return NULL;
}

/* Counts one look more for each block whose contents are unchanged. */
static void contents_follow(struct profile *profile, const struct profile *before)
{
	for (uint32_t i = 0, k = 0; i < profile->content_count; i++) {
		struct profile_content *content = &profile->contents[i];
		while (k < before->content_count && before->contents[k].address < content->address)
			k++;
		const struct profile_content *then = &before->contents[k];
		if (k < before->content_count && then->address == content->address &&
		    then->birth_ns == content->birth_ns && then->hash == content->hash)
			content->looks = then->looks + 1;
	}
	profile->content_looks = before->content_looks + 1;
	profile->content_ns = before->content_ns + (profile->time_ns - before->time_ns);
}

/* Sleeps in steps; the next look notices if the program has ended meanwhile. */
static void wait_until(double until_ms, const char *what, unsigned done, unsigned of)
{
	while (tracing_now_ms() < until_ms) {
		message_progress(what, done, of);
		tracing_nap(fmin(200, until_ms - tracing_now_ms() + 1));
	}
}

struct profile *contents_open(const char *directory, uint64_t cold_ns, struct error *error)
{
	const double begun_ms = tracing_now_ms(), step_ms = (double)cold_ns / 1e6 / (CONTENTS_LOOKS - 1);
	pid_t pid = 0;

	if (!program_of(directory, &pid, error))
		return NULL;
	struct profile *profile = contents_look(directory, pid, error);
	for (unsigned look = 1; cold_ns && profile && look < CONTENTS_LOOKS; look++) {
		struct profile *before = profile;
		wait_until(begun_ms + look * step_ms, "looking at blocks", look, CONTENTS_LOOKS);
		profile = contents_look(directory, pid, error);
		if (profile)
			contents_follow(profile, before);
		profile_free(before);
	}
	return profile;
}
