/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences about where memory is: see account_words.h. */
#include "render/words/account_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/words/estimate.h"
#include "render/words/heap_words.h"
#include "render/words/quantity.h"

static const double share_worth_saying = 0.02, rest_worth_saying = 0.1, files_worth_saying = 0.25,
		    change_worth_saying = 1 << 20, bytes_worth_saying = 8 << 20;

const enum seep_ledger_class account_order[ACCOUNT_ORDER_COUNT] = {
    SEEP_LEDGER_HEAP,  SEEP_LEDGER_LIBRARY,  SEEP_LEDGER_PROGRAM,    SEEP_LEDGER_FILE, SEEP_LEDGER_SHARED,
    SEEP_LEDGER_STACK, SEEP_LEDGER_CODE,     SEEP_LEDGER_SEEP,       SEEP_LEDGER_OWN,  SEEP_LEDGER_KERNEL,
    SEEP_LEDGER_HUGE,  SEEP_LEDGER_RESERVED, SEEP_LEDGER_UNEXPLAINED};

static const struct {
	const char *name, *key;
} classes[SEEP_LEDGER_CLASSES] = {
    [SEEP_LEDGER_UNEXPLAINED] = {"unexplained", "unexplained"},
    [SEEP_LEDGER_PROGRAM] = {"program", "program"},
    [SEEP_LEDGER_LIBRARY] = {"libraries", "libraries"},
    [SEEP_LEDGER_FILE] = {"other files", "files"},
    [SEEP_LEDGER_SHARED] = {"shared memory", "shared"},
    [SEEP_LEDGER_STACK] = {"stacks", "stacks"},
    [SEEP_LEDGER_HEAP] = {"heap", "heap"},
    [SEEP_LEDGER_CODE] = {"code made at run time", "code"},
    [SEEP_LEDGER_KERNEL] = {"the kernel's own pages", "kernel"},
    [SEEP_LEDGER_SEEP] = {"seep", "seep"},
    [SEEP_LEDGER_RESERVED] = {"reserved addresses", "reserved"},
    [SEEP_LEDGER_OWN] = {"mapped past malloc", "own"},
    [SEEP_LEDGER_HUGE] = {"hugetlbfs, which RSS leaves out", "hugetlb"},
};

static const struct {
	const char *name, *key;
} kept_parts[KEPT_PARTS] = {[KEPT_CACHED] = {"freed, in caches of threads", "cached"},
			    [KEPT_FREE_PAGES] = {"free, whole pages", "free_pages"},
			    [KEPT_PINNED] = {"free, pinned", "pinned"},
			    [KEPT_METADATA] = {"the allocator's own", "metadata"}};

const char *account_kept_key(enum kept_part part)
{
	return kept_parts[part].key;
}

const char *account_class_key(enum seep_ledger_class class)
{
	return classes[class].key;
}

const char *account_class_name(enum seep_ledger_class class)
{
	return classes[class].name;
}

static double row_resident(const struct profile_ledger_row *row)
{
	return (double)row->anonymous_bytes + (double)row->file_bytes;
}

static const char *short_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (strncmp(name, "/dev/zero", strlen("/dev/zero")) == 0) /* as the kernel calls what has no file */
		return "without a name";
	return slash && slash[1] ? slash + 1 : name;
}

static const char *row_name(const struct profile_ledger_row *row)
{
	if (row->name[0])
		return short_name(row->name);
	return row->ledger_class == SEEP_LEDGER_UNEXPLAINED ? "private memory without a name" : "without a name";
}

/* "threads 15.6 MiB", or, of many, "2,000 of threads 15.6 MiB" */
static void row_append(struct buffer *out, const struct profile_ledger_row *row)
{
	if (row->ledger_class == SEEP_LEDGER_STACK && row->mappings > 1)
		buffer_printf(out, "%s of ", quantity_exact(row->mappings).text);
	buffer_printf(out, "%s %s", row_name(row), quantity_bytes(row_resident(row)).text);
}

static void names_append(struct buffer *out, const struct account *account, enum seep_ledger_class class,
			 uint32_t names)
{
	const struct account_class *sum = &account->classes[class];
	const struct profile *profile = account->profile;
	uint32_t shown = 0;

	buffer_append_text(out, classes[class].name);
	if (class == SEEP_LEDGER_HEAP && profile->allocator && profile->allocator[0])
		buffer_printf(out, " (%s)", profile->allocator);
	if (sum->row_count == 1 && class != SEEP_LEDGER_UNEXPLAINED) {
		if (class != SEEP_LEDGER_HEAP && class != SEEP_LEDGER_SEEP && profile->ledger[sum->rows[0]].name[0])
			buffer_printf(out, ": %s", row_name(&profile->ledger[sum->rows[0]]));
		return;
	}
	for (; shown < sum->row_count && shown < names; shown++) {
		const struct profile_ledger_row *row = &profile->ledger[sum->rows[shown]];
		if (row_resident(row) == 0)
			break;
		buffer_append_text(out, shown ? ", " : ": ");
		row_append(out, row);
	}
	if (shown && shown < sum->row_count)
		buffer_printf(out, ", %u more", sum->row_count - shown);
}

void account_class_words(struct buffer *out, const struct account *account, enum seep_ledger_class class,
			 uint32_t names)
{
	const double huge = account->classes[class].huge;

	names_append(out, account, class, names);
	if (huge > 0 && class != SEEP_LEDGER_HUGE)
		buffer_printf(out, "; %s in huge pages", quantity_bytes(huge).text);
}

void account_charge_append(struct buffer *out, const struct account *account)
{
	static const struct {
		enum seep_memory_key key;
		const char *before, *after;
	} parts[] = {
	    {SEEP_MEMORY_GROUP, "cgroup ", ""},          {SEEP_MEMORY_GROUP_ANON, ": ", " anonymous"},
	    {SEEP_MEMORY_GROUP_FILE, ", ", " files"},    {SEEP_MEMORY_GROUP_SHARED, " (", " of it shared memory)"},
	    {SEEP_MEMORY_GROUP_KERNEL, ", ", " kernel"}, {SEEP_MEMORY_GROUP_SWAP, "; swapped out ", ""}};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const double value = account_charge(account, parts[i].key);
		const bool is_needed = value > 0 || (i < 3 && value == 0);
		if (isnan(account_charge(account, SEEP_MEMORY_GROUP)) || !is_needed)
			continue;
		buffer_printf(out, "%s%s%s", parts[i].before, quantity_bytes(value).text, parts[i].after);
	}
}

static void sum_sentence(struct buffer *out, const struct account *account)
{
	const double difference = account->resident - account->rss;

	buffer_printf(out, "The classes add up to %s", quantity_bytes(account->resident).text);
	if (fabs(difference) <= account->rss * share_worth_saying / 100)
		buffer_append_text(out, ", as RSS does");
	else
		buffer_printf(out, ", %s %s than RSS", quantity_bytes(fabs(difference)).text,
			      difference > 0 ? "more" : "less");
	if (account->rss_change > 0)
		buffer_printf(out, ", which changed by %s while the pages were counted",
			      quantity_bytes(account->rss_change).text);
	buffer_append_text(out, ".");
}

static void shared_sentence(struct buffer *out, const struct account *account)
{
	if (account->profile->part_count)
		buffer_append_text(
		    out, " What processes share (libraries, shared memory, and what a child has not written to "
			 "since) is in memory once, and counts in each of them.");
}

static void unread_sentence(struct buffer *out, const struct account *account)
{
	double unread = 0;

	for (uint32_t class = 0; class < SEEP_LEDGER_CLASSES; class ++)
		unread += account->classes[class].unread;
	if (unread > 0)
		buffer_printf(out, " Of %s that are mapped, seep could not see in time how much is in memory.",
			      quantity_bytes(unread).text);
}

static void unexplained_sentence(struct buffer *out, const struct account *account)
{
	if (account->unexplained > account->rss * share_worth_saying)
		buffer_printf(out, " %s (%s of RSS) is private memory of which seep knows nothing more.",
			      quantity_bytes(account->unexplained).text,
			      quantity_share(account->unexplained, account->rss).text);
}

/* Says which calls mapped it, unless most of it has no row: it was mapped before the recording began, or by system
 * calls that go past the C library. */
static const char *calls_of_own(const struct profile *profile, double own)
{
	const bool is_known = profile->rate && profile->memory_known >> SEEP_MEMORY_MAPPINGS & 1;

	if (!is_known)
		return "";
	return (double)profile->memory[SEEP_MEMORY_MAPPINGS] >= own / 2
		   ? "; seep report --residency --mappings says by which calls"
		   : ", and most of it was mapped by calls that seep did not see";
}

static void given_back_sentence(struct buffer *out, const struct account *account)
{
	const double bytes = account->given_back;

	if (bytes > account->rss * rest_worth_saying && bytes > bytes_worth_saying)
		buffer_printf(out,
			      " %s (%s of RSS) is free already: it was given back by madvise(MADV_FREE), and the "
			      "kernel takes it where memory is needed. That is not a leak.",
			      quantity_bytes(bytes).text, quantity_share(bytes, account->rss).text);
}

static void own_sentence(struct buffer *out, const struct account *account)
{
	const double own = account->classes[SEEP_LEDGER_OWN].resident;

	if (own > account->rss * rest_worth_saying)
		buffer_printf(out,
			      " %s (%s of RSS) was mapped by the program or a library itself, past malloc: pools, "
			      "collected heaps, caches. Numbers of memory in use leave it out%s.",
			      quantity_bytes(own).text, quantity_share(own, account->rss).text,
			      calls_of_own(account->profile, own));
}

/* Files and shared memory are not the program's own: what they take up is no leak of its own either. */
static void files_sentence(struct buffer *out, const struct account *account)
{
	static const struct {
		enum seep_ledger_class class;
		const char *what;
	} all[] = {{SEEP_LEDGER_FILE, "in files that the program has mapped: where memory is needed, the kernel takes "
				      "back what is in the file, too. That is not a leak."},
		   {SEEP_LEDGER_SHARED,
		    "shared memory: it counts in every process that maps it, and goes when the last "
		    "one has let go of it and nothing names it."}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const double bytes = account->classes[all[i].class].resident;
		if (bytes > account->rss * files_worth_saying && bytes > bytes_worth_saying)
			buffer_printf(out, " %s (%s of RSS) is %s", quantity_bytes(bytes).text,
				      quantity_share(bytes, account->rss).text, all[i].what);
	}
}

/* The answer where nothing else is worth a sentence. */
static void most_sentence(struct buffer *out, const struct account *account)
{
	const struct account_class *sums = account->classes;
	const double modules = sums[SEEP_LEDGER_PROGRAM].resident + sums[SEEP_LEDGER_LIBRARY].resident;
	const double in_use = heap_in_use(account);

	if (in_use > account->rss / 2)
		buffer_printf(out, " Most of it is in use: %s of blocks (%s of RSS)%s.", quantity_bytes(in_use).text,
			      quantity_share(in_use, account->rss).text,
			      account->profile->rate ? "; seep report says what asked for them" : "");
	else if (modules > account->rss / 2)
		buffer_printf(out, " Most of it is the program and its libraries (%s of RSS).",
			      quantity_share(modules, account->rss).text);
}

static void blocks_sentence(struct buffer *out, const struct account *account)
{
	const struct account_heap *heap = &account->heap;

	if (heap->is_known && heap->blocks_unread > 0)
		buffer_printf(out, " %s sampled blocks count as in memory, since nobody could look at them in time.",
			      quantity_count(heap->blocks_unread).text);
}

static void recorded_sentence(struct buffer *out, const struct account *account)
{
	if (account->profile->rate)
		return;
	if (account->profile->part_count)
		buffer_append_text(out, " Not all of them are recorded, so nobody knows what asked for the heap.");
	else if (account->classes[SEEP_LEDGER_SEEP].resident > 0)
		buffer_printf(out,
			      " libseep.so is in the process, but records nothing: no allocation was sampled yet, or "
			      "seep detach has ended its recording.");
	else
		buffer_printf(
		    out, " The process is not recorded, so nobody knows what asked for the heap: seep attach %llu.",
		    (unsigned long long)account->profile->pid);
}

void account_sum_sentences(struct buffer *out, const struct account *account)
{
	sum_sentence(out, account);
	shared_sentence(out, account);
	unread_sentence(out, account);
	heap_asked_sentence(out, account);
}

void account_sentences(struct buffer *out, const struct account *account)
{
	given_back_sentence(out, account);
	own_sentence(out, account);
	files_sentence(out, account);
	unexplained_sentence(out, account);
	heap_sentences(out, account);
	if (out->length == 0)
		most_sentence(out, account);
	blocks_sentence(out, account);
	recorded_sentence(out, account);
}

struct change {
	enum seep_ledger_class class;
	double bytes;
};

static int change_compare(const void *left, const void *right)
{
	const double a = fabs(((const struct change *)left)->bytes), b = fabs(((const struct change *)right)->bytes);

	return (a < b) - (a > b);
}

/* " (free, whole pages +15.0 MiB)" */
static void kept_append(struct buffer *out, const struct memory_growth *growth, double least)
{
	const char *between = " (";

	for (int part = 0; part < KEPT_PARTS; part++) {
		const double bytes = memory_growth_of_kept(growth, (enum kept_part)part);
		if (fabs(bytes) < least)
			continue;
		buffer_printf(out, "%s%s %s", between, kept_parts[part].name, quantity_signed_bytes(bytes).text);
		between = "; ";
	}
	if (between[0] == ';')
		buffer_append_byte(out, ')');
}

/* ": heap +20.0 MiB, unexplained +10.1 MiB", the largest first. Of the heap, either everything counts or only what is
 * not in use. Returns the largest. */
static enum seep_ledger_class classes_append(struct buffer *out, const struct memory_growth *growth, bool rest_of_heap)
{
	const double least = fmax(change_worth_saying, fabs(memory_growth_of_rss(growth)) * rest_worth_saying);
	struct change changes[ACCOUNT_ORDER_COUNT];

	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++) {
		const enum seep_ledger_class class = account_order[i];
		changes[i] = (struct change){class, memory_growth_of(growth, class)};
		if (class == SEEP_LEDGER_HEAP && rest_of_heap)
			changes[i].bytes = memory_growth_of_rest(growth);
	}
	qsort(changes, ACCOUNT_ORDER_COUNT, sizeof *changes, change_compare);
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT && fabs(changes[i].bytes) >= least; i++) {
		const bool is_rest = changes[i].class == SEEP_LEDGER_HEAP && rest_of_heap;
		buffer_printf(out, "%s%s %s", i ? ", " : ": ",
			      is_rest ? "heap that is not in use, kept by the allocator or touched late,"
				      : classes[changes[i].class].name,
			      quantity_signed_bytes(changes[i].bytes).text);
		if (changes[i].class == SEEP_LEDGER_HEAP)
			kept_append(out, growth, least);
	}
	return changes[0].class;
}

void memory_growth_append(struct buffer *out, const struct memory_growth *growth)
{
	if (growth->before.is_known != growth->after.is_known) {
		buffer_printf(out, "Where else RSS changed is not known: %s holds no record of the process's mappings.",
			      growth->before.is_known ? "AFTER" : "BEFORE");
		return;
	}
	if (!growth->is_known || fabs(memory_growth_of_rss(growth)) < change_worth_saying)
		return;
	buffer_printf(out, "RSS %s", quantity_signed_bytes(memory_growth_of_rss(growth)).text);
	if (growth->is_of_others)
		buffer_printf(out, " from %s to %s", quantity_duration((double)growth->from_ns).text,
			      quantity_duration((double)growth->to_ns).text);
	classes_append(out, growth, false);
}

void memory_elsewhere_append(struct buffer *out, const struct memory_growth *growth)
{
	const struct interval in_use = growth->in_use_interval;

	if (!memory_growth_is_elsewhere(growth))
		return;
	buffer_printf(
	    out, "RSS grew by %s from %s to %s, and what is in use ", quantity_bytes(memory_growth_of_rss(growth)).text,
	    quantity_duration((double)(growth->from_ns)).text, quantity_duration((double)(growth->to_ns)).text);
	if (in_use.low < in_use.high)
		buffer_printf(out, "by %s [%s, %s]", quantity_signed_bytes(growth->in_use).text,
			      quantity_signed_bytes(in_use.low).text, quantity_signed_bytes(in_use.high).text);
	else if (growth->in_use == 0)
		buffer_append_text(out, "did not");
	else
		buffer_printf(out, "by %s", quantity_signed_bytes(growth->in_use).text);
	buffer_append_text(out, ": it grew elsewhere");
	const bool is_own = classes_append(out, growth, true) == SEEP_LEDGER_OWN;
	buffer_append_text(out, is_own ? " (seep report --residency --mappings says by which calls)"
				       : " (seep memory says more)");
}
