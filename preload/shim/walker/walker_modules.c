/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Module instances: see walker_modules.h.
 */
#include "shim/walker/walker_modules.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/elf/image.h"
#include "keeper/elf/build_id.h"
#include "shim/sample/memory_probe.h"
#include "shim/walker/walker_permanent.h"
#include "shim/walker/walker_rule.h"

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

#define PERMANENT_MODULES 512

struct permanent_entry {
	void *link_map;
	struct permanent_module module;
};

static int (*find_object)(void *address, struct found_object *result);
static struct permanent_entry permanent[PERMANENT_MODULES]; /* written in the constructor */
static unsigned permanent_count;
static const struct r_debug *loader_state;
static const void *loader;                        /* its link map */
static struct instance instances[RULE_INSTANCES]; /* entry 0 unused; bss, touched as modules come */
static seep_atomic32 instance_count;

static bool object_at(uintptr_t address, struct found_object *object)
{
	return find_object((void *)address, object) == 0;
}

static void permanent_add(const struct permanent_module *module)
{
	struct found_object object;
	if (permanent_count == PERMANENT_MODULES || !object_at(module->code, &object))
		return;
	permanent[permanent_count++] = (struct permanent_entry){.link_map = object.link_map, .module = *module};
}

static const struct permanent_module *permanent_of(const struct found_object *object)
{
	for (unsigned i = 0; i < permanent_count; i++) {
		if (permanent[i].link_map == object->link_map)
			return &permanent[i].module;
	}
	return NULL;
}

/* At least the program, the C library and the loader. */
bool modules_bind(void)
{
	struct found_object object;
	*(void **)&find_object = image_address(IMAGE_LIBC, "_dl_find_object");
	if (!find_object)
		return false;
	if (permanent_count)
		return true;
	permanent_modules_find(permanent_add);
	const void *const needed[] = {image_address(IMAGE_LIBC, "gnu_get_libc_version"),
				      image_address(IMAGE_LOADER, "__tls_get_addr")};
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		if (!needed[i] || !object_at((uintptr_t)needed[i], &object) || !permanent_of(&object))
			return false;
	}
	loader = object.link_map;
	/* the loader's own; a program that refers to it has a copy, which nobody updates */
	if (object_at((uintptr_t)&_r_debug, &object) && object.link_map == loader)
		loader_state = &_r_debug;
	return permanent_count > 2;
}

bool module_is_loader(uintptr_t address)
{
	struct found_object object;
	return loader && object_at(address, &object) && object.link_map == loader;
}

/* r_version is 2 once there are further namespaces (dlmopen). Each has a state of its own, in the loader's memory
 * (struct r_debug_extended, glibc 2.35). */
struct namespace_state {
	struct r_debug state;
	const struct namespace_state *next;
};

/* False while modules are being closed: looks must be careful then. */
static bool modules_settled(void)
{
	const struct namespace_state *each = (const struct namespace_state *)loader_state;
	if (!each)
		return false;
	bool several = __atomic_load_n(&each->state.r_version, __ATOMIC_RELAXED) > 1;
	for (; each; each = several ? __atomic_load_n(&each->next, __ATOMIC_ACQUIRE) : NULL) {
		if (__atomic_load_n((const int *)&each->state.r_state, __ATOMIC_ACQUIRE) == RT_DELETE)
			return false;
	}
	return true;
}

/* A module's program headers, where linkers put them: in its first page. That page can be read in any module that
 * might be there later, whatever holes its range has. */
struct program_headers {
	const Elf64_Phdr *entries;
	unsigned count;
	uintptr_t bias;
};

static bool find_headers(const struct found_object *object, struct program_headers *headers)
{
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)object->start;
	if (object->end - object->start < PROBE_PAGE || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf->e_phentsize != sizeof(Elf64_Phdr) || elf->e_phoff > PROBE_PAGE ||
	    elf->e_phoff % _Alignof(Elf64_Phdr) != 0 || elf->e_phnum > (PROBE_PAGE - elf->e_phoff) / sizeof(Elf64_Phdr))
		return false;
	*headers = (struct program_headers){(const Elf64_Phdr *)(object->start + elf->e_phoff), elf->e_phnum, 0};
	for (unsigned i = headers->count; i-- > 0;)
		if (headers->entries[i].p_type == PT_LOAD)
			headers->bias = object->start - (headers->entries[i].p_vaddr & ~(PROBE_PAGE - 1));
	return true;
}

/* Where the module's build id lies; 0: it has none in its first page. */
static uintptr_t find_build_id(const struct found_object *object)
{
	struct program_headers headers;
	if (!find_headers(object, &headers))
		return 0;
	for (unsigned i = 0; i < headers.count; i++) {
		const Elf64_Phdr *header = &headers.entries[i];
		uintptr_t notes = headers.bias + header->p_vaddr, end = notes + header->p_filesz;
		if (header->p_type != PT_NOTE || notes < object->start || end < notes ||
		    end > object->start + PROBE_PAGE)
			continue;
		uint32_t bytes;
		const uint8_t *found = build_id_find((const char *)notes, end - notes, &bytes);
		if (found && bytes >= sizeof(uint64_t))
			return (uintptr_t)found;
	}
	return 0;
}

/* Narrows the module to the segment that its unwind tables are in: the gaps between segments may be unmapped, and a
 * table may point there. */
static void module_narrow(struct table_module *module, const struct found_object *object)
{
	struct program_headers headers = {0};
	uintptr_t wanted = object->eh_frame_header;
	if (!find_headers(object, &headers))
		headers.count = 0;
	for (unsigned i = 0; i < headers.count; i++) {
		const Elf64_Phdr *header = &headers.entries[i];
		uintptr_t start = headers.bias + header->p_vaddr, end = start + header->p_filesz;
		if (header->p_type == PT_LOAD && wanted >= start && wanted < end && start >= object->start &&
		    end <= object->end) {
			module->start = start;
			module->end = end;
			return;
		}
	}
	module->start = module->end = 0; /* nothing can be read */
}

static uint64_t read_build_id(uintptr_t address)
{
	uint64_t value;
	memcpy(&value, (const void *)address, sizeof value);
	return value;
}

/* Is the loaded object this instance? Its build id, in its first page, is where the instance's was only if all else
 * agrees. */
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

/* Is the object one of these instances? It is not read for that: the walk saw them at addresses of the same stack. */
static bool object_is_one_of(const struct found_object *object, const struct module_trust *trust)
{
	for (uint32_t i = 0; i < trust->count; i++) {
		const struct instance *instance = &instances[trust->instances[i]];
		if (object->start == instance->start && object->end == instance->end &&
		    object->link_map == instance->link_map && object->eh_frame_header == instance->eh_frame_header)
			return true;
	}
	return false;
}

enum module_found module_at(uintptr_t address, const struct module_trust *trust, struct table_module *module,
			    uint32_t *instance)
{
	struct found_object object;
	if (!object_at(address, &object))
		return MODULE_NONE;
	const struct permanent_module *known = permanent_of(&object);
	if (known) {
		*module = (struct table_module){.start = known->tables_start,
						.end = known->tables_end,
						.eh_frame_header = known->eh_frame_header,
						.careful = probe_knows_holes()};
		*instance = MODULE_PERMANENT;
		return MODULE_FOUND;
	}
	if (trust->guessed && !object_is_one_of(&object, trust))
		return MODULE_DOUBTED;
	if (probe_knows_holes() && !probe_page_readable(object.start)) {
		*module = (struct table_module){object.start, object.end, object.eh_frame_header, true};
		*instance = MODULE_UNNAMED;
		return MODULE_FOUND;
	}
	bool careful = probe_knows_holes() || (!trust->guessed && !modules_settled());
	if (careful && (!probe_page_readable(object.start) || memcmp((const void *)object.start, ELFMAG, SELFMAG) != 0))
		return MODULE_NONE;
	*module = (struct table_module){.eh_frame_header = object.eh_frame_header, .careful = careful};
	module_narrow(module, &object);
	*instance = instance_find_or_add(&object, careful);
	return MODULE_FOUND;
}

bool module_instance_is_at(uint32_t instance, uintptr_t address)
{
	struct found_object object;
	bool careful = probe_knows_holes() || !modules_settled();
	return object_at(address, &object) && object_is_instance(&object, &instances[instance], careful);
}

enum module_found module_look(uintptr_t address, const struct module_trust *trust)
{
	struct found_object object;
	if (!object_at(address, &object))
		return MODULE_NONE;
	return permanent_of(&object) || object_is_one_of(&object, trust) ? MODULE_FOUND : MODULE_DOUBTED;
}

uint32_t module_instance_count(void)
{
	return load_relaxed(&instance_count);
}
