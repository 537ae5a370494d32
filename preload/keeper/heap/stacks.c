/* SPDX-License-Identifier: Apache-2.0 */
/* The stack table: see stacks.h. */
#include "keeper/heap/stacks.h"

#include "keeper/base/atomics.h"
#include "keeper/heap/modules.h"
#include "keeper/heap/pool.h"
#include "keeper/heap/site_users.h"
#include "keeper/heap/stack_index.h"

/* Frames in a stack's first cell, behind its hash. */
#define FIRST_FRAMES (SEEP_CELL_WORDS - 1)

/* The part of an address that does not change where its module is loaded elsewhere: a stack has one place in the index,
 * wherever its modules are. The low bits of a frame word are the same. */
#define PAGE_OFFSET(address) ((address) & (SEEP_HEAP_PAGE - 1))

static uint64_t stack_hash(const uintptr_t *addresses, size_t depth, bool truncated)
{
	uint64_t hash = truncated + UINT64_C(1);
	for (size_t i = 0; i < depth; i++) {
		hash = (hash ^ PAGE_OFFSET(addresses[i])) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

static struct seep_heap_cell *cell_at(const struct heap *heap, uint32_t cell)
{
	return cell != 0 && cell < heap->capacity[SEEP_AREA_STACKS] ? &heap->stacks[cell] : NULL;
}

const struct seep_heap_cell *stack_of_site(const struct heap *heap, uint32_t site)
{
	if (site == 0 || site >= heap->capacity[SEEP_AREA_SITES])
		return NULL;
	return cell_at(heap, load_acquire(&heap->sites[site].stack));
}

/* Words of cells are read while another process may give the cells to another stack; the reader notices that
 * afterwards. */
static uint64_t word_load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the check does not see that an atomic store writes */
static void word_store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

struct stack_reader stack_read_begin(const struct heap *heap, const struct seep_heap_cell *stack)
{
	return (struct stack_reader){
	    .heap = heap, .cell = stack, .word = 1, .left = __atomic_load_n(&stack->depth, __ATOMIC_RELAXED)};
}

bool stack_read(struct stack_reader *reader, uint64_t *frame)
{
	if (reader->left == 0)
		return false;
	if (reader->word == SEEP_CELL_WORDS) {
		reader->cell = cell_at(reader->heap, load_relaxed(&reader->cell->next));
		reader->word = 0;
		if (!reader->cell) {
			reader->left = 0;
			return false;
		}
	}
	reader->left--;
	*frame = word_load(&reader->cell->words[reader->word++]);
	return true;
}

/* The key by which a stack is looked for: its addresses, or the words that they were made into. */
struct wanted {
	const uintptr_t *frames;
	size_t depth;
	uint64_t hash;
	bool are_words, truncated;
	uint32_t claims; /* words: modules_claimed before they were made */
};

/* The same addresses, rebuilt from where the modules are now? Not through a module that has been unloaded: something else
 * may have its place. */
static bool frames_equal(const struct heap *heap, const struct seep_heap_cell *stack, const uintptr_t *addresses)
{
	struct stack_reader reader = stack_read_begin(heap, stack);
	uint32_t last = 0;
	uint64_t bias = 0, frame;
	for (size_t i = 0; stack_read(&reader, &frame); i++) {
		uint32_t number = SEEP_FRAME_MODULE(frame);
		if (number != last) {
			const struct seep_heap_module *module = module_entry(heap, number);
			if (module && load_acquire(&module->flags) & SEEP_MODULE_UNLOADED)
				return false;
			bias = module ? module_place(module->bias) : 0;
			last = number;
		}
		if (frame != module_frame_word(number, bias, addresses[i]))
			return false;
	}
	return true;
}

static bool words_equal(const struct heap *heap, const struct seep_heap_cell *stack, const uintptr_t *words)
{
	struct stack_reader reader = stack_read_begin(heap, stack);
	uint64_t frame;
	for (size_t i = 0; stack_read(&reader, &frame); i++)
		if (frame != words[i])
			return false;
	return true;
}

static bool stack_equals(const struct heap *heap, const struct seep_heap_cell *stack, const struct wanted *wanted)
{
	if (word_load(&stack->words[0]) != wanted->hash ||
	    __atomic_load_n(&stack->depth, __ATOMIC_RELAXED) != wanted->depth)
		return false;
	return wanted->are_words ? words_equal(heap, stack, wanted->frames) : frames_equal(heap, stack, wanted->frames);
}

static uint32_t cells_for(size_t depth)
{
	return depth <= FIRST_FRAMES ? 1
				     : 1 + (uint32_t)((depth - FIRST_FRAMES + SEEP_CELL_WORDS - 1) / SEEP_CELL_WORDS);
}

void stack_give_back(const struct heap *heap, uint32_t cell)
{
	uint32_t most = heap->capacity[SEEP_AREA_STACKS];
	while (cell_at(heap, cell) && most-- > 0) {
		uint32_t next = load_relaxed(&heap->stacks[cell].next);
		pool_give(heap, SEEP_AREA_STACKS, cell);
		cell = next;
	}
}

/* A chain of cells; 0: there are not as many. */
static uint32_t cells_take(const struct heap *heap, uint32_t count)
{
	uint32_t chain = 0;
	while (count-- > 0) {
		uint32_t cell = pool_take(heap, SEEP_AREA_STACKS);
		if (!cell) {
			stack_give_back(heap, chain);
			return 0;
		}
		store_relaxed(&heap->stacks[cell].next, chain);
		chain = cell;
	}
	return chain;
}

static void stack_write(const struct heap *heap, struct seep_heap_cell *cell, const struct wanted *wanted)
{
	__atomic_store_n(&cell->depth, (uint16_t)wanted->depth, __ATOMIC_RELAXED);
	__atomic_store_n(&cell->flags, wanted->truncated ? SEEP_SITE_TRUNCATED : 0, __ATOMIC_RELAXED);
	word_store(&cell->words[0], wanted->hash);
	for (size_t i = 0, word = 1; i < wanted->depth; i++, word++) {
		if (word == SEEP_CELL_WORDS) {
			cell = &heap->stacks[load_relaxed(&cell->next)];
			word = 0;
		}
		word_store(&cell->words[word], wanted->frames[i]);
	}
}

/* Are all modules that the words name still in service since the words were made? Whoever gives modules up reads the
 * sites in service afterwards, so one of the two sees the other (and an entry is used anew in a later round only:
 * keeper/snapshot/recycle.h). */
static bool modules_stand(const struct heap *heap, const struct wanted *wanted)
{
	uint32_t since = atomic_load_explicit(&heap->header->modules_claimed, memory_order_seq_cst) - wanted->claims;
	for (size_t i = 0; i < wanted->depth && since == 1; i++) {
		uint32_t module = SEEP_FRAME_MODULE(wanted->frames[i]);
		if (module && !module_in_service(heap, module))
			return false;
	}
	return since <= 1;
}

/* Puts a site into service, whose user is the caller. 0: there is no room. */
static uint32_t stack_append(const struct heap *heap, const struct wanted *wanted)
{
	uint32_t cell = cells_take(heap, cells_for(wanted->depth));
	uint32_t site = cell ? pool_take(heap, SEEP_AREA_SITES) : 0;
	if (!site) {
		stack_give_back(heap, cell);
		return 0;
	}
	stack_write(heap, &heap->stacks[cell], wanted);
	store_release(&heap->sites[site].stack, cell);
	atomic_fetch_add_explicit(&heap->sites[site].users, SEEP_SITE_OPEN + 1, memory_order_seq_cst);
	if (modules_stand(heap, wanted))
		return site;
	site_let_go(heap, site); /* nothing needs it */
	return 0;
}

/* Where a stack that is not found would be published. */
struct opening {
	seep_atomic64 *slot; /* NULL: the index has none, unless its path is extended */
	uint64_t found;      /* the slot's content: nothing, or a tombstone */
	struct index_path path;
};

/* The site of an equal stack, whose user the caller is then, or 0. */
static uint32_t stack_find(const struct heap *heap, const struct wanted *wanted, struct opening *opening)
{
	*opening = (struct opening){.path = index_path_begin(heap, wanted->hash)};
	for (seep_atomic64 *slot; (slot = index_path_next(&opening->path)) != NULL;) {
		uint64_t entry = load_acquire(slot);
		if (index_word_is_free(entry) && !opening->slot) {
			opening->slot = slot;
			opening->found = entry;
		}
		if (entry == 0)
			return 0;
		if (entry >> 32 != wanted->hash >> 32 || !site_enter(heap, (uint32_t)entry))
			continue;
		const struct seep_heap_cell *stack = stack_of_site(heap, (uint32_t)entry);
		if (stack && stack_equals(heap, stack, wanted))
			return (uint32_t)entry;
		site_let_go(heap, (uint32_t)entry);
	}
	return 0;
}

static uint32_t stack_find_or_append(const struct heap *heap, const struct wanted *wanted, bool may_append)
{
	struct opening opening;
	uint32_t fresh = 0, found;
	while (!(found = stack_find(heap, wanted, &opening))) {
		if (!opening.slot && may_append && index_path_extend(&opening.path))
			continue;
		if (!opening.slot)
			break;
		if (!fresh && may_append)
			fresh = stack_append(heap, wanted);
		if (!fresh)
			return 0;
		if (atomic_compare_exchange_strong_explicit(opening.slot, &opening.found,
							    (wanted->hash >> 32 << 32) | fresh, memory_order_release,
							    memory_order_relaxed))
			return fresh;
	}
	if (fresh)
		site_let_go(heap, fresh);
	return found;
}

/* As the tables fill, stacks are cut to their leaf frames, of which there are fewer different ones: so that a sample is
 * filed somewhere, even when all sites are needed. The last parts of the tables are for them. */
static const struct cut {
	size_t depth;
	uint32_t spare; /* of the tables is kept for those below */
} cuts[] = {{SIZE_MAX, 8}, {8, 16}, {1, 0}};
#define CUTS (sizeof cuts / sizeof *cuts)

static bool cut_may_append(const struct heap *heap, const struct cut *cut)
{
	static const enum seep_area_id areas[] = {SEEP_AREA_SITES, SEEP_AREA_STACKS};
	for (size_t i = 0; i < 2 && cut->spare; i++)
		if (pool_left(heap, areas[i]) <= heap->capacity[areas[i]] / cut->spare)
			return false;
	return true;
}

static struct wanted wanted_of(const uintptr_t *frames, size_t depth, size_t most, bool truncated)
{
	bool cut = depth > most;
	depth = cut ? most : depth;
	truncated |= cut;
	return (struct wanted){
	    .frames = frames, .depth = depth, .truncated = truncated, .hash = stack_hash(frames, depth, truncated)};
}

/* By addresses alone: the whole stack, or its leaf frames while there is no room for more. */
static uint32_t stack_find_known(const struct heap *heap, const uintptr_t *addresses, size_t depth, bool truncated,
				 bool *cut)
{
	uint32_t site = 0;
	*cut = false;
	for (size_t i = 0; i < CUTS && !site; i++) {
		struct wanted wanted = wanted_of(addresses, depth, cuts[i].depth, truncated);
		struct opening ignored;
		if (i == 0 || wanted.depth < depth) {
			site = stack_find(heap, &wanted, &ignored);
			*cut = wanted.depth < depth;
		}
		if (cut_may_append(heap, &cuts[i]))
			break;
	}
	return site;
}

static uint32_t stack_file(const struct heap *heap, const uintptr_t *words, size_t depth, bool truncated,
			   uint32_t claims, bool *cut)
{
	uint32_t site = 0;
	for (size_t i = 0; i < CUTS && !site; i++) {
		struct wanted wanted = wanted_of(words, depth, cuts[i].depth, truncated);
		wanted.are_words = true;
		wanted.claims = claims;
		*cut = wanted.depth < depth;
		site = stack_find_or_append(heap, &wanted, cut_may_append(heap, &cuts[i]));
	}
	return site;
}

uint32_t stack_site(const struct heap *heap, uintptr_t *addresses, size_t depth, bool truncated)
{
	if (depth == 0) {
		heap_count_loss(heap, SEEP_LOSS_STACKS_EMPTY);
		return 0;
	}
	bool cut;
	uint32_t site = stack_find_known(heap, addresses, depth, truncated, &cut);
	if (!site) {
		/* new, or through a module that has come back: then its words find it */
		uint32_t claims = atomic_load_explicit(&heap->header->modules_claimed, memory_order_seq_cst),
			 module = 0;
		const bool labelled = (addresses[depth - 1] & FRAME_LABEL) == FRAME_LABEL;
		for (size_t i = 0; i < depth; i++)
			addresses[i] = module_frame(heap, addresses[i], &module);
		if (labelled && !SEEP_FRAME_MODULE(addresses[depth - 1])) {
			heap_count_loss(heap, SEEP_LOSS_LABELS_FULL);
			depth -= depth > 1;
		}
		site = stack_file(heap, addresses, depth, truncated, claims, &cut);
	}
	if (!site)
		heap_count_loss(heap, SEEP_LOSS_STACKS_FULL);
	else if (cut)
		heap_count_loss(heap, SEEP_LOSS_STACKS_CUT);
	return site;
}
