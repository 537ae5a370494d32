/* SPDX-License-Identifier: Apache-2.0 */
/* See core.h. */
#include "references/core.h"

#include <errno.h>
#include <elf.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seep/heap.h>
#include <seep/keeper.h>

#include "base/memory.h"
#include "base/message.h"
#include "coredump/core_dump.h"
#include "coredump/core_identity.h"
#include "files/path.h"
#include "references/look.h"
#include "references/sweep.h"

enum { PAGE = 4096 };

#define SHIM "libseep.so"

/* Whether the dump's signal ended the process. SIGTRAP is a debugger's own stop, and does not count. */
static bool is_of_the_end(const struct core_dump *core)
{
	static const int signals[] = {SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS};

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (core->signal == signals[i])
			return true;
	return false;
}

/* Finds the dump's moment on the recording's clock: blocks that were born later are not in the dump. The last state
 * must not be older, since nothing is known of what was freed after it. If the dump is of the process's end, it is not
 * later than the last state, whatever its file's time is. */
static bool moment_find(const struct core_dump *core, const struct profile *last, uint64_t *moment_ns,
			struct error *error)
{
	*moment_ns = last->start_ns;
	if (core->made_ns > last->start_unix_ns)
		*moment_ns += core->made_ns - last->start_unix_ns;
	if (*moment_ns <= last->time_ns || is_of_the_end(core))
		return true;
	return error_set(
	    error,
	    "%s: was made while its process ran, and its file's time is behind the recording's last snapshot: "
	    "when it was made is not known",
	    core->name);
}

static void blocks_take(struct blocks *blocks, const struct profile *last, uint64_t moment_ns)
{
	const struct profile_sample *samples = profile_samples(last);

	for (uint32_t i = 0; i < last->sample_count; i++)
		if (samples[i].birth_ns <= moment_ns)
			blocks_add(blocks, samples[i].address, samples[i].size, samples[i].birth_ns);
	blocks_close(blocks);
}

static bool is_shim(const char *file)
{
	return strcmp(path_base_name(file), SHIM) == 0;
}

/* The end of the library's data, by the program headers in its first page. 0: they are not in the dump. */
static uint64_t shim_end(const struct core_dump *core)
{
	const struct core_segment *first = core->segments;
	const struct core_segment *const behind = core->segments + core->segment_count;
	Elf64_Ehdr header;
	Elf64_Phdr part;
	uint64_t end = 0;

	while (first < behind && !is_shim(first->file))
		first++;
	if (first == behind || !core_dump_read(core, first->start, &header, sizeof header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return 0;
	for (uint64_t i = 0; i < header.e_phnum; i++)
		if (core_dump_read(core, first->start + header.e_phoff + i * sizeof part, &part, sizeof part) &&
		    part.p_type == PT_LOAD && part.p_vaddr + part.p_memsz > end)
			end = part.p_vaddr + part.p_memsz;
	return end ? (first->start + end + PAGE - 1) & ~(uint64_t)(PAGE - 1) : 0;
}

/* Where the part begins that is not seep's own. seep's memory has all sampled addresses: the heap file, known by its
 * name or its first bytes, and the library's data. The last part of that data does not belong to its file, and the
 * kernel joins it to whatever is mapped right behind. */
static uint64_t start_of_program(const struct core_dump *core, size_t index, uint64_t shim_end)
{
	const struct core_segment *segment = &core->segments[index], *before = index ? segment - 1 : NULL;
	char magic[sizeof SEEP_HEAP_MAGIC - 1];

	if (is_shim(segment->file) || strncmp(segment->file, SEEP_HEAP_MEMORY, sizeof SEEP_HEAP_MEMORY - 1) == 0 ||
	    (core_dump_read(core, segment->start, magic, sizeof magic) &&
	     memcmp(magic, SEEP_HEAP_MAGIC, sizeof magic) == 0))
		return segment->end;
	if (!before || before->end != segment->start || !(before->access & PF_W) || !is_shim(before->file) ||
	    segment->file[0])
		return segment->start;
	return shim_end >= segment->start && shim_end < segment->end ? shim_end : segment->end;
}

/* Sweeps only what the file really has: holes are zeros. */
static void segment_sweep(struct sweep *sweep, const struct core_dump *core, const struct core_segment *segment,
			  uint64_t start)
{
	const struct sweep_source source = {
	    .file = core->descriptor, .place = segment->offset - segment->start, .every_byte = segment->access & PF_X};
	const uint64_t end = segment->start + segment->kept;

	for (uint64_t at = start; at < end;) {
		const off_t data = lseek(core->descriptor, (off_t)(source.place + at), SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			return;
		const off_t hole = data < 0 ? data : lseek(core->descriptor, data, SEEK_HOLE);
		const uint64_t from = data < 0 ? at : ((uint64_t)data - source.place) & ~UINT64_C(7);
		const uint64_t to = hole < 0 ? end : (uint64_t)hole - source.place;
		sweep_range(sweep, &source, from > at ? from : at, to < end ? to : end);
		at = to > at ? to : end;
	}
}

static void core_sweep(struct sweep *sweep, const struct core_dump *core)
{
	const uint64_t own_end = shim_end(core);

	sweep_words(sweep, core->registers.data, core->registers.length);
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct core_segment *segment = &core->segments[i];
		const uint64_t start = start_of_program(core, i, own_end), kept_end = segment->start + segment->kept;
		segment_sweep(sweep, core, segment, start);
		if (segment->access & PF_W)
			sweep->unread_bytes += segment->end - (start > kept_end ? start : kept_end);
	}
}

static void findings_take(struct profile *last, const struct marks *marks, const struct sweep *sweep,
			  uint64_t moment_ns)
{
	const struct blocks *blocks = marks->blocks;

	free(last->references);
	last->references = memory_allocate(blocks->count + 1u, sizeof *last->references);
	last->reference_count = blocks->count;
	for (uint32_t i = 0; i < blocks->count; i++)
		last->references[i] =
		    (struct seep_referenced){.address = blocks->items[i].start, .state = marks_state(marks, i)};
	const struct seep_value values[] = {{SEEP_MEMORY_REFERENCES_TIME, 0, moment_ns},
					    {SEEP_MEMORY_REFERENCES_LOOKED, 0, sweep->scanned_bytes},
					    {SEEP_MEMORY_REFERENCES_UNREAD, 0, sweep->unread_bytes}};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		last->memory[values[i].key] = values[i].value;
		last->memory_known |= UINT64_C(1) << values[i].key;
	}
}

static void summary_say(const struct core_dump *core, const struct profile *last)
{
	size_t lost = 0;

	for (uint32_t i = 0; i < last->reference_count; i++)
		lost += last->references[i].state != SEEP_REFERENCE_LIVE;
	message("%zu of %" PRIu32 " sampled blocks are referenced by nobody in %s: %" PRIu64
		" MiB and the registers of %zu thread%s",
		lost, last->reference_count, core->name, last->memory[SEEP_MEMORY_REFERENCES_LOOKED] >> 20,
		core->thread_count, core->thread_count == 1 ? "" : "s");
	const uint64_t unread_bytes = last->memory[SEEP_MEMORY_REFERENCES_UNREAD];
	if (unread_bytes >= 1024)
		message("%" PRIu64 " KiB that it could write are not in the dump: what they alone refer to counts as "
			"unreferenced",
			unread_bytes >> 10);
	references_doubt_say(lost, last->reference_count);
}

bool references_in_core(struct profile *last, const char *path, struct error *error)
{
	struct core_dump core;
	struct blocks blocks = {0};
	struct marks marks;
	struct sweep sweep;
	uint64_t moment_ns;

	if (!core_dump_open(&core, path, error))
		return false;
	bool fine = core_is_of_process(&core, last, error) && moment_find(&core, last, &moment_ns, error);
	if (fine && !core.file_count)
		fine = error_set(error, "%s: does not say which files were mapped", path);
	if (fine) {
		memory_expect_input(core.file_bytes);
		blocks_take(&blocks, last, moment_ns);
		marks_begin(&marks, &blocks);
		sweep_begin(&sweep, &marks, NULL);
		core_sweep(&sweep, &core);
		marks_close(&marks);
		findings_take(last, &marks, &sweep, moment_ns);
		summary_say(&core, last);
		sweep_end(&sweep);
		marks_free(&marks);
		blocks_free(&blocks);
	}
	core_dump_close(&core);
	return fine;
}
