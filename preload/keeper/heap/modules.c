/* SPDX-License-Identifier: Apache-2.0 */
/* Registration of modules and the making of module-relative frames: see modules.h. */
#include "keeper/heap/modules.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/area_growth.h"
#include "keeper/elf/build_id.h"

/* glibc 2.35's struct dl_find_object, declared in <dlfcn.h> only where the headers are that new. */
static int (*find_object)(void *, struct dl_find_object *);

#define LISTED_MODULES 256
static struct loaded_module listed[LISTED_MODULES];
static unsigned listed_count;
static char working_directory[512];

static bool find_by_loader(uintptr_t address, struct loaded_module *module)
{
	struct dl_find_object found;
	if (find_object((void *)address, &found) != 0)
		return false;
	*module = (struct loaded_module){.start = (uintptr_t)found.dlfo_map_start,
					 .end = (uintptr_t)found.dlfo_map_end,
					 .bias = found.dlfo_link_map->l_addr,
					 .name = found.dlfo_link_map->l_name};
	return true;
}

static bool find_in_list(uintptr_t address, struct loaded_module *module)
{
	for (unsigned i = 0; i < listed_count; i++) {
		if (address >= listed[i].start && address < listed[i].end) {
			*module = listed[i];
			return true;
		}
	}
	return false;
}

static module_finder *finder;

static int list_module(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	if (listed_count == LISTED_MODULES)
		return 1;
	struct loaded_module *module = &listed[listed_count];
	*module = (struct loaded_module){.start = UINT64_MAX, .bias = info->dlpi_addr, .name = info->dlpi_name};
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD)
			continue;
		uint64_t start = info->dlpi_addr + (segment->p_vaddr & ~(uint64_t)(SEEP_HEAP_PAGE - 1));
		uint64_t end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
		module->start = start < module->start ? start : module->start;
		module->end = end > module->end ? end : module->end;
	}
	listed_count += module->start < module->end;
	return 0;
}

void modules_prepare(void)
{
	*(void **)&find_object = dlsym(RTLD_DEFAULT, "_dl_find_object");
	finder = find_object ? find_by_loader : find_in_list;
	if (!find_object)
		dl_iterate_phdr(list_module, NULL);
	if (system_call(SYS_getcwd, (long)working_directory, sizeof working_directory, 0, 0, 0, 0) <= 0)
		working_directory[0] = 0;
}

bool module_find_loaded(uintptr_t address, struct loaded_module *module)
{
	return finder && finder(address, module);
}

void modules_set_finder(module_finder *replacement)
{
	finder = replacement;
}

static void text_append(char *text, size_t *length, size_t limit, const char *more)
{
	while (*more && *length + 1 < limit)
		text[(*length)++] = *more++;
	text[*length] = 0;
}

static void module_describe(const struct heap *heap, const struct loaded_module *loaded,
			    struct seep_heap_module *module)
{
	size_t length = 0;
	const char *name = loaded->name ? loaded->name : "";
	uint32_t flags = 0;
	if (!loaded->end) {
		text_append(module->path, &length, sizeof module->path, SEEP_LABEL_PREFIX);
		flags = SEEP_MODULE_LABEL;
	} else if (!*name) {
		name = heap->header->executable;
		flags = SEEP_MODULE_EXECUTABLE;
	} else if (strncmp(name, "linux-vdso", 10) == 0) {
		flags = SEEP_MODULE_VDSO;
	} else if (*name != '/' && *working_directory) {
		text_append(module->path, &length, sizeof module->path, working_directory);
		text_append(module->path, &length, sizeof module->path, "/");
	}
	text_append(module->path, &length, sizeof module->path, name);
	store_relaxed(&module->flags, flags);
	module->start = loaded->start;
	module->end = loaded->end;
	module->bias = loaded->bias;
	if (loaded->end)
		module->build_id_bytes = build_id_read(loaded->start, loaded->end, loaded->bias, module->build_id);
	module->epoch = load_relaxed(&heap->header->module_epoch);
	uint64_t identity = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < length; i++)
		identity = (identity ^ (uint8_t)module->path[i]) * UINT64_C(0x100000001b3);
	for (uint32_t i = 0; i < module->build_id_bytes; i++)
		identity = (identity ^ module->build_id[i]) * UINT64_C(0x100000001b3);
	module->identity = identity;
}

/* Does nothing if the entry has other flags than the caller saw: then its tenant is another module, which may be
 * loaded. */
static void retire(const struct heap *heap, struct seep_heap_module *module, uint32_t flags)
{
	while (!(flags & SEEP_MODULE_UNLOADED)) {
		uint32_t seen = flags;
		if (atomic_compare_exchange_weak_explicit(&module->flags, &seen, flags | SEEP_MODULE_UNLOADED,
							  memory_order_relaxed, memory_order_relaxed)) {
			add_release(&heap->header->module_epoch, 1);
			return;
		}
		if ((seen ^ flags) & ~(SEEP_MODULE_KNOWN | SEEP_MODULE_MOVING | SEEP_MODULE_CLAIMED))
			return;
		flags = seen;
	}
}

void module_retire(const struct heap *heap, uint32_t module)
{
	retire(heap, &heap->modules[module], load_relaxed(&heap->modules[module].flags));
}

static bool module_is_at(const struct seep_heap_module *module, const struct loaded_module *loaded)
{
	return module_place(module->start) == loaded->start && module_place(module->bias) == loaded->bias;
}

static bool module_overlaps(const struct seep_heap_module *module, const struct loaded_module *loaded)
{
	return module_place(module->start) < loaded->end && module_place(module->end) > loaded->start;
}

/* The check uses the range alone: the link map may go away meanwhile. */
static bool module_is_gone(const struct seep_heap_module *module)
{
	uint64_t start = module_place(module->start), end = module_place(module->end);
	struct dl_find_object found;
	return find_object((void *)(uintptr_t)start, &found) != 0 || (uintptr_t)found.dlfo_map_start != start ||
	       (uintptr_t)found.dlfo_map_end != end;
}

/* Puts an unloaded module where it is now. False: another thread does, or it has just been given up. */
static bool module_move(struct seep_heap_module *module, uint32_t flags, const struct loaded_module *loaded)
{
	if (!atomic_compare_exchange_strong_explicit(&module->flags, &flags, flags | SEEP_MODULE_MOVING,
						     memory_order_acquire, memory_order_relaxed))
		return false;
	__atomic_store_n(&module->start, loaded->start, __ATOMIC_RELAXED);
	__atomic_store_n(&module->end, loaded->end, __ATOMIC_RELAXED);
	__atomic_store_n(&module->bias, loaded->bias, __ATOMIC_RELAXED);
	atomic_fetch_and_explicit(&module->flags, ~(uint32_t)(SEEP_MODULE_UNLOADED | SEEP_MODULE_MOVING),
				  memory_order_release);
	return true;
}

static uint32_t module_count(const struct heap *heap)
{
	uint32_t count = load_acquire(&heap->header->module_count);
	return count < heap->capacity[SEEP_AREA_MODULES] ? count : heap->capacity[SEEP_AREA_MODULES];
}

/* The entry that a loaded module has, or had before it was unloaded; 0: none. Retires the entries of modules that were
 * in its place before. */
static uint32_t module_find(const struct heap *heap, const struct loaded_module *loaded, uint64_t identity)
{
	uint32_t count = module_count(heap), former = 0, former_flags = 0;
	for (uint32_t i = 1; i < count; i++) {
		struct seep_heap_module *module = &heap->modules[i];
		if (load_acquire(&module->state) != SEEP_MODULE_READY)
			continue;
		uint32_t flags = load_acquire(&module->flags);
		bool same = module_place(module->identity) == identity;
		bool at = same && module_is_at(module, loaded);
		bool gone = module_overlaps(module, loaded) ||
			    (same && !at && finder == find_by_loader && module_is_gone(module));
		/* unchanged: all that was read is of one tenant, for an entry is given up before another gets it */
		if (load_acquire(&module->state) != SEEP_MODULE_READY || load_relaxed(&module->flags) != flags)
			continue;
		if (at && !(flags & SEEP_MODULE_UNLOADED))
			return i;
		if (gone && !(flags & SEEP_MODULE_UNLOADED)) {
			retire(heap, module, flags);
			flags |= SEEP_MODULE_UNLOADED;
		}
		if (same && flags & SEEP_MODULE_UNLOADED && !(flags & (SEEP_MODULE_MOVING | SEEP_MODULE_CLAIMED))) {
			former = i;
			former_flags = flags;
		}
	}
	return former && module_move(&heap->modules[former], former_flags, loaded) ? former : 0;
}

/* An entry to be written: one that was given up, or the next one. 0: the table is full. */
static uint32_t module_take(const struct heap *heap)
{
	uint32_t count = module_count(heap);
	for (uint32_t i = 1; i < count; i++) {
		uint32_t state = SEEP_MODULE_FREE;
		if (load_relaxed(&heap->modules[i].state) == state &&
		    atomic_compare_exchange_strong_explicit(&heap->modules[i].state, &state, SEEP_MODULE_WRITING,
							    memory_order_acquire, memory_order_relaxed))
			return i;
	}
	do {
		if (count >= area_room_for(heap, SEEP_AREA_MODULES, count + 1))
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(&heap->header->module_count, &count, count + 1,
							memory_order_relaxed, memory_order_relaxed));
	store_relaxed(&heap->modules[count].state, SEEP_MODULE_WRITING);
	return count;
}

/* Word by word, because another thread may still look at an entry that was given up. */
static void module_write(struct seep_heap_module *module, const struct seep_heap_module *fresh)
{
	enum { FIRST = offsetof(struct seep_heap_module, start) / 8, END = sizeof *fresh / 8 };
	for (int i = FIRST; i < END; i++) {
		uint64_t word;
		memcpy(&word, (const char *)fresh + i * sizeof word, sizeof word);
		__atomic_store_n((uint64_t *)(void *)module + i, word, __ATOMIC_RELAXED);
	}
}

/* The entry of this loaded module, registered if need be; 0 where the table is full. */
static uint32_t module_register(const struct heap *heap, const struct loaded_module *loaded)
{
	struct seep_heap_module fresh = {0};
	module_describe(heap, loaded, &fresh);
	uint32_t number = module_find(heap, loaded, fresh.identity);
	if (number)
		return number;
	number = module_take(heap);
	if (!number) {
		heap_count_loss(heap, SEEP_LOSS_MODULES_FULL);
		return 0;
	}
	struct seep_heap_module *module = &heap->modules[number];
	module_write(module, &fresh);
	uint32_t tenant = load_relaxed(&module->flags) / SEEP_MODULE_TENANT * SEEP_MODULE_TENANT;
	store_relaxed(&module->flags, load_relaxed(&fresh.flags) | tenant);
	store_release(&module->state, SEEP_MODULE_READY);
	return number;
}

/* A label lies nowhere. */
static uint32_t label_register(const struct heap *heap, uintptr_t address)
{
	return module_register(heap, &(struct loaded_module){.name = (const char *)(address & ~FRAME_LABEL)});
}

uint64_t module_frame(const struct heap *heap, uintptr_t address, uint32_t *last)
{
	bool exact = address & FRAME_EXACT;
	if (address & FRAME_NOWHERE)
		return module_frame_word(0, 0, address);
	if ((address & FRAME_LABEL) == FRAME_LABEL)
		return module_frame_word(label_register(heap, address), 0, address);
	/* one less than the return address, because the call may be the last instruction of its module */
	uintptr_t inside = (address & ~FRAME_EXACT) - !exact;
	struct loaded_module loaded;
	if (*last) {
		const struct seep_heap_module *module = &heap->modules[*last];
		if (inside >= module_place(module->start) && inside < module_place(module->end))
			return module_frame_word(*last, module_place(module->bias), address);
	}
	if (!finder || !finder(inside, &loaded))
		return module_frame_word(0, 0, address);
	uint32_t number = module_register(heap, &loaded);
	if (!number)
		return module_frame_word(0, 0, address);
	*last = number;
	return module_frame_word(number, loaded.bias, address);
}

void modules_watch(const struct heap *heap)
{
	if (!find_object)
		return;
	uint32_t count = module_count(heap);
	for (uint32_t i = 1; i < count; i++) {
		struct seep_heap_module *module = &heap->modules[i];
		if (load_acquire(&module->state) != SEEP_MODULE_READY ||
		    (load_relaxed(&module->flags) &
		     (SEEP_MODULE_UNLOADED | SEEP_MODULE_EXECUTABLE | SEEP_MODULE_LABEL)))
			continue;
		if (module_is_gone(module))
			module_retire(heap, i);
	}
}

const struct seep_heap_module *module_entry(const struct heap *heap, uint32_t module)
{
	if (module == 0 || module >= heap->capacity[SEEP_AREA_MODULES] ||
	    load_acquire(&heap->modules[module].state) != SEEP_MODULE_READY)
		return NULL;
	return &heap->modules[module];
}

uint64_t module_address(const struct heap *heap, uint64_t frame)
{
	const struct seep_heap_module *module = module_entry(heap, SEEP_FRAME_MODULE(frame));
	return module && load_relaxed(&module->flags) & SEEP_MODULE_LABEL ? 0 : SEEP_FRAME_ADDRESS(frame);
}

bool module_in_service(const struct heap *heap, uint32_t module)
{
	return module_entry(heap, module) &&
	       !(atomic_load_explicit(&heap->modules[module].flags, memory_order_seq_cst) & SEEP_MODULE_CLAIMED);
}
