/* SPDX-License-Identifier: Apache-2.0 */
/* Adds to an existing snapshot: values for its section MEMORY, and a section that it lacks. */
#ifndef SEEP_TARGET_EXTEND_H
#define SEEP_TARGET_EXTEND_H

#include "base/buffer.h"
#include "reader/snapshot_reader.h"

struct snapshot_addition {
	struct buffer values;        /* struct seep_value; each replaces an existing value of the same key */
	struct buffer entries;       /* the section's */
	struct seep_section section; /* its type and the size of its entries; 0: no section is added */
};

/* Says what to add to this snapshot. False: nothing may be added; the error says why. */
typedef bool snapshot_adder(struct snapshot_addition *addition, const struct snapshot_view *view, const void *context,
			    struct error *error);

/* Makes the bytes of the snapshot with the addition. False: it is not a snapshot, or nothing was added. */
bool snapshot_extend(struct buffer *out, const void *snapshot, size_t bytes, const char *name, snapshot_adder *add,
		     const void *context, struct error *error);

/* The same in a recording: the file is replaced by a longer one with the same name and owner. */
bool snapshot_file_extend(const char *directory, const char *name, snapshot_adder *add, const void *context,
			  struct error *error);

#endif
