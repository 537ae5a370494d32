/* SPDX-License-Identifier: Apache-2.0 */
/* From a section of a snapshot to a table of its view: the kinds of sections, and the unpacking of compact ones. */
#ifndef SEEP_READER_SNAPSHOT_READER_PRIVATE_H
#define SEEP_READER_SNAPSHOT_READER_PRIVATE_H

#include "reader/snapshot_reader.h"

/* The name of a section for messages; `number` is room for the name of an unknown one. */
const char *snapshot_section_title(const struct seep_section *section, char number[static 16]);

/* Makes a section, if it is of a known kind, a table of the view. `at` is the offset of its entry in the section table. */
bool snapshot_section_enter(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
			    struct error *error);

/* Has the file all sections without which there is no snapshot? */
bool snapshot_sections_are_there(const struct snapshot_view *view, struct error *error);

#endif
