/* SPDX-License-Identifier: Apache-2.0 */
/* See core_identity.h. */
#include "coredump/core_identity.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "files/path.h"
#include "keeper/elf/build_id.h"

enum { PAGE = 4096 };

enum likeness { LIKENESS_NONE, LIKENESS_SAME, LIKENESS_OTHER };

/* Compares by the module's first page, which a core dump has of most modules. */
static enum likeness build_id_compare(const struct core_dump *core, const struct profile_module *module)
{
	_Alignas(8) char page[PAGE];
	Elf64_Ehdr header;

	if (!module->build_id_bytes || !core_dump_read(core, module->start, page, sizeof page))
		return LIKENESS_NONE;
	memcpy(&header, page, sizeof header);
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(Elf64_Phdr))
		return LIKENESS_NONE;
	for (uint64_t i = 0;
	     i < header.e_phnum && header.e_phoff <= PAGE && header.e_phoff + (i + 1) * sizeof(Elf64_Phdr) <= PAGE;
	     i++) {
		Elf64_Phdr segment;
		uint32_t bytes;
		memcpy(&segment, page + header.e_phoff + i * sizeof segment, sizeof segment);
		if (segment.p_type != PT_NOTE || segment.p_offset % 4 || segment.p_offset > PAGE ||
		    segment.p_filesz > PAGE - segment.p_offset)
			continue;
		const uint8_t *found = build_id_find(page + segment.p_offset, segment.p_filesz, &bytes);
		if (found)
			return bytes == module->build_id_bytes && memcmp(found, module->build_id, bytes) == 0
				   ? LIKENESS_SAME
				   : LIKENESS_OTHER;
	}
	return LIKENESS_NONE;
}

static enum likeness module_compare(const struct core_dump *core, const struct profile_module *module)
{
	const struct core_segment *segment = core_dump_segment(core, module->start);
	const enum likeness by_id = build_id_compare(core, module);

	if (by_id != LIKENESS_NONE || !segment || !segment->file[0] || !module->path[0])
		return by_id;
	return strcmp(path_base_name(segment->file), path_base_name(module->path)) == 0 ? LIKENESS_SAME
											: LIKENESS_OTHER;
}

bool core_is_of_process(const struct core_dump *core, const struct profile *profile, struct error *error)
{
	size_t same = 0;

	if (core->pid && (uint64_t)core->pid != profile->pid)
		return error_set(error, "%s: is of process %d, and the recording of %" PRIu64, core->name,
				 (int)core->pid, profile->pid);
	for (uint32_t i = 1; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		const bool was_there = module->start && !(module->flags & (SEEP_MODULE_UNLOADED | SEEP_MODULE_VDSO));
		const enum likeness likeness = was_there ? module_compare(core, module) : LIKENESS_NONE;
		if (likeness == LIKENESS_OTHER)
			return error_set(error, "%s: is of another process: it has something else where %s was",
					 core->name, path_base_name(module->path));
		same += likeness == LIKENESS_SAME;
	}
	return same ||
	       error_set(error, "%s: is of another process: nothing lies where the recording has modules", core->name);
}
