/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the first few of many items and sorts them, without sorting all. */
#ifndef SEEP_WORK_FIRST_FEW_H
#define SEEP_WORK_FIRST_FEW_H

#include <stdint.h>

/* Compares two numbers of `items`, as qsort_r()'s function does. */
typedef int top_compare(const void *left, const void *right, void *context);

/* Puts the first `top` items to the front, sorted; the rest follows in any order. */
void top_sort(uint32_t *items, uint32_t count, uint32_t top, top_compare *compare, void *context);

#endif
