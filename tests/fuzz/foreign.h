/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the targets for other tools' formats: if a reader accepts a profile, its indices must be valid and its
 * texts printable. */
#ifndef TESTS_FUZZ_FOREIGN_H
#define TESTS_FUZZ_FOREIGN_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile_private.h"
#include "foreign/foreign_profile.h"
#include "tree/call_tree.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static inline void profile_check(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		must(location->module < profile->module_count, "a location has no module");
		for (uint32_t k = 0; k < location->line_count; k++)
			must(strlen(location->lines[k].function) > 0, "a line has no name");
	}
	for (uint32_t i = 0; i < profile->site_count; i++) {
		must(profile->sites[i].depth <= FOREIGN_DEPTH_MAX, "a stack is too deep");
		for (uint32_t node = profile->sites[i].node; node; node = profile->nodes[node].parent) {
			must(profile->nodes[node].parent < node, "a caller does not precede its callee");
			must(profile->nodes[node].location < profile->location_count, "a frame has no location");
		}
		for (int value = 0; value < CALL_VALUE_COUNT; value++)
			must(call_value_of(&profile->sites[i], value) >= 0, "a value is negative or no number");
	}
}

/* Reads the input if it is of this format. */
static inline void foreign_read_moment(enum foreign_format format, const struct foreign_moment *moment,
				       const uint8_t *data, size_t size)
{
	struct foreign_profile foreign;
	struct error error;

	if (foreign_profile_recognize(data, size) != format ||
	    !foreign_profile_read(&foreign, format, "fuzz", data, size, moment, &error))
		return;
	struct profile *profile = profile_from_foreign(&foreign, "fuzz");
	profile_check(profile);
	profile_free(profile);
	foreign_profile_free(&foreign);
}

static inline void foreign_read(enum foreign_format format, const uint8_t *data, size_t size)
{
	foreign_read_moment(format, &(struct foreign_moment){0}, data, size);
}

/* For formats of text: mutates, then puts the head back that the format is told by, but for one input in eight. */
static inline size_t text_mutate(const char *head, uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t length = strlen(head);

	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 8 && size >= length)
		memcpy(data, head, length);
	return size;
}

#endif
