/* SPDX-License-Identifier: Apache-2.0 */
/* A look at a process's memory: see ledger_look.h. */
#include "keeper/ledger/ledger_look.h"

#include <string.h>

#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/ledger/module_ends.h"
#include "keeper/program/limits.h"
#include "keeper/program/process.h"

#include <seep/process.h>

#define LOOK_NS UINT64_C(250000000)
#define BLOCKS_MET 65536 /* to find out which mappings are heap */
#define ABSENCES 65536
#define ROWS_BYTES (LEDGER_ROWS * sizeof(struct ledger_row))
#define ABSENCES_BYTES (ABSENCES * sizeof(struct seep_absence))

static uint64_t rss_read(uint64_t pid)
{
	char status[PROCESS_STATUS_BYTES];
	uint64_t kilobytes = 0;
	if (seep_process_read(pid, "status", status, sizeof status) > 0)
		text_line_number(status, "VmRSS:", &kilobytes);
	return kilobytes * 1024;
}

/* Notes for each block that its surroundings are heap: its own chunk, or the whole mapping. */
static void blocks_meet(struct ledger_look *look, struct chunks *chunks, const struct seep_live *live, uint64_t count)
{
	const uint64_t step = count / BLOCKS_MET + 1;
	for (uint64_t i = 0; i < count; i += step)
		if (!chunks_meet(chunks, live[i].address, live[i].size))
			ledger_meet(&look->ledger, live[i].address);
	chunks_sort(chunks);
}

/* The parts of pages at both ends belong to the block as much as to its neighbours. */
static struct seep_absence block_count(struct pages *pages, const struct seep_live *block)
{
	struct page_counts counts = {0};
	const uint64_t start = block->address / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
	const uint64_t end = (block->address + block->size + SEEP_HEAP_PAGE - 1) / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
	pages_count(pages, start, end, false, &counts);
	const uint64_t absent = end - start - counts.anonymous - counts.file - counts.unread;
	const uint64_t resident = absent < block->size ? block->size - absent : 0;
	return (struct seep_absence){.address = block->address,
				     .resident_bytes = resident,
				     .swapped_bytes = counts.swapped,
				     .huge_bytes = counts.huge < resident ? counts.huge : resident};
}

static void blocks_count(struct ledger_look *look, struct pages *pages, const struct seep_live *live, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (live[i].size < LOOK_BLOCK_BYTES)
			continue;
		if (look->absence_count == ABSENCES || clock_read_ns(CLOCK_THREAD_CPUTIME_ID) >= pages->deadline_ns) {
			look->blocks_unread++;
			continue;
		}
		const struct seep_absence absence = block_count(pages, &live[i]);
		if (absence.resident_bytes < live[i].size || absence.huge_bytes)
			look->absences[look->absence_count++] = absence;
	}
}

static void pages_look(struct ledger_look *look, struct pages *pages, uint64_t pid, struct chunks *chunks)
{
	look->rss_before = rss_read(pid);
	look->row_count = ledger_sum(&look->ledger, pages, chunks, look->rows);
	look->rss_after = rss_read(pid);
}

/* `met`: room for chunks. */
static void look_take(struct ledger_look *look, struct pages *pages, uint64_t pid, struct ledger_program program,
		      struct place *met, const struct seep_live *live, uint64_t live_count)
{
	struct chunks chunks = {0};
	if (strcmp(program.allocator, "glibc") == 0)
		chunks_open(&chunks, pid, pages, met);
	program.tells_chunks = chunks.is_readable;
	blocks_meet(look, &chunks, live, live_count);
	ledger_classify(&look->ledger, &program);
	pages_look(look, pages, pid, &chunks);
	charge_read(&look->charge, pid, LIMITS_ROOT);
	look->chunk_bytes = chunks.resident_bytes;
	chunks_close(&chunks);
	blocks_count(look, pages, live, live_count);
}

bool ledger_look_take(struct ledger_look *look, uint64_t pid, const struct ledger_program *program,
		      const struct seep_live *live, uint64_t live_count)
{
	struct pages pages;
	const uint64_t deadline_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + LOOK_NS;
	*look = (struct ledger_look){0};
	if (!ledger_read_pieces(&look->ledger, pid, program->pieces, program->piece_count))
		return false;
	ledger_cut_modules(&look->ledger, pid);
	look->rows = scratch_map(ROWS_BYTES);
	look->absences = scratch_map(ABSENCES_BYTES);
	char *scratch = scratch_map(PAGES_SCRATCH_BYTES + CHUNKS_BYTES);
	bool taken = look->rows && look->absences && scratch && pages_open(&pages, pid, scratch, deadline_ns);
	if (taken) {
		look_take(look, &pages, pid, *program, (void *)(scratch + PAGES_SCRATCH_BYTES), live, live_count);
		pages_close(&pages);
	}
	scratch_unmap(scratch, PAGES_SCRATCH_BYTES + CHUNKS_BYTES);
	taken = taken && look->row_count;
	if (!taken)
		ledger_look_free(look);
	return taken;
}

void ledger_look_free(struct ledger_look *look)
{
	scratch_unmap(look->rows, ROWS_BYTES);
	scratch_unmap(look->absences, ABSENCES_BYTES);
	ledger_free(&look->ledger);
	*look = (struct ledger_look){0};
}
