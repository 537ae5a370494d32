/* SPDX-License-Identifier: Apache-2.0 */
/* For the constructor. */
#ifndef SEEP_HOOKS_MALLOC_H
#define SEEP_HOOKS_MALLOC_H

#include <stdbool.h>

/* The next allocator and the rate are known. Where everything is sampled, malloc always takes its slow half: no size's
 * arithmetic matters then. */
void malloc_prepare(bool everything);

#endif
