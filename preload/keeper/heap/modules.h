/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module table: lock-free. A module is registered when a new
 * stack first passes through it, by the thread whose stack that is (so it
 * cannot be unloaded meanwhile). `_dl_find_object` (glibc 2.35) finds it
 * without the loader lock; below that, the list that the constructor made
 * serves, and addresses in modules loaded later stay absolute.
 *
 * An entry goes EMPTY -> WRITING -> READY. From then on only its UNLOADED flag and its place change, until the keeper
 * gives it up. A module that comes back (same path, same build id) gets its old entry, at whatever address it is now,
 * so that stacks through it are the ones that they were:
 *
 *	UNLOADED -(CAS)-> UNLOADED|MOVING -(new place, then release)-> loaded
 *
 * A thread that is killed in between leaves an entry that is never used again. The keeper gives up what is unloaded and
 * no stack names (keeper/snapshot/recycle.h): READY -> LIMBO -> FREE -(CAS)-> WRITING. The flags count the entry's
 * tenants, so a thread that looked at an entry before notices that it is another module's now. Two threads may register
 * the same module at once: two entries, which the analyzer takes as one.
 */
#ifndef SEEP_HEAP_MODULES_H
#define SEEP_HEAP_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

/* A mapped module, as the loader knows it. */
struct loaded_module {
	uint64_t start, end, bias;
	const char *name; /* as the loader has it; "" for the program itself */
};

/* Finds the module at an address; must not lock, allocate or call the system. */
typedef bool module_finder(uintptr_t address, struct loaded_module *module);

/* Binds `_dl_find_object`, or lists what is loaded; remembers the working directory. Called once, in the constructor.
 */
void modules_prepare(void);

/* The module at an address, as of now. False: none is known. Any thread, signal-safe. */
bool module_find_loaded(uintptr_t address, struct loaded_module *module);

/* Replaces the finder, for tests. */
void modules_set_finder(module_finder *finder);

/* Set in an address that is not a return address but the instruction itself (the unwinder's UNWINDER_EXACT). */
#define FRAME_EXACT (UINTPTR_MAX / 2 + 1)
/* Set in an address for which no module is to be looked for (the unwinder's UNWINDER_NOWHERE). */
#define FRAME_NOWHERE (FRAME_EXACT / 2)

/* Set in the address of a label's text, which stands for a frame: the outermost of a stack that was taken under it. No
 * module's addresses are like that, so its frame word names a module of its own (SEEP_MODULE_LABEL), and that address. */
#define FRAME_LABEL (FRAME_EXACT | FRAME_EXACT / 4)

/* A module's place may change under the reader. That does no harm: the reader compares it with addresses of its own
 * stack, and a module that holds one of these stays. */
#define module_place(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

static inline uint64_t module_frame_word(uint32_t module, uint64_t bias, uintptr_t address)
{
	return (uint64_t)module << 48 | (address & FRAME_EXACT ? SEEP_FRAME_EXACT : 0) |
	       (((address & ~FRAME_EXACT) - bias) & (SEEP_FRAME_EXACT - 1));
}

/* The frame word of an address on the calling thread's own stack: module and module-relative address. `*last` is
 * the module found before (0 to begin with): neighbours are often of the same module. */
uint64_t module_frame(const struct heap *heap, uintptr_t address, uint32_t *last);

/* Keeper, in the target only: flags modules that are no longer loaded and bumps module_epoch if there are any, so that
 * a stack through another module at the same addresses is a new stack. */
void modules_watch(const struct heap *heap);

/* Flags a module as unloaded and bumps module_epoch, once. */
void module_retire(const struct heap *heap, uint32_t module);

/* Is the entry ready, and nobody about to give it up? */
bool module_in_service(const struct heap *heap, uint32_t module);

/* The frame's address in its module. A label's is one of this process, which says nothing elsewhere: 0 stands for it. */
uint64_t module_address(const struct heap *heap, uint64_t frame);

/* A ready module entry, or NULL. */
const struct seep_heap_module *module_entry(const struct heap *heap, uint32_t module);

#endif
