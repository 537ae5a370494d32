/* SPDX-License-Identifier: Apache-2.0 */
/* Puts more into a snapshot that there is: values of its section MEMORY, and a section that it lacks. */
#ifndef SEEP_TARGET_EXTEND_H
#define SEEP_TARGET_EXTEND_H

#include "base/buffer.h"
#include "reader/snapshot_reader.h"

struct snapshot_addition {
	struct buffer values;        /* struct seep_value; one of a key that is there takes its place */
	struct buffer entries;       /* of the section */
	struct seep_section section; /* its type and the size of its entries; 0: there is none */
};

/* What to add to this snapshot. False: nothing may be; the error says why. */
typedef bool snapshot_adder(struct snapshot_addition *addition, const struct snapshot_view *view, const void *context,
			    struct error *error);

/* The snapshot with it, as bytes. False: it is none, or nothing is added to it. */
bool snapshot_extend(struct buffer *out, const void *snapshot, size_t bytes, const char *name, snapshot_adder *add,
		     const void *context, struct error *error);

/* The same in a recording: the file is replaced by one that has more, under the same name and of the same owner. */
bool snapshot_file_extend(const char *directory, const char *name, snapshot_adder *add, const void *context,
			  struct error *error);

#endif
