/* SPDX-License-Identifier: Apache-2.0 */
/* How each allocator is asked: one function for each. */
#ifndef SEEP_ALLOCATORS_QUESTIONS_H
#define SEEP_ALLOCATORS_QUESTIONS_H

#include "account/figures.h"
#include "copy/calls.h"

enum { FUNCTIONS_MOST = 3 };
typedef bool allocator_question(struct allocator_figures *figures, struct calls *calls,
				const uint64_t functions[FUNCTIONS_MOST], struct error *error);

/* By mallctl(). False: it did not answer everything; the error says why. */
allocator_question jemalloc_ask;

/* By MallocExtension_GetNumericProperty(). */
allocator_question tcmalloc_ask;

/* By mi_heap_get_default(), mi_heap_visit_blocks() and mi_collect(). */
allocator_question mimalloc_ask;

#endif
