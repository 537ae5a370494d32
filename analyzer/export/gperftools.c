/* SPDX-License-Identifier: Apache-2.0 */
/* gperftools' heap profile: counts and stacks of addresses, then the modules as /proc/self/maps lists them. It is
 * marked "@ heapprofile", without a rate, because the values are estimates already and a reader must not scale them. */
#include <inttypes.h>
#include <math.h>

#include "export/export.h"
#include "reader/elf_bias.h"
#include "tree/call_tree.h"

enum { STEP_BACK = 1 };

static void values_append(struct buffer *out, const double values[CALL_VALUE_COUNT])
{
	buffer_printf(out, "%.0f: %.0f [%.0f: %.0f]", round(values[CALL_INUSE_OBJECTS]),
		      round(values[CALL_INUSE_SPACE]), round(values[CALL_ALLOC_OBJECTS]),
		      round(values[CALL_ALLOC_SPACE]));
}

/* Readers take all addresses but the leaf for return addresses and step back by one; they take the leaf as it is. */
static uint64_t stack_address(const struct profile *profile, const struct profile_location *location, bool is_leaf)
{
	const uint64_t address = location->address + profile->modules[location->module].bias;

	if (is_leaf)
		return location->exact || !address ? address : address - STEP_BACK;
	return location->exact ? address + STEP_BACK : address;
}

static void mapping_append(struct buffer *out, uint64_t start, uint64_t bytes, uint64_t file_offset, const char *path)
{
	buffer_printf(out, "%08" PRIx64 "-%08" PRIx64 " r-xp %08" PRIx64 " 00:00 0 %s\n", start, start + bytes,
		      file_offset, path);
}

/* Lists only the code, as it was mapped: from it, readers take the difference between an address and its place in the
 * file. If the file is not at hand, the whole module stands for its code, which is right for the output of GNU's
 * linkers. */
static void modules_append(struct buffer *out, const struct profile *profile)
{
	struct elf_code codes[ELF_CODES_MAX];

	buffer_append_text(out, "\nMAPPED_LIBRARIES:\n");
	for (uint32_t i = 1; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		const uint32_t count = elf_code_find(module->path, codes);
		for (uint32_t k = 0; k < count; k++)
			mapping_append(out, module->bias + codes[k].address, codes[k].bytes, codes[k].file_offset,
				       module->path);
		if (count == 0 && module->end > module->start)
			mapping_append(out, module->start, module->end - module->start, 0, module->path);
	}
}

void export_gperftools(struct buffer *out, const struct profile *profile)
{
	double totals[CALL_VALUE_COUNT] = {0};

	for (uint32_t i = 0; i < profile->site_count; i++)
		for (int value = 0; value < CALL_VALUE_COUNT; value++)
			totals[value] += round(call_value_of(&profile->sites[i], value));
	buffer_append_text(out, "heap profile: ");
	values_append(out, totals);
	buffer_append_text(out, " @ heapprofile\n");
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		double values[CALL_VALUE_COUNT];
		for (int value = 0; value < CALL_VALUE_COUNT; value++)
			values[value] = call_value_of(site, value);
		values_append(out, values);
		buffer_append_text(out, " @");
		for (uint32_t node = site->node; node; node = profile->nodes[node].parent)
			buffer_printf(out, " 0x%08" PRIx64,
				      stack_address(profile, &profile->locations[profile->nodes[node].location],
						    node == site->node));
		buffer_append_text(out, site->depth ? "\n" : " 0x00000000\n");
	}
	modules_append(out, profile);
}
