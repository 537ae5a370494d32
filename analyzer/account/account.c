/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over the rows of a profile's ledger: see account.h. */
#include "account/account.h"

#include <math.h>
#include <stdlib.h>

#include "account/rounding.h"
#include "base/memory.h"
#include "statistics/measure.h"

static double row_resident(const struct profile_ledger_row *row)
{
	return (double)row->anonymous_bytes + (double)row->file_bytes;
}

static void row_add(struct account *account, uint32_t index)
{
	const struct profile_ledger_row *row = &account->profile->ledger[index];
	struct account_class *class = &account->classes[row->ledger_class];

	class->resident += row_resident(row);
	class->swapped += (double)row->swapped_bytes;
	class->mapped += (double)row->virtual_bytes;
	class->unread += (double)row->unread_bytes;
	class->huge += (double)row->huge_bytes;
	class->mappings += row->mappings;
	account->huge += row->ledger_class == SEEP_LEDGER_HUGE ? 0 : (double)row->huge_bytes;
	class->rows[class->row_count++] = index;
}

static int row_compare(const void *left, const void *right, void *context)
{
	const struct profile *profile = context;
	const double a = row_resident(&profile->ledger[*(const uint32_t *)left]);
	const double b = row_resident(&profile->ledger[*(const uint32_t *)right]);

	return (a < b) - (a > b);
}

static void rows_sum(struct account *account)
{
	const struct profile *profile = account->profile;

	for (uint32_t class = 0; class < SEEP_LEDGER_CLASSES; class ++)
		account->classes[class].rows = memory_allocate(profile->ledger_count, sizeof(uint32_t));
	for (uint32_t i = 0; i < profile->ledger_count; i++)
		row_add(account, i);
	for (uint32_t class = 0; class < SEEP_LEDGER_CLASSES; class ++) {
		struct account_class *sum = &account->classes[class];
		qsort_r(sum->rows, sum->row_count, sizeof *sum->rows, row_compare, (void *)(uintptr_t)profile);
		account->resident += class == SEEP_LEDGER_HUGE ? 0 : sum->resident;
		account->swapped += class == SEEP_LEDGER_HUGE ? 0 : sum->swapped;
	}
}

static double memory_of(const struct profile *profile, enum seep_memory_key key)
{
	return profile->memory_known >> key & 1 ? (double)profile->memory[key] : NAN;
}

/* Sums over the sampled blocks. Each counts as often as it stands for others. */
struct blocks {
	struct seep_measure resident, swapped, asked, absent;
	double rounding;
	bool has_rounding;
};

static void block_add(struct blocks *blocks, const struct profile *profile, const struct profile_sample *sample)
{
	const struct seep_absence residence = profile_residence(profile, sample);
	const double resident = fmin((double)residence.resident_bytes, (double)sample->size);
	struct seep_measure alone = {0};
	uint64_t taken;

	measure_add_part(&blocks->resident, sample->size, sample->rate, resident);
	measure_add_part(&blocks->swapped, sample->size, sample->rate,
			 fmin((double)residence.swapped_bytes, (double)sample->size - resident));
	measure_add_part(&blocks->absent, sample->size, sample->rate, (double)sample->size - resident);
	measure_add_sample(&blocks->asked, sample->size, sample->rate);
	blocks->has_rounding &= rounding_of(profile->allocator, sample->size, &taken);
	if (!blocks->has_rounding)
		return;
	measure_add_part(&alone, sample->size, sample->rate, (double)(taken - sample->size));
	blocks->rounding += sum_estimate(&alone.bytes);
}

static void heap_take_apart(struct account *account)
{
	const struct profile *profile = account->profile;
	struct account_heap *heap = &account->heap;
	struct blocks blocks = {.has_rounding = true};

	heap->is_known = profile->rate != 0 && profile->has_samples;
	if (!heap->is_known)
		return;
	const struct profile_sample *samples = profile_samples(profile);
	for (uint32_t i = 0; i < profile->sample_count; i++)
		block_add(&blocks, profile, &samples[i]);
	heap->in_use = sum_estimate(&blocks.resident.bytes);
	heap->in_use_interval = sum_interval(&blocks.resident.bytes, unseen_bytes((double)profile->rate), ALPHA);
	heap->swapped = sum_estimate(&blocks.swapped.bytes);
	heap->untouched = fmax(0, sum_estimate(&blocks.asked.bytes) - heap->in_use - heap->swapped);
	const struct interval absent = sum_interval(&blocks.absent.bytes, 0, ALPHA);
	heap->absent_spread = (absent.high - absent.low) / 2;
	heap->blocks_unread = memory_of(profile, SEEP_MEMORY_BLOCKS_UNREAD);
	heap->has_rounding = blocks.has_rounding;
	heap->rounding = blocks.has_rounding ? blocks.rounding : 0;
	const double whole = account->classes[SEEP_LEDGER_HEAP].resident - heap->rounding;
	heap->rest = whole - heap->in_use;
	heap->rest_interval = (struct interval){whole - heap->in_use_interval.high, whole - heap->in_use_interval.low};
}

static void unexplained_count(struct account *account)
{
	struct account_kept *kept = &account->heap.kept;

	kept->unexplained = account->classes[SEEP_LEDGER_HEAP].resident -
			    (kept->allocated + kept->cached + kept->free_pages + kept->pinned + kept->metadata);
}

static void kept_take(struct account *account)
{
	const struct profile *profile = account->profile;
	struct account_kept *kept = &account->heap.kept;

	if (!(profile->memory_known >> SEEP_MEMORY_HEAP_STATE & 1))
		return;
	kept->state = (uint32_t)profile->memory[SEEP_MEMORY_HEAP_STATE];
	kept->allocated = memory_of(profile, SEEP_MEMORY_HEAP_IN_USE);
	kept->spread = memory_of(profile, SEEP_MEMORY_HEAP_SPREAD);
	kept->cached = memory_of(profile, SEEP_MEMORY_HEAP_CACHED);
	kept->free_pages = memory_of(profile, SEEP_MEMORY_HEAP_FREE_PAGES);
	kept->top = memory_of(profile, SEEP_MEMORY_HEAP_TOP);
	kept->pinned = memory_of(profile, SEEP_MEMORY_HEAP_PINNED);
	kept->metadata = memory_of(profile, SEEP_MEMORY_HEAP_METADATA);
	const double sum = kept->allocated + kept->cached + kept->free_pages + kept->pinned + kept->metadata +
			   kept->spread + kept->top;
	if (kept->state == SEEP_ACCOUNT_KNOWN && isnan(sum))
		kept->state = 0;
	unexplained_count(account);
}

/* The allocator counts what is allocated, in memory or not. The samples tell how much of the large blocks is not
 * there. */
static void figures_take(struct account *account, const struct allocator_figures *figures)
{
	struct account_heap *heap = &account->heap;

	heap->was_asked = true;
	heap->figures = *figures;
	heap->kept = (struct account_kept){.state = SEEP_ACCOUNT_KNOWN,
					   .allocated = figures->allocated - heap->swapped - heap->untouched,
					   .spread = heap->absent_spread,
					   .cached = figures->cached,
					   .free_pages = figures->free_pages,
					   .pinned = figures->pinned,
					   .metadata = figures->metadata};
	unexplained_count(account);
}

bool account_make(struct account *account, const struct profile *profile)
{
	struct allocator_figures figures;

	*account = (struct account){.profile = profile, .given_back = NAN};
	const double before = memory_of(profile, SEEP_MEMORY_LEDGER_BEFORE);
	const double after = memory_of(profile, SEEP_MEMORY_LEDGER_AFTER);
	if (!profile->ledger_count || isnan(before) || isnan(after))
		return false;
	rows_sum(account);
	account->rss = (before + after) / 2;
	account->rss_change = fabs(after - before);
	account->unexplained = account->classes[SEEP_LEDGER_UNEXPLAINED].resident + (account->rss - account->resident);
	heap_take_apart(account);
	if (allocator_figures_find(&figures, profile))
		figures_take(account, &figures);
	else
		kept_take(account);
	return true;
}

double account_charge(const struct account *account, enum seep_memory_key key)
{
	return memory_of(account->profile, key);
}

void account_free(struct account *account)
{
	for (uint32_t class = 0; class < SEEP_LEDGER_CLASSES; class ++)
		free(account->classes[class].rows);
}
