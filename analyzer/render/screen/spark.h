/* SPDX-License-Identifier: Apache-2.0 */
/* A line of bars for a series of values. */
#ifndef SEEP_SCREEN_SPARK_H
#define SEEP_SCREEN_SPARK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Appends `columns` bars, at even steps of time, from 0 to the largest value. The values have ascending times. A step
 * with several values shows the largest of them, and one with none shows the last value before it. */
void spark_append(struct buffer *out, const uint64_t *times_ns, const double *values, size_t count, unsigned columns);

#endif
