/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one section of a file from its beginning to its end, and unpacks it if it is compressed. */
#ifndef SEEP_DWARF_DEBUG_SECTION_H
#define SEEP_DWARF_DEBUG_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gelf.h>

struct inflate_state; /* igzip's, which takes a fraction of zlib's time */

struct debug_section {
	int descriptor;
	uint64_t next, end;             /* the part of the file that is still to be read */
	uint64_t bytes, given;          /* unpacked bytes: in all, and so far */
	struct inflate_state *inflater; /* NULL: the section is not packed */
	unsigned char *input;
};

/* False: the section's compression is unknown, or it is damaged. */
bool debug_section_open(struct debug_section *section, int descriptor, const GElf_Shdr *header);
void debug_section_close(struct debug_section *section);

/* Reads exactly that many bytes more; false: there are fewer, or they can't be unpacked. */
bool debug_section_read(struct debug_section *section, void *data, size_t bytes);

#endif
