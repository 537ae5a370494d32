/* SPDX-License-Identifier: Apache-2.0 */
/* A stretch of a recording as OpenTelemetry's profiles (profiles/v1development/profiles.proto of opentelemetry-proto). */
#ifndef SEEP_PUSH_OTLP_H
#define SEEP_PUSH_OTLP_H

#include "base/buffer.h"
#include "export/export.h"
#include "push/labels.h"

/* Appends an ExportProfilesServiceRequest: a profile for each of the four values, which share one dictionary. `identity`: 16
 * bytes that are the same whenever the same stretch is sent. */
void otlp_write(struct buffer *out, const struct labels *labels, const struct export_interval *interval,
		const uint8_t identity[16]);

/* How many profiles were refused according to an ExportProfilesServiceResponse, and why. */
uint64_t otlp_refused(const void *answer, size_t bytes, struct buffer *why);

#endif
