/* SPDX-License-Identifier: Apache-2.0 */
/* How each allocator is asked: one function for each. */
#ifndef SEEP_ALLOCATORS_QUESTIONS_H
#define SEEP_ALLOCATORS_QUESTIONS_H

#include "account/figures.h"
#include "copy/calls.h"

/* `function`: mallctl(). False: it has not answered all; the error says why. */
bool jemalloc_ask(struct allocator_figures *figures, struct calls *calls, uint64_t function, struct error *error);

/* `function`: MallocExtension_GetNumericProperty(). */
bool tcmalloc_ask(struct allocator_figures *figures, struct calls *calls, uint64_t function, struct error *error);

#endif
