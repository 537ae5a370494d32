/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values. The analyzer's libraries fill one and return false or NULL; only main and the commands print and
 * exit. */
#ifndef SEEP_BASE_ERROR_H
#define SEEP_BASE_ERROR_H

#include <stdbool.h>

struct error {
	char text[512]; /* one line, without "seep: " in front and newline behind; control characters escaped */
};

/* Fills the error (cut to size) and returns false, so that callers can `return error_set(...)`. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
