/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences about the heap: see heap_words.h. */
#include "render/words/heap_words.h"

#include <math.h>
#include <string.h>

#include "render/words/estimate.h"

/* As shares of RSS: smaller amounts are not worth a line, or a sentence. */
static const double share_worth_a_line = 0.0005, share_worth_saying = 0.1, share_worth_advice = 0.03,
		    share_worth_naming = 0.01;
static const double bytes_worth_saying = 8 << 20;

static const char *allocator_of(const struct account *account)
{
	const char *allocator = account->profile->allocator;

	return allocator && allocator[0] ? allocator : "the allocator";
}

static bool is_worth(const struct account *account, double bytes, double share)
{
	return bytes > bytes_worth_saying && bytes > account->rss * share;
}

struct parts {
	struct heap_part *items;
	size_t count;
	const struct account *account;
};

static struct buffer *part_add(struct parts *parts, double resident)
{
	parts->items[parts->count] = (struct heap_part){.resident = resident};
	return &parts->items[parts->count++].words;
}

static void part_add_text(struct parts *parts, double resident, const char *text)
{
	if (fabs(resident) > parts->account->rss * share_worth_a_line)
		buffer_append_text(part_add(parts, resident), text);
}

/* The samples' rounding, as a share of what the allocator has given out. */
static double kept_rounding(const struct account_heap *heap)
{
	const double sampled = heap->in_use + heap->rounding;

	return heap->has_rounding && sampled > 0 ? heap->kept.allocated * heap->rounding / sampled : 0;
}

static void untouched_add(struct buffer *text, const struct account_heap *heap)
{
	if (heap->untouched > 0)
		buffer_printf(text, ", and %s never touched", quantity_bytes(heap->untouched).text);
}

/* mimalloc does not report free pages between others until their thread gives them back. */
static const char *unexplained_words(const struct account *account)
{
	if (account->heap.kept.unexplained < 0)
		return "  counted by the allocator, and not in memory";
	return strcmp(allocator_of(account), "mimalloc") == 0 && account->heap.was_asked
		   ? "  free and not given back yet, or mimalloc's own"
		   : "  not explained by the allocator";
}

double heap_in_use(const struct account *account)
{
	const struct account_heap *heap = &account->heap;

	if (heap->kept.state == SEEP_ACCOUNT_KNOWN)
		return heap->kept.allocated;
	return heap->is_known ? heap->in_use : 0;
}

static void parts_of_allocator(struct parts *parts)
{
	const struct account_heap *heap = &parts->account->heap;
	const struct account_kept *kept = &heap->kept;
	const double rounding = kept_rounding(heap);
	struct buffer *text = part_add(parts, kept->allocated - rounding);

	buffer_append_text(text, "  in use");
	if (heap->is_known) {
		const struct estimate_text sampled =
		    estimate_bytes(heap->in_use, heap->in_use_interval, parts->account->profile);
		buffer_printf(text, "; sampled %s %s", sampled.value, sampled.interval);
		untouched_add(text, heap);
		parts->items[0].swapped = heap->swapped;
	}
	part_add_text(parts, rounding, "  what the allocator adds to these");
	part_add_text(parts, kept->cached, "  freed, in caches of threads");
	part_add_text(parts, kept->free_pages, "  free, whole pages");
	part_add_text(parts, kept->pinned, "  free, pinned by blocks in use beside it");
	part_add_text(parts, kept->metadata, "  the allocator's own");
	part_add_text(parts, kept->unexplained, unexplained_words(parts->account));
}

static void parts_of_samples(struct parts *parts)
{
	const struct account_heap *heap = &parts->account->heap;
	const struct profile *profile = parts->account->profile;
	const struct estimate_text in_use = estimate_bytes(heap->in_use, heap->in_use_interval, profile);
	const struct estimate_text rest = estimate_growth(heap->rest, heap->rest_interval, NULL, profile);
	struct buffer *text = part_add(parts, heap->in_use);

	buffer_printf(text, "  in use %s", in_use.interval);
	untouched_add(text, heap);
	parts->items[0].swapped = heap->swapped;
	if (heap->has_rounding)
		buffer_append_text(part_add(parts, heap->rounding), "  what the allocator adds to these");
	buffer_printf(part_add(parts, heap->rest), "  kept by the allocator %s", rest.interval);
}

size_t heap_parts(struct heap_part items[HEAP_PARTS_MOST], const struct account *account)
{
	struct parts parts = {.items = items, .account = account};

	if (account->heap.kept.state == SEEP_ACCOUNT_KNOWN)
		parts_of_allocator(&parts);
	else if (account->heap.is_known)
		parts_of_samples(&parts);
	return parts.count;
}

static void rest_sentence(struct buffer *out, const struct account *account)
{
	const double least = account->heap.rest_interval.low;
	const char *allocator = allocator_of(account);

	if (account->heap.is_known && is_worth(account, least, share_worth_saying))
		buffer_printf(out,
			      " At least %s of the heap is in memory and not in use: blocks that the program has freed "
			      "and that %s keeps, and what %s needs for itself. That is not a leak.",
			      quantity_bytes(least).text, allocator, allocator);
}

/* Says why the allocator's structures say nothing, if somebody looked. */
static void state_sentence(struct buffer *out, const struct account *account)
{
	static const char *const why[] = {
	    [SEEP_ACCOUNT_REFUSED] = "the kernel does not let seep read the program's memory",
	    [SEEP_ACCOUNT_STRANGE] = "its structures are not those that seep knows",
	    [SEEP_ACCOUNT_CHANGING] = "its heap changed too fast to be read, or is too large"};
	const uint32_t state = account->heap.kept.state;

	if (state < sizeof why / sizeof *why && why[state])
		buffer_printf(out, " What %s keeps is not taken apart: %s.", allocator_of(account), why[state]);
}

static void unseen_sentence(struct buffer *out, const struct account *account)
{
	const struct account_heap *heap = &account->heap;
	const double unseen =
	    heap->kept.allocated - heap->kept.spread - kept_rounding(heap) - heap->in_use_interval.high;

	if (heap->is_known && is_worth(account, unseen, share_worth_advice))
		buffer_printf(out,
			      " At least %s of what is in use was allocated before the recording began, or past seep.",
			      quantity_bytes(unseen).text);
}

static void free_sentence(struct buffer *out, const struct account *account)
{
	const struct account_kept *kept = &account->heap.kept;
	const double whole = kept->free_pages + kept->pinned + kept->cached, least = whole * share_worth_naming;
	const struct {
		double bytes;
		const char *where;
	} parts[] = {{kept->free_pages, "in whole pages"},
		     {kept->pinned, "pinned by blocks in use"},
		     {kept->cached, "in caches of threads"}};
	const char *between = ": ";

	buffer_printf(out, " %s are free but kept by %s", quantity_bytes(whole).text, allocator_of(account));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i].bytes < least)
			continue;
		buffer_append_text(out, between);
		if (parts[i].bytes <= whole - least)
			buffer_printf(out, "%s ", quantity_bytes(parts[i].bytes).text);
		buffer_append_text(out, parts[i].where);
		between = ", ";
	}
	buffer_append_text(out, ". That is not a leak.");
}

static void advice_for_glibc(struct buffer *out, const struct account *account)
{
	const struct account_kept *kept = &account->heap.kept;
	const double trimmed = kept->free_pages - kept->top;

	if (is_worth(account, trimmed, share_worth_advice))
		buffer_printf(out, " malloc_trim(0), called by the program, gives back %s.",
			      quantity_bytes(trimmed).text);
	if (is_worth(account, kept->top, share_worth_advice))
		buffer_printf(out,
			      " %s lie where arenas of threads grow: GLIBC_TUNABLES=glibc.malloc.trim_threshold=131072 "
			      "gives them back.",
			      quantity_bytes(kept->top).text);
	if (is_worth(account, kept->cached, share_worth_advice))
		buffer_append_text(out, " GLIBC_TUNABLES=glibc.malloc.tcache_count=0 does without caches of threads.");
}

static void advice_for_jemalloc(struct buffer *out, const struct account *account)
{
	const struct account_kept *kept = &account->heap.kept;
	const struct allocator_figures *figures = &account->heap.figures;

	if (is_worth(account, kept->free_pages, share_worth_advice))
		buffer_append_text(
		    out, figures->never_gives
			     ? " MALLOC_CONF=dirty_decay_ms:10000 gives whole pages back; here they are kept for ever."
			 : figures->cleans_up
			     ? " MALLOC_CONF=dirty_decay_ms:1000 gives whole pages back earlier."
			     : " MALLOC_CONF=background_thread:true gives whole pages back also while the program does "
			       "not allocate.");
	if (is_worth(account, kept->cached, share_worth_advice))
		buffer_append_text(out, " MALLOC_CONF=tcache:false does without caches of threads.");
}

static void advice_for_tcmalloc(struct buffer *out, const struct account *account)
{
	const struct account_kept *kept = &account->heap.kept;

	if (is_worth(account, kept->free_pages, share_worth_advice))
		buffer_printf(out,
			      " MallocExtension_ReleaseFreeMemory(), called by the program, gives back %s; "
			      "TCMALLOC_RELEASE_RATE=10 gives them back as it frees.",
			      quantity_bytes(kept->free_pages).text);
	if (is_worth(account, kept->cached, share_worth_advice))
		buffer_append_text(out, " TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES bounds caches of threads.");
}

static void advice_for_mimalloc(struct buffer *out, const struct account *account)
{
	if (is_worth(account, account->heap.kept.free_pages, share_worth_advice))
		buffer_append_text(
		    out, " mi_collect(true), called by each thread, gives whole pages back: it did so in the copy.");
}

/* Says what helps, if there is enough to help against. */
static void advice(struct buffer *out, const struct account *account)
{
	static const struct {
		const char *allocator;
		void (*advise)(struct buffer *out, const struct account *account);
	} advisers[] = {{"glibc", advice_for_glibc},
			{"jemalloc", advice_for_jemalloc},
			{"tcmalloc", advice_for_tcmalloc},
			{"mimalloc", advice_for_mimalloc}};

	for (size_t i = 0; i < sizeof advisers / sizeof *advisers; i++)
		if (strcmp(advisers[i].allocator, allocator_of(account)) == 0)
			advisers[i].advise(out, account);
	if (is_worth(account, account->heap.kept.pinned, share_worth_advice))
		buffer_append_text(out, " Pinned memory goes back only when the blocks beside it are freed; new blocks "
					"that fit use it again.");
}

void heap_asked_sentence(struct buffer *out, const struct account *account)
{
	if (account->heap.was_asked)
		buffer_printf(out, " %s was asked in a copy of the process, which stood still for %.1f ms.",
			      allocator_of(account), account->heap.figures.stop_ms);
}

void heap_sentences(struct buffer *out, const struct account *account)
{
	const struct account_kept *kept = &account->heap.kept;

	if (kept->state != SEEP_ACCOUNT_KNOWN) {
		rest_sentence(out, account);
		state_sentence(out, account);
		return;
	}
	unseen_sentence(out, account);
	if (is_worth(account, kept->free_pages + kept->pinned + kept->cached, share_worth_saying)) {
		free_sentence(out, account);
		advice(out, account);
	}
}
