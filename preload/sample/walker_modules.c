/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Module instances: see walker_modules.h.
 */
#include "sample/walker_modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "base/atomics.h"
#include "sample/memory_probe.h"
#include "sample/walker_rule.h"

#define PROBES 16u

/* struct dl_find_object of glibc 2.35 and later, whose layout is fixed; spelled out to build on older ones. */
struct found_object {
	unsigned long long flags;
	uintptr_t start, end;
	void *link_map;
	uintptr_t eh_frame_header;
	unsigned long long reserved[7];
};

enum instance_state { INSTANCE_EMPTY, INSTANCE_WRITING, INSTANCE_READY };

struct instance {
	seep_atomic32 state;
	uintptr_t start, end, eh_frame_header;
	void *link_map;
	uintptr_t build_id_address;
	uint64_t build_id; /* its first 8 bytes: a hash */
};

static int (*find_object)(void *address, struct found_object *result);
static void *permanent[3]; /* link maps: the program, the C library, the loader; written in the constructor */
static const struct r_debug *loader_state;
static uintptr_t program_start, program_end, program_code;
static struct instance instances[RULE_INSTANCES]; /* entry 0 unused; bss, touched as modules come */
static seep_atomic32 instance_count;

static bool object_at(uintptr_t address, struct found_object *object)
{
	return find_object((void *)address, object) == 0;
}

/* The first module in the list is the program. Its segments need not be one range: a hole between them makes
 * `_dl_find_object` give the range of one segment, without the unwind tables. */
static int find_program(struct dl_phdr_info *info, size_t bytes, void *ignored)
{
	(void)bytes;
	(void)ignored;
	program_start = UINTPTR_MAX;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
		if (header->p_type != PT_LOAD)
			continue;
		program_start = start < program_start ? start : program_start;
		program_end = end > program_end ? end : program_end;
		if (header->p_flags & PF_X)
			program_code = start;
	}
	return 1;
}

bool modules_bind(void)
{
	struct found_object object;
	*(void **)&find_object = dlsym(RTLD_DEFAULT, "_dl_find_object");
	if (!find_object)
		return false;
	dl_iterate_phdr(find_program, NULL);
	const uintptr_t addresses[] = {program_code, (uintptr_t)dlsym(RTLD_DEFAULT, "gnu_get_libc_version"),
				       (uintptr_t)dlsym(RTLD_DEFAULT, "__tls_get_addr")};
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		permanent[i] = addresses[i] && object_at(addresses[i], &object) ? object.link_map : NULL;
	/* the loader's own: a program that refers to it has a copy, which nobody keeps up to date */
	const struct r_debug *state = dlsym(RTLD_DEFAULT, "_r_debug");
	if (state && object_at((uintptr_t)state, &object) && object.link_map == permanent[2])
		loader_state = state;
	return permanent[0] && permanent[1] && permanent[2];
}

/* r_version above 1: there are namespaces (dlmopen) whose state is told elsewhere. */
bool modules_settled(void)
{
	if (!loader_state)
		return false;
	int state = __atomic_load_n((const int *)&loader_state->r_state, __ATOMIC_ACQUIRE);
	return state != RT_DELETE && __atomic_load_n(&loader_state->r_version, __ATOMIC_RELAXED) == 1;
}

static bool object_is_permanent(const struct found_object *object)
{
	return object->link_map == permanent[0] || object->link_map == permanent[1] || object->link_map == permanent[2];
}

/* The descriptor of NT_GNU_BUILD_ID in a range of notes; 0: none. */
static uintptr_t find_build_id_note(uintptr_t at, uintptr_t end)
{
	while (end - at >= sizeof(Elf64_Nhdr) && at < end) {
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)at;
		uint64_t name_bytes = (note->n_namesz + UINT64_C(3)) & ~UINT64_C(3);
		uint64_t descriptor_bytes = (note->n_descsz + UINT64_C(3)) & ~UINT64_C(3);
		uint64_t left = end - at - sizeof *note;
		if (name_bytes > left || descriptor_bytes > left - name_bytes)
			return 0;
		uintptr_t descriptor = at + sizeof *note + name_bytes;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && note->n_descsz >= sizeof(uint64_t) &&
		    memcmp((const char *)(note + 1), "GNU", 4) == 0)
			return descriptor;
		at = descriptor + descriptor_bytes;
	}
	return 0;
}

/* Where the module's build id lies; 0: none. Only in the module's first page, where linkers put it: that page can be
 * read in any module that might be there later, whatever holes its range has. */
static uintptr_t find_build_id(const struct found_object *object)
{
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)object->start;
	if (object->end - object->start < PROBE_PAGE || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf->e_phentsize != sizeof(Elf64_Phdr) ||
	    elf->e_phoff + (uint64_t)elf->e_phnum * sizeof(Elf64_Phdr) > PROBE_PAGE)
		return 0;
	const Elf64_Phdr *headers = (const Elf64_Phdr *)(object->start + elf->e_phoff);
	uintptr_t bias = 0;
	for (unsigned i = elf->e_phnum; i-- > 0;)
		if (headers[i].p_type == PT_LOAD)
			bias = object->start - (headers[i].p_vaddr & ~(PROBE_PAGE - 1));
	for (unsigned i = 0; i < elf->e_phnum; i++) {
		uintptr_t notes = bias + headers[i].p_vaddr, end = notes + headers[i].p_filesz;
		if (headers[i].p_type != PT_NOTE || notes < object->start || end < notes ||
		    end > object->start + PROBE_PAGE)
			continue;
		uintptr_t found = find_build_id_note(notes, end);
		if (found)
			return found;
	}
	return 0;
}

static uint64_t read_build_id(uintptr_t address)
{
	uint64_t value;
	memcpy(&value, (const void *)address, sizeof value);
	return value;
}

/* Whether the loaded object is this instance; its build id is where the instance's was only if all else agrees. It lies
 * in the object's first page. */
static bool object_is_instance(const struct found_object *object, const struct instance *instance, bool careful)
{
	return load_acquire(&instance->state) == INSTANCE_READY && object->start == instance->start &&
	       object->end == instance->end && object->link_map == instance->link_map &&
	       object->eh_frame_header == instance->eh_frame_header &&
	       (!careful || probe_page_readable(object->start)) &&
	       read_build_id(instance->build_id_address) == instance->build_id;
}

static void instance_write(struct instance *instance, const struct found_object *object, uintptr_t build_id_address)
{
	instance->start = object->start;
	instance->end = object->end;
	instance->link_map = object->link_map;
	instance->eh_frame_header = object->eh_frame_header;
	instance->build_id_address = build_id_address;
	instance->build_id = read_build_id(build_id_address);
	add_relaxed(&instance_count, 1);
	store_release(&instance->state, INSTANCE_READY);
}

static uint32_t instance_find_or_add(const struct found_object *object, bool careful)
{
	uint32_t place = (uint32_t)((object->start >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 51);
	uintptr_t build_id_address = 0;
	for (unsigned probe = 0; probe < PROBES; probe++) {
		uint32_t index = (place + probe) % RULE_INSTANCES;
		struct instance *instance = &instances[index];
		if (index == MODULE_PERMANENT)
			continue;
		if (object_is_instance(object, instance, careful))
			return index;
		uint32_t empty = INSTANCE_EMPTY;
		if (load_relaxed(&instance->state) != INSTANCE_EMPTY)
			continue;
		if (!build_id_address && !(build_id_address = find_build_id(object)))
			return MODULE_UNNAMED;
		if (!atomic_compare_exchange_strong_explicit(&instance->state, &empty, INSTANCE_WRITING,
							     memory_order_relaxed, memory_order_relaxed))
			continue;
		instance_write(instance, object, build_id_address);
		return index;
	}
	return MODULE_UNNAMED;
}

bool module_at(uintptr_t address, bool careful, struct table_module *module, uint32_t *instance)
{
	struct found_object object;
	if (!object_at(address, &object))
		return false;
	*module =
	    (struct table_module){.start = object.start, .end = object.end, .eh_frame_header = object.eh_frame_header};
	if (object.link_map == permanent[0]) {
		module->start = program_start;
		module->end = program_end;
	}
	if (object_is_permanent(&object)) {
		*instance = MODULE_PERMANENT;
		return true;
	}
	if (careful && (!probe_page_readable(object.start) || memcmp((const void *)object.start, ELFMAG, SELFMAG) != 0))
		return false;
	module->careful = careful;
	*instance = instance_find_or_add(&object, careful);
	return true;
}

bool module_instance_is_at(uint32_t instance, uintptr_t address, bool careful)
{
	struct found_object object;
	return object_at(address, &object) && object_is_instance(&object, &instances[instance], careful);
}

uint32_t module_instance_count(void)
{
	return load_relaxed(&instance_count);
}
