/* SPDX-License-Identifier: Apache-2.0 */
/* From a verified snapshot to a profile: what it says of its process as a whole, and of blocks by their addresses. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile/lost.h"
#include "profile/profile_private.h"

enum { TEXT_LIMIT = 1024, KEYS = 64 };

void profile_fill_header(struct profile *profile, const struct snapshot_view *view)
{
	const struct seep_snapshot_header *header = &view->header;
	struct seep_process process = snapshot_process(view, 0);

	profile->source = string_pool_intern_safe(profile->strings, view->name, strlen(view->name), PROFILE_PATH_BYTES);
	profile->trigger = header->trigger < SEEP_TRIGGER_COUNT ? header->trigger : SEEP_TRIGGER_UNKNOWN;
	profile->number = header->number;
	profile->time_ns = header->time_ns;
	profile->flags = header->flags;
	profile->start_ns = process.start_ns;
	profile->start_unix_ns = process.start_unix_ns;
	profile->interval_ns = process.interval_ns;
	profile->is_of_mappings = snapshot_shows_mappings();
	profile->rate = profile->is_of_mappings ? 1 : process.rate;
	profile->pid = process.pid;
	profile->parent_pid = process.parent_pid;
	profile->start_ticks = process.start_ticks;
	memcpy(profile->boot_id, process.boot_id, sizeof profile->boot_id);
	profile->command = profile_text_from(profile, view, process.command, TEXT_LIMIT);
	profile->executable = profile_text_from(profile, view, process.executable, PROFILE_PATH_BYTES);
	profile->arguments = profile_text_from(profile, view, process.arguments, PROFILE_PATH_BYTES);
	profile->host = profile_text_from(profile, view, process.host, TEXT_LIMIT);
	profile->allocator = profile_text_from(profile, view, process.allocator, TEXT_LIMIT);
	profile->allocator_path = profile_text_from(profile, view, process.allocator_path, PROFILE_PATH_BYTES);
	profile->unwinder = profile_text_from(profile, view, process.unwinder, TEXT_LIMIT);
	profile->bypassed = profile_text_from(profile, view, process.bypassed, PROFILE_PATH_BYTES);
	profile->status = process.status;
	profile->has_samples = view->tables[SEEP_SECTION_LIVE].offset != 0;
	profile->has_lifetimes = view->tables[SEEP_SECTION_LIFETIMES].offset != 0;
}

/* Skips keys that only a newer seep knows. */
static void fill_values(struct profile *profile, const struct snapshot_view *view)
{
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_MEMORY); i++) {
		struct seep_value value = snapshot_memory(view, i);
		if (value.key < KEYS) {
			profile->memory[value.key] = value.value;
			profile->memory_known |= UINT64_C(1) << value.key;
		}
	}
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_LOSSES); i++) {
		struct seep_value value = snapshot_loss(view, i);
		if (value.key < KEYS && !(profile->is_of_mappings && loss_is_of_blocks((enum seep_loss_key)value.key)))
			profile->losses[value.key] = value.value;
	}
}

static void fill_ledger(struct profile *profile, const struct snapshot_view *view)
{
	const uint32_t count = snapshot_count(view, SEEP_SECTION_LEDGER);

	profile->ledger = count ? memory_allocate(count, sizeof *profile->ledger) : NULL;
	profile->ledger_count = count;
	for (uint32_t i = 0; i < count; i++) {
		const struct seep_ledger_row row = snapshot_ledger(view, i);
		profile->ledger[i] =
		    (struct profile_ledger_row){.ledger_class = snapshot_ledger_class(&row),
						.mappings = row.mappings,
						.name = profile_text_from(profile, view, row.name, PROFILE_PATH_BYTES),
						.virtual_bytes = row.virtual_bytes,
						.anonymous_bytes = row.anonymous_bytes,
						.file_bytes = row.file_bytes,
						.swapped_bytes = row.swapped_bytes,
						.huge_bytes = row.huge_bytes,
						.unread_bytes = row.unread_bytes};
	}
}

static int address_compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	_Static_assert(offsetof(struct seep_absence, address) == 0 && offsetof(struct seep_referenced, address) == 0,
		       "both kinds of entry begin with it");
	return (*a > *b) - (*a < *b);
}

static void fill_absences(struct profile *profile, const struct snapshot_view *view)
{
	const uint32_t count = snapshot_count(view, SEEP_SECTION_ABSENT);

	profile->absences = memory_allocate(count + 1u, sizeof *profile->absences);
	profile->absence_count = count;
	for (uint32_t i = 0; i < count; i++)
		profile->absences[i] = snapshot_absence(view, i);
	qsort(profile->absences, count, sizeof *profile->absences, address_compare);
}

/* A state that this reader does not know says nothing. */
static void fill_references(struct profile *profile, const struct snapshot_view *view)
{
	const uint32_t count = snapshot_count(view, SEEP_SECTION_REFERENCES);

	profile->references = count ? memory_allocate(count, sizeof *profile->references) : NULL;
	profile->reference_count = count;
	for (uint32_t i = 0; i < count; i++)
		profile->references[i] = snapshot_referenced(view, i);
	if (count)
		qsort(profile->references, count, sizeof *profile->references, address_compare);
}

void profile_fill_process(struct profile *profile, const struct snapshot_view *view)
{
	fill_values(profile, view);
	fill_ledger(profile, view);
	fill_absences(profile, view);
	fill_references(profile, view);
}
