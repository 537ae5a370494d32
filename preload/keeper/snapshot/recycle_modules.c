/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of modules that were unloaded and that no stack names: see recycle.h. */
#include "keeper/snapshot/recycle_modules.h"

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/stacks.h"
#include "keeper/image/snapshot_writer.h"

static uint32_t module_count(const struct heap *heap)
{
	uint32_t count = load_acquire(&heap->header->module_count);
	return count < heap->capacity[SEEP_AREA_MODULES] ? count : heap->capacity[SEEP_AREA_MODULES];
}

uint32_t recycle_modules_used(const struct heap *heap)
{
	uint32_t count = module_count(heap), used = count;
	for (uint32_t i = 1; i < count; i++)
		used -= load_relaxed(&heap->modules[i].state) == SEEP_MODULE_FREE;
	return used;
}

bool recycle_names_unloaded(const struct heap *heap, uint32_t site)
{
	const struct seep_heap_cell *stack = stack_of_site(heap, site);
	struct stack_reader reader;
	uint64_t frame;
	if (!stack)
		return false;
	reader = stack_read_begin(heap, stack);
	while (stack_read(&reader, &frame)) {
		const struct seep_heap_module *module = module_entry(heap, SEEP_FRAME_MODULE(frame));
		if (module && load_relaxed(&module->flags) & SEEP_MODULE_UNLOADED)
			return true;
	}
	return false;
}

/* True: nobody gives it a new place from here on. Also where a keeper that died had claimed it. */
static bool module_claim(struct seep_heap_module *module)
{
	uint32_t flags = load_relaxed(&module->flags);
	if (load_acquire(&module->state) != SEEP_MODULE_READY || !(flags & SEEP_MODULE_UNLOADED) ||
	    flags & SEEP_MODULE_MOVING)
		return false;
	return flags & SEEP_MODULE_CLAIMED ||
	       atomic_compare_exchange_strong_explicit(&module->flags, &flags, flags | SEEP_MODULE_CLAIMED,
						       memory_order_seq_cst, memory_order_relaxed);
}

static void sites_name(const struct heap *heap, uint8_t *named)
{
	uint32_t sites = atomic_load_explicit(&heap->header->site_count, memory_order_seq_cst);
	if (sites > heap->capacity[SEEP_AREA_SITES])
		sites = heap->capacity[SEEP_AREA_SITES];
	for (uint32_t i = 1; i < sites; i++) {
		if (atomic_load_explicit(&heap->sites[i].users, memory_order_seq_cst) == 0)
			continue; /* not in service yet: its thread looks at modules_claimed before */
		const struct seep_heap_cell *stack = stack_of_site(heap, i);
		if (!stack)
			continue;
		struct stack_reader reader = stack_read_begin(heap, stack);
		uint64_t frame;
		while (stack_read(&reader, &frame))
			if (SEEP_FRAME_MODULE(frame) < heap->capacity[SEEP_AREA_MODULES])
				named[SEEP_FRAME_MODULE(frame)] = 1;
	}
}

static bool module_free(struct seep_heap_module *module)
{
	uint32_t tenants = load_relaxed(&module->flags) & ~(SEEP_MODULE_CLAIMED | SEEP_MODULE_MOVING);
	tenants = (tenants / SEEP_MODULE_TENANT + 1) * SEEP_MODULE_TENANT % SEEP_MODULE_CLAIMED;
	store_relaxed(&module->flags, tenants);
	store_release(&module->state, SEEP_MODULE_FREE);
	return true;
}

/* Handles one entry after the look at the sites. True: the entry is a step nearer to being free. */
static bool module_settle(struct seep_heap_module *module, bool named)
{
	uint32_t state = load_relaxed(&module->state);
	if (state == SEEP_MODULE_LIMBO)
		return !named && module_free(module);
	if (state != SEEP_MODULE_READY || !(load_relaxed(&module->flags) & SEEP_MODULE_CLAIMED))
		return false;
	if (named)
		atomic_fetch_and_explicit(&module->flags, ~(uint32_t)SEEP_MODULE_CLAIMED, memory_order_release);
	else
		store_release(&module->state, SEEP_MODULE_LIMBO);
	return !named;
}

uint32_t recycle_modules(const struct heap *heap)
{
	uint32_t count = module_count(heap), claimed = 0, settled = 0;
	uint8_t *named = scratch_map(heap->capacity[SEEP_AREA_MODULES]);
	if (!named)
		return 0;
	for (uint32_t i = 1; i < count; i++)
		claimed +=
		    load_relaxed(&heap->modules[i].state) == SEEP_MODULE_LIMBO || module_claim(&heap->modules[i]);
	if (claimed) {
		atomic_fetch_add_explicit(&heap->header->modules_claimed, 1, memory_order_seq_cst);
		sites_name(heap, named);
		for (uint32_t i = 1; i < count; i++)
			settled += module_settle(&heap->modules[i], named[i]);
	}
	scratch_unmap(named, heap->capacity[SEEP_AREA_MODULES]);
	return settled;
}
