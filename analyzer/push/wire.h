/* SPDX-License-Identifier: Apache-2.0 */
/* A stretch of a recording in the form that its server takes. */
#ifndef SEEP_PUSH_WIRE_H
#define SEEP_PUSH_WIRE_H

#include "base/buffer.h"
#include "export/export.h"
#include "push/destination.h"
#include "push/labels.h"

/* One request. */
struct parcel {
	struct buffer path; /* appended to the destination's address */
	const char *type;
	struct buffer body;
};

/* Packs a profile of the rows from `first` on: as many of `most` as the size limits allow. Returns how many; at least
 * one. */
uint32_t wire_fill(struct parcel *parcel, const struct destination *destination, const struct labels *labels,
		   const struct export_interval *interval);
void parcel_free(struct parcel *parcel);

#endif
