/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module table: append-only, lock-free. A module is registered when a new
 * stack first passes through it, by the thread whose stack that is (so it
 * cannot be unloaded meanwhile). `_dl_find_object` (glibc 2.35) finds it
 * without the loader lock; below that, addresses stay absolute until the
 * constructor's list covers them.
 */
#ifndef SEEP_HEAP_MODULES_H
#define SEEP_HEAP_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/heap.h"

/* Binds `_dl_find_object`; called once, in the constructor. */
void modules_prepare(void);

/* The frame word of an address on the calling thread's own stack: module and module-relative address. `*last` is the
 * module found before (0 to begin with): neighbours are often of the same module. */
uint64_t module_frame(const struct heap *heap, uintptr_t address, uint32_t *last);

/* Keeper: marks modules that are no longer loaded and bumps module_epoch if there are any. Only in the target. */
void modules_watch(const struct heap *heap);

/* A ready module entry, or NULL. */
const struct seep_heap_module *module_entry(const struct heap *heap, uint32_t module);

#endif
