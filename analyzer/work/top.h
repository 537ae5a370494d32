/* SPDX-License-Identifier: Apache-2.0 */
/* The first of many in an order, sorted, without sorting them all. */
#ifndef SEEP_WORK_TOP_H
#define SEEP_WORK_TOP_H

#include <stdint.h>

/* Compares two numbers of `items`, as qsort_r() has it. */
typedef int top_compare(const void *left, const void *right, void *context);

/* Puts the `top` first to the front, sorted; the rest follows in any order. */
void top_sort(uint32_t *items, uint32_t count, uint32_t top, top_compare *compare, void *context);

#endif
