/* SPDX-License-Identifier: Apache-2.0 */
/* Writes findings into a snapshot: its sections REFERENCES and MEMORY. */
#ifndef SEEP_REFERENCES_RECORD_H
#define SEEP_REFERENCES_RECORD_H

#include "base/buffer.h"
#include "references/references.h"

/* Makes the bytes of the snapshot with the findings. False: it is not a snapshot, or has findings already. */
bool references_add(struct buffer *out, const void *snapshot, size_t bytes, const char *name,
		    const struct references *references, struct error *error);

/* The same in a recording: the file is replaced by a longer one with the same name and owner. */
bool references_record(const char *directory, const char *name, const struct references *references,
		       struct error *error);

#endif
