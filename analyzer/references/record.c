/* SPDX-License-Identifier: Apache-2.0 */
/* See record.h. */
#include "references/record.h"

#include <stdlib.h>

#include "target/extend.h"

static int finding_compare(const void *left, const void *right)
{
	const struct reference_finding *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/* Makes the section of those samples that were looked at and are still the same. */
static void section_make(struct buffer *section, const struct snapshot_view *view, const struct references *references)
{
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_LIVE); i++) {
		const struct seep_live live = snapshot_live(view, i);
		const struct reference_finding sought = {.address = live.address};
		const struct reference_finding *found =
		    references->count
			? bsearch(&sought, references->findings, references->count, sizeof sought, finding_compare)
			: NULL;
		if (!found || found->birth_ns != live.birth_ns)
			continue;
		const struct seep_referenced entry = {.address = live.address, .state = found->state};
		buffer_append(section, &entry, sizeof entry);
	}
}

static bool findings_add(struct snapshot_addition *addition, const struct snapshot_view *view, const void *context,
			 struct error *error)
{
	const struct references *references = context;
	const struct seep_value values[] = {
	    {SEEP_MEMORY_REFERENCES_TIME, 0, references->looked_ns},
	    {SEEP_MEMORY_REFERENCES_APART, 0, references->apart_ns},
	    {SEEP_MEMORY_REFERENCES_STOP, 0, references->longest_stop_ns},
	    {SEEP_MEMORY_REFERENCES_LOOKED, 0, references->scanned_bytes},
	    {SEEP_MEMORY_REFERENCES_UNREAD, 0, references->unread_bytes},
	    {SEEP_MEMORY_REFERENCES_HIDDEN, 0, references->hidden},
	};

	if (view->tables[SEEP_SECTION_REFERENCES].offset)
		return error_set(error, "%s: references have been looked for already", view->name);
	buffer_append(&addition->values, values, sizeof values);
	section_make(&addition->entries, view, references);
	addition->section =
	    (struct seep_section){.type = SEEP_SECTION_REFERENCES, .entry_bytes = sizeof(struct seep_referenced)};
	return true;
}

bool references_add(struct buffer *out, const void *snapshot, size_t bytes, const char *name,
		    const struct references *references, struct error *error)
{
	return snapshot_extend(out, snapshot, bytes, name, findings_add, references, error);
}

bool references_record(const char *directory, const char *name, const struct references *references,
		       struct error *error)
{
	return snapshot_file_extend(directory, name, findings_add, references, error);
}
