/* SPDX-License-Identifier: Apache-2.0 */
/* Findings become a part of a snapshot: its sections REFERENCES and MEMORY. */
#ifndef SEEP_REFERENCES_RECORD_H
#define SEEP_REFERENCES_RECORD_H

#include "base/buffer.h"
#include "references/references.h"

/* The snapshot with them, as bytes. False: it is none, or has some already. */
bool references_add(struct buffer *out, const void *snapshot, size_t bytes, const char *name,
		    const struct references *references, struct error *error);

/* The same in a recording: the file is replaced by one that has more, under the same name and of the same owner. */
bool references_record(const char *directory, const char *name, const struct references *references,
		       struct error *error);

#endif
