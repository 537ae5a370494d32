/* SPDX-License-Identifier: Apache-2.0 */
/* A time as a user gives it. */
#ifndef SEEP_OPTIONS_MOMENT_H
#define SEEP_OPTIONS_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#define MOMENT_NOW UINT64_MAX
#define MOMENT_FORMS "now, 2026-11-20, 2026-11-20T10:00, 10:00 (today), 90m, 2h or 7d (ago), @SECONDS"

/* One of MOMENT_FORMS, seconds and a zone (Z, +01:00) behind a clock's time allowed; without a zone it is the local one's.
 * `now_unix_ns`: what times are ago from, and what day today is. False: it is none of these. */
bool moment_parse_time(const char *text, uint64_t now_unix_ns, uint64_t *unix_ns);

#endif
