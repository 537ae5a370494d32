/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The closure of DT_NEEDED, from the program and from ourselves. All modules that
 * are loaded when our constructor runs would be too many: another library's
 * constructor may have opened some of them, and may close them again.
 */
#include "shim/walker/walker_permanent.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "keeper/base/syscall.h"
#include "shim/sample/memory_probe.h"

#define CANDIDATES 512 /* few programs have more libraries; the others are asked about, as if they could go */

struct candidate {
	struct permanent_module module;
	const char *name;       /* the name that the loader has */
	const char *strings;    /* the strings of its dynamic section; NULL: none */
	const char *own_name;   /* DT_SONAME, or NULL */
	const Elf64_Dyn *needs; /* its dynamic section */
	bool marked, followed;
};

/* Only the constructor uses it. */
static struct candidate candidates[CANDIDATES];
static unsigned candidate_count;

static void segment_note(struct candidate *candidate, const struct dl_phdr_info *info, const Elf64_Phdr *segment)
{
	struct permanent_module *module = &candidate->module;
	uintptr_t start = info->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
	if (segment->p_type == PT_GNU_EH_FRAME)
		module->eh_frame_header = start;
	if (segment->p_type == PT_DYNAMIC)
		candidate->needs = (const Elf64_Dyn *)start;
	if (segment->p_type != PT_LOAD)
		return;
	module->start = start < module->start ? probe_page_of(start) : module->start;
	module->end = end > module->end ? end : module->end;
	if (segment->p_flags & PF_X)
		module->code = start;
}

/* The segment that its unwind tables are in; the gaps beside it may be unmapped. */
static void tables_note(struct permanent_module *module, const struct dl_phdr_info *info)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
		if (segment->p_type != PT_LOAD || module->eh_frame_header < start || module->eh_frame_header >= end)
			continue;
		module->tables_start = start;
		module->tables_end = end;
		return;
	}
	module->eh_frame_header = 0;
}

/* The loader has made the address of the strings absolute, except the vDSO's, which needs nothing and which nobody
 * needs. */
static void names_note(struct candidate *candidate)
{
	uintptr_t own_name = 0, strings = 0;
	for (const Elf64_Dyn *entry = candidate->needs; entry && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_STRTAB)
			strings = entry->d_un.d_ptr;
		else if (entry->d_tag == DT_SONAME)
			own_name = entry->d_un.d_val;
	}
	if (strings < candidate->module.start || strings >= candidate->module.end)
		return;
	candidate->strings = (const char *)strings;
	candidate->own_name = own_name ? candidate->strings + own_name : NULL;
}

static int candidate_add(struct dl_phdr_info *info, size_t bytes, void *context)
{
	(void)bytes;
	(void)context;
	if (candidate_count == CANDIDATES)
		return 1;
	struct candidate *candidate = &candidates[candidate_count];
	*candidate = (struct candidate){.module = {.start = UINTPTR_MAX}, .name = info->dlpi_name};
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		segment_note(candidate, info, &info->dlpi_phdr[i]);
	if (candidate->module.start >= candidate->module.end || !candidate->module.code)
		return 0;
	tables_note(&candidate->module, info);
	names_note(candidate);
	uintptr_t self = (uintptr_t)permanent_modules_find;
	candidate->marked = candidate_count == 0 || strncmp(candidate->name, "linux-vdso", 10) == 0 ||
			    (self >= candidate->module.start && self < candidate->module.end);
	candidate_count++;
	return 0;
}

static bool is_called(const struct candidate *candidate, const char *name)
{
	const char *slash = strrchr(candidate->name, '/');
	return strcmp(candidate->name, name) == 0 || (slash && strcmp(slash + 1, name) == 0) ||
	       (candidate->own_name && strcmp(candidate->own_name, name) == 0);
}

static void needs_mark(const struct candidate *candidate)
{
	for (const Elf64_Dyn *entry = candidate->needs; entry->d_tag != DT_NULL; entry++) {
		for (unsigned i = 0; entry->d_tag == DT_NEEDED && i < candidate_count; i++)
			candidates[i].marked |= is_called(&candidates[i], candidate->strings + entry->d_un.d_val);
	}
}

void permanent_modules_find(void (*found)(const struct permanent_module *module))
{
	candidate_count = 0;
	dl_iterate_phdr(candidate_add, NULL);
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < candidate_count; i++) {
			struct candidate *candidate = &candidates[i];
			if (!candidate->marked || candidate->followed)
				continue;
			candidate->followed = more = true;
			if (candidate->strings)
				needs_mark(candidate);
		}
	}
	for (unsigned i = 0; i < candidate_count; i++) {
		if (candidates[i].marked)
			found(&candidates[i].module);
	}
}
