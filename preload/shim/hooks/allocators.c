/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocators' own APIs. A program may mix them with malloc and free, so
 * every way to give memory back must be seen, and every way to get it is
 * counted once.
 */
#include "shim/hooks/forms.h"

SEEP_ENTRY_POINTS_OF_ALLOCATORS(HOOK)

DEFINE_XALLOCX(, xallocx, real)
DEFINE_MI_HEAP_DESTROY(, mi_heap_destroy, real)
