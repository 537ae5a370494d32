/* SPDX-License-Identifier: Apache-2.0 */
/* Words for where memory is: see account_words.h. */
#include "render/words/account_words.h"

#include <math.h>
#include <string.h>

#include "render/words/quantity.h"

static const double share_worth_saying = 0.02, rest_worth_saying = 0.1, bytes_worth_saying = 8 << 20;

const enum seep_ledger_class account_order[ACCOUNT_ORDER_COUNT] = {
    SEEP_LEDGER_HEAP,   SEEP_LEDGER_LIBRARY, SEEP_LEDGER_PROGRAM,  SEEP_LEDGER_FILE,
    SEEP_LEDGER_SHARED, SEEP_LEDGER_STACK,   SEEP_LEDGER_CODE,     SEEP_LEDGER_SEEP,
    SEEP_LEDGER_KERNEL, SEEP_LEDGER_HUGE,    SEEP_LEDGER_RESERVED, SEEP_LEDGER_UNEXPLAINED};

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
    [SEEP_LEDGER_HUGE] = {"hugetlbfs, which RSS leaves out", "hugetlb"},
};

const char *account_class_key(enum seep_ledger_class class)
{
	return classes[class].key;
}

static double row_resident(const struct profile_ledger_row *row)
{
	return (double)row->anonymous_bytes + (double)row->file_bytes;
}

static const char *short_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

static const char *row_name(const struct profile_ledger_row *row)
{
	if (row->name[0])
		return short_name(row->name);
	return row->ledger_class == SEEP_LEDGER_UNEXPLAINED ? "private memory without a name" : "without a name";
}

void account_class_words(struct buffer *out, const struct account *account, enum seep_ledger_class class,
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
		buffer_printf(out, "%s %s %s", shown ? "," : ":", row_name(row),
			      quantity_bytes(row_resident(row)).text);
	}
	if (shown && shown < sum->row_count)
		buffer_printf(out, ", %u more", sum->row_count - shown);
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

static void unread_sentence(struct buffer *out, const struct account *account)
{
	double unread = 0;

	for (uint32_t class = 0; class < SEEP_LEDGER_CLASSES; class ++)
		unread += account->classes[class].unread;
	if (unread > 0)
		buffer_printf(out, " Of %s that is mapped nobody could see in time what is in memory.",
			      quantity_bytes(unread).text);
}

static void unexplained_sentence(struct buffer *out, const struct account *account)
{
	if (account->unexplained > account->rss * share_worth_saying)
		buffer_printf(out,
			      " %s (%s of RSS) is private memory of which seep knows nothing more: the program or a "
			      "library has mapped it itself.",
			      quantity_bytes(account->unexplained).text,
			      quantity_share(account->unexplained, account->rss).text);
}

static void rest_sentence(struct buffer *out, const struct account *account)
{
	const struct account_heap *heap = &account->heap;
	const char *allocator = account->profile->allocator && account->profile->allocator[0]
				    ? account->profile->allocator
				    : "the allocator";

	if (!heap->is_known)
		return;
	if (heap->rest_interval.low > bytes_worth_saying && heap->rest_interval.low > account->rss * rest_worth_saying)
		buffer_printf(out,
			      " At least %s of the heap is in memory and not in use: blocks that the program has freed "
			      "and that %s keeps, and what %s needs for itself. That is no leak.",
			      quantity_bytes(heap->rest_interval.low).text, allocator, allocator);
	if (heap->blocks_unread > 0)
		buffer_printf(out, " %s sampled blocks count as in memory, since nobody could look at them in time.",
			      quantity_count(heap->blocks_unread).text);
}

void account_sentences(struct buffer *out, const struct account *account)
{
	sum_sentence(out, account);
	unread_sentence(out, account);
	unexplained_sentence(out, account);
	rest_sentence(out, account);
}
