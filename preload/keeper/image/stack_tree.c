/* SPDX-License-Identifier: Apache-2.0 */
/* The prefix tree of stacks: see stack_tree.h. */
#include "keeper/image/stack_tree.h"
#include "keeper/base/syscall.h"

#include "keeper/heap/modules.h"
#include "keeper/heap/stacks.h"

#define FIRST_SLOTS 4096

static uint64_t node_hash(const struct seep_node *node)
{
	uint64_t hash = (node->address ^ (uint64_t)node->module << 47 ^ node->flags) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 32 ^ node->parent) * UINT64_C(0xbf58476d1ce4e5b9);
	return hash ^ hash >> 29;
}

static bool node_equals(const struct seep_node *a, const struct seep_node *b)
{
	return a->parent == b->parent && a->module == b->module && a->address == b->address && a->flags == b->flags;
}

bool tree_begin(struct tree *tree, const struct heap *heap, struct snapshot_writer *image)
{
	size_t modules = heap->capacity[SEEP_AREA_MODULES];
	*tree = (struct tree){.heap = heap,
			      .image = image,
			      .slots = scratch_map(FIRST_SLOTS * sizeof *tree->slots),
			      .slot_count = FIRST_SLOTS,
			      .frames_left = (uint64_t)heap->capacity[SEEP_AREA_STACKS] * SEEP_CELL_WORDS,
			      .frames = scratch_map(TREE_DEPTH * sizeof *tree->frames),
			      .module_numbers = scratch_map(modules * sizeof *tree->module_numbers),
			      .module_order = scratch_map(modules * sizeof *tree->module_order),
			      .module_count = 1};
	writer_section_begin(image, SEEP_SECTION_NODES, sizeof(struct seep_node));
	return writer_add(image, sizeof(struct seep_node)) && tree->slots && tree->frames && tree->module_numbers &&
	       tree->module_order;
}

void tree_end(struct tree *tree)
{
	writer_section_end(tree->image, SEEP_SECTION_NODES);
}

void tree_free(struct tree *tree)
{
	size_t modules = tree->heap ? tree->heap->capacity[SEEP_AREA_MODULES] : 0;
	scratch_unmap(tree->slots, tree->slot_count * sizeof *tree->slots);
	scratch_unmap(tree->frames, TREE_DEPTH * sizeof *tree->frames);
	scratch_unmap(tree->module_numbers, modules * sizeof *tree->module_numbers);
	scratch_unmap(tree->module_order, modules * sizeof *tree->module_order);
}

static uint32_t node_count(const struct tree *tree)
{
	uint64_t start = tree->image->sections[SEEP_SECTION_NODES - 1].offset;
	return (uint32_t)((tree->image->bytes - start) / sizeof(struct seep_node));
}

/* Where this node is or could be put: a slot, or NULL after too many probes. */
static uint32_t *slot_find(const struct tree *tree, const struct seep_node *node)
{
	const struct seep_node *nodes = writer_section(tree->image, SEEP_SECTION_NODES);
	uint64_t hash = node_hash(node);
	for (uint64_t probe = 0; probe < TREE_PROBES; probe++) {
		uint32_t *slot = &tree->slots[(hash + probe) & (tree->slot_count - 1)];
		if (*slot == 0 || node_equals(&nodes[*slot], node))
			return slot;
	}
	return NULL;
}

/* Twice as many slots; the tree is left as it was where there is no memory (it then fills up to TREE_PROBES). */
static void slots_double(struct tree *tree)
{
	struct tree larger = *tree;
	larger.slot_count = tree->slot_count * 2;
	larger.slots = scratch_map(larger.slot_count * sizeof *larger.slots);
	if (!larger.slots)
		return;
	const struct seep_node *nodes = writer_section(tree->image, SEEP_SECTION_NODES);
	for (uint64_t i = 0; i < tree->slot_count; i++) {
		uint32_t *slot = tree->slots[i] ? slot_find(&larger, &nodes[tree->slots[i]]) : NULL;
		if (slot)
			*slot = tree->slots[i];
	}
	scratch_unmap(tree->slots, tree->slot_count * sizeof *tree->slots);
	*tree = larger;
}

/* The node, found or appended. After a failure of the image its value means nothing, and nobody will see it. */
static uint32_t node_add(struct tree *tree, const struct seep_node *node)
{
	uint32_t *slot = slot_find(tree, node);
	if (slot && *slot)
		return *slot;
	uint32_t number = node_count(tree);
	struct seep_node *added = writer_add(tree->image, sizeof *added);
	if (!added)
		return 0;
	*added = *node;
	if (slot)
		*slot = number;
	if (number > tree->slot_count / 2)
		slots_double(tree);
	return number;
}

/* The snapshot's number of a module; 0: not there, the address stays as it is. */
static uint32_t module_use(struct tree *tree, uint32_t module)
{
	if (!module_entry(tree->heap, module))
		return 0;
	if (tree->module_numbers[module] == 0) {
		tree->module_order[tree->module_count] = module;
		tree->module_numbers[module] = tree->module_count++;
	}
	return tree->module_numbers[module];
}

/* Leaf first; how many, at most TREE_DEPTH. */
static uint32_t frames_take(const struct tree *tree, const struct seep_heap_cell *stack,
			    uint64_t frames[static TREE_DEPTH])
{
	struct stack_reader reader = stack_read_begin(tree->heap, stack);
	uint32_t depth = 0;
	while (depth < TREE_DEPTH && stack_read(&reader, &frames[depth]))
		depth++;
	return depth;
}

uint32_t tree_add_site(struct tree *tree, uint32_t site, uint32_t *flags)
{
	*flags = 0;
	const struct seep_heap_cell *stack = stack_of_site(tree->heap, site);
	if (!stack)
		return 0;
	uint32_t depth = frames_take(tree, stack, tree->frames);
	*flags = __atomic_load_n(&stack->flags, __ATOMIC_RELAXED) & SEEP_SITE_TRUNCATED;
	if (depth < __atomic_load_n(&stack->depth, __ATOMIC_RELAXED)) /* a damaged file */
		*flags = SEEP_SITE_TRUNCATED;
	if (depth > tree->frames_left) {
		*flags |= SEEP_SITE_TRUNCATED;
		return 0;
	}
	tree->frames_left -= depth;
	uint32_t node = 0;
	for (uint32_t i = depth; i-- > 0 && !tree->image->failed;) {
		uint64_t frame = tree->frames[i];
		struct seep_node next = {.parent = node,
					 .module = module_use(tree, SEEP_FRAME_MODULE(frame)),
					 .address = module_address(tree->heap, frame),
					 .flags = frame & SEEP_FRAME_EXACT ? SEEP_NODE_EXACT : 0};
		node = node_add(tree, &next);
	}
	return node;
}
