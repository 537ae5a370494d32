/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that does not fail: when memory runs out the analyzer says so in one line and exits with status 3. Sizes
 * are checked for overflow. */
#ifndef SEEP_BASE_MEMORY_H
#define SEEP_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

void *memory_allocate(size_t count, size_t size); /* zeroed */
void *memory_resize(void *old, size_t count, size_t size);
char *memory_copy_text(const char *text);

/* From now on, large blocks are mappings of their own: they grow without being copied, and go back to the system when
 * freed. */
void memory_map_large(void);

/* From now on, limits the process's memory to what budget_memory_bytes() allows for the announced inputs. This is a
 * last resort: each reader bounds what it makes of an input. */
void memory_bound_by_inputs(void);
void memory_expect_input(uint64_t bytes);
/* The same for a child that reads ELF, by budget_debug_bytes(). Such a child ends without a message. */
void memory_bound_child(void);

/* Makes room for one more element in a growing array (doubling); evaluates its arguments more than once. */
#define ARRAY_RESERVE(array, count, capacity)                                                                          \
	do {                                                                                                           \
		if ((count) == (capacity)) {                                                                           \
			(capacity) = (capacity) ? 2 * (capacity) : 16;                                                 \
			(array) = memory_resize((array), (capacity), sizeof *(array));                                 \
		}                                                                                                      \
	} while (0)

/* The same for `more` elements at once. */
#define ARRAY_RESERVE_MORE(array, count, capacity, more)                                                               \
	do {                                                                                                           \
		if ((capacity) - (count) < (more)) {                                                                   \
			(capacity) += (capacity) / 2;                                                                  \
			(capacity) = (capacity) - (count) < (more) ? (count) + (more) : (capacity);                    \
			(array) = memory_resize((array), (capacity), sizeof *(array));                                 \
		}                                                                                                      \
	} while (0)

#endif
