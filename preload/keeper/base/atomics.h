/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic accesses with the memory order in the name, so that every use says
 * what it relies on. Doubles are kept as bits and added to by compare-and-
 * swap: lock-free, safe in signal handlers.
 */
#ifndef SEEP_BASE_ATOMICS_H
#define SEEP_BASE_ATOMICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <seep/heap.h>

/* For variables that the sampling path reads: the code reaches them without the global offset table. */
#define HIDDEN __attribute__((visibility("hidden")))

#define load_relaxed(object) atomic_load_explicit((object), memory_order_relaxed)
#define load_acquire(object) atomic_load_explicit((object), memory_order_acquire)
#define store_relaxed(object, value) atomic_store_explicit((object), (value), memory_order_relaxed)
#define store_release(object, value) atomic_store_explicit((object), (value), memory_order_release)
#define add_relaxed(object, value) atomic_fetch_add_explicit((object), (value), memory_order_relaxed)
#define add_release(object, value) atomic_fetch_add_explicit((object), (value), memory_order_release)
#define or_relaxed(object, value) atomic_fetch_or_explicit((object), (value), memory_order_relaxed)

/* For a plain variable of one thread: keeps the order towards that thread's own signal handlers. */
#define load_from_signals(object) __atomic_load_n((object), __ATOMIC_RELAXED)
#define exchange_from_signals(object, expected, value)                                                                 \
	__atomic_compare_exchange_n((object), (expected), (value), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)

static inline double double_load(const seep_atomic_double *object)
{
	uint64_t bits = load_relaxed(object);
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static inline void double_store(seep_atomic_double *object, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	store_relaxed(object, bits);
}

/* Adds and returns the sum. */
static inline double double_add(seep_atomic_double *object, double addend)
{
	uint64_t old = load_relaxed(object), bits;
	double value;
	do {
		memcpy(&value, &old, sizeof value);
		value += addend;
		memcpy(&bits, &value, sizeof bits);
	} while (
	    !atomic_compare_exchange_weak_explicit(object, &old, bits, memory_order_relaxed, memory_order_relaxed));
	return value;
}

/* Raises the object to at least `value`. */
static inline void double_raise(seep_atomic_double *object, double value)
{
	uint64_t old = load_relaxed(object), bits;
	double seen;
	memcpy(&bits, &value, sizeof bits);
	do {
		memcpy(&seen, &old, sizeof seen);
		if (seen >= value)
			return;
	} while (
	    !atomic_compare_exchange_weak_explicit(object, &old, bits, memory_order_relaxed, memory_order_relaxed));
}

/* Copies whole words, one by one. Another process may read them meanwhile, and notices that afterwards. */
static inline void words_copy(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		__atomic_store_n((uint64_t *)to + i, __atomic_load_n((const uint64_t *)from + i, __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

#endif
