/* SPDX-License-Identifier: Apache-2.0 */
/* A time as a user gives it. */
#ifndef SEEP_OPTIONS_MOMENT_H
#define SEEP_OPTIONS_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#define MOMENT_NOW UINT64_MAX
#define MOMENT_FORMS "now, 2026-11-20, 2026-11-20T10:00, 10:00 (today), 90m, 2h or 7d (ago), @SECONDS"

/* Reads one of MOMENT_FORMS. A clock's time may have seconds and a zone (Z, +01:00); without a zone it is local time.
 * `now_unix_ns`: the moment from which "2h" counts back, and whose day is today. False: it is none of these forms. */
bool moment_parse_time(const char *text, uint64_t now_unix_ns, uint64_t *unix_ns);

#endif
