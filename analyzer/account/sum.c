/* SPDX-License-Identifier: Apache-2.0 */
/* See sum.h. */
#include "account/sum.h"

#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "profile/merge.h"

/* Names lie in one pool, so equal names are the same pointer. */
static int row_compare(const void *left, const void *right)
{
	const struct profile_ledger_row *a = left, *b = right;
	const uintptr_t mine = (uintptr_t)a->name, other = (uintptr_t)b->name;

	if (a->ledger_class != b->ledger_class)
		return a->ledger_class < b->ledger_class ? -1 : 1;
	return (mine > other) - (mine < other);
}

static void row_add(struct profile_ledger_row *row, const struct profile_ledger_row *more)
{
	row->mappings += more->mappings;
	row->virtual_bytes += more->virtual_bytes;
	row->anonymous_bytes += more->anonymous_bytes;
	row->file_bytes += more->file_bytes;
	row->swapped_bytes += more->swapped_bytes;
	row->huge_bytes += more->huge_bytes;
	row->unread_bytes += more->unread_bytes;
}

static void rows_sum(struct profile *sum, struct profile *const *profiles, size_t count)
{
	uint32_t rows = 0, kept = 0;

	for (size_t i = 0; i < count; i++)
		rows += profiles[i]->ledger_count;
	sum->ledger = memory_allocate(rows + 1u, sizeof *sum->ledger);
	rows = 0;
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < profiles[i]->ledger_count; k++) {
			sum->ledger[rows] = profiles[i]->ledger[k];
			sum->ledger[rows].name = string_pool_intern(sum->strings, profiles[i]->ledger[k].name);
			rows++;
		}
	}
	qsort(sum->ledger, rows, sizeof *sum->ledger, row_compare);
	for (uint32_t i = 0; i < rows; i++) {
		if (kept && row_compare(&sum->ledger[kept - 1], &sum->ledger[i]) == 0)
			row_add(&sum->ledger[kept - 1], &sum->ledger[i]);
		else
			sum->ledger[kept++] = sum->ledger[i];
	}
	sum->ledger_count = kept;
}

static int absence_compare(const void *left, const void *right)
{
	const struct seep_absence *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

static void absences_sum(struct profile *sum, struct profile *const *profiles, size_t count)
{
	uint32_t all = 0;

	for (size_t i = 0; i < count; i++)
		all += profiles[i]->absence_count;
	sum->absences = memory_allocate(all + 1u, sizeof *sum->absences);
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < profiles[i]->absence_count; k++) {
			struct seep_absence absence = profiles[i]->absences[k];
			absence.address = merged_address(absence.address, i);
			sum->absences[sum->absence_count++] = absence;
		}
	}
	qsort(sum->absences, sum->absence_count, sizeof *sum->absences, absence_compare);
}

/* The sum's heap can be taken apart if every single one can. SPREAD is an error; errors of several processes are
 * independent. */
static void figure_sum(struct profile *sum, struct profile *const *profiles, size_t count, enum seep_memory_key key)
{
	double total = 0, squares = 0;
	uint64_t state = SEEP_ACCOUNT_KNOWN;

	for (size_t i = 0; i < count; i++) {
		const double value = (double)profiles[i]->memory[key];
		if (!(profiles[i]->memory_known >> key & 1))
			return;
		total += value;
		squares += value * value;
		if (key == SEEP_MEMORY_HEAP_STATE && profiles[i]->memory[key] != SEEP_ACCOUNT_KNOWN)
			state = profiles[i]->memory[key];
	}
	sum->memory_known |= UINT64_C(1) << key;
	sum->memory[key] = key == SEEP_MEMORY_HEAP_STATE    ? state
			   : key == SEEP_MEMORY_HEAP_SPREAD ? (uint64_t)sqrt(squares)
							    : (uint64_t)total;
}

/* An allocator that was asked counts also what is not in memory. */
static bool any_was_asked(struct profile *const *profiles, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++)
		any |= profiles[i]->memory_known >> SEEP_MEMORY_HEAP_ASKED & 1;
	return any;
}

/* Where some of the processes are not recorded, the samples of the others would stand for less than all of the heap. */
static void samples_leave_out(struct profile *const *profiles, size_t count)
{
	struct buffer missing = {0};
	size_t without = 0;

	for (size_t i = 0; i < count; i++)
		if (!profiles[i]->rate)
			buffer_printf(&missing, "%s%llu", without++ ? " " : "", (unsigned long long)profiles[i]->pid);
	if (without && without < count)
		message("not recorded: %s; so nothing says what asked for the heap of all: seep attach %s",
			missing.data, missing.data);
	for (size_t i = 0; i < count && without; i++) {
		profiles[i]->rate = 0;
		profiles[i]->has_samples = false;
		profiles[i]->sample_count = 0;
	}
	buffer_free(&missing);
}

struct profile *ledgers_sum(struct profile *const *profiles, size_t count, struct error *error)
{
	static const enum seep_memory_key before[] = {SEEP_MEMORY_LEDGER_BEFORE, SEEP_MEMORY_LEDGER_AFTER,
						      SEEP_MEMORY_BLOCKS_UNREAD};

	samples_leave_out(profiles, count);
	if (!profiles_can_merge(profiles, count, error))
		return NULL;
	uint64_t *shifts_ns = memory_allocate(count, sizeof *shifts_ns);
	struct profile *sum = profile_merge(profiles, shifts_ns, count);
	free(shifts_ns);
	rows_sum(sum, profiles, count);
	absences_sum(sum, profiles, count);
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		figure_sum(sum, profiles, count, before[i]);
	for (int key = SEEP_MEMORY_HEAP_STATE; key <= SEEP_MEMORY_HEAP_SPREAD && !any_was_asked(profiles, count); key++)
		figure_sum(sum, profiles, count, (enum seep_memory_key)key);
	return sum;
}
