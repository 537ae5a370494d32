/* SPDX-License-Identifier: Apache-2.0 */
/* A line of bars for a series of values. */
#ifndef SEEP_SCREEN_SPARK_H
#define SEEP_SCREEN_SPARK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Appends `columns` bars: values at times that ascend, at even steps of time, from 0 to the largest. A step that has several
 * values shows the largest of them, one that has none the last before it. */
void spark_append(struct buffer *out, const uint64_t *times_ns, const double *values, size_t count, unsigned columns);

#endif
