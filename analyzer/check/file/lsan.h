/* SPDX-License-Identifier: Apache-2.0 */
/* LeakSanitizer's files of suppressions: lines "leak:PATTERN", and comments behind '#'. */
#ifndef SEEP_CHECK_FILE_LSAN_H
#define SEEP_CHECK_FILE_LSAN_H

#include "check/file/budgets.h"

/* Adds the suppressions of a file. Lines for other sanitizers ("race:...") add nothing. */
bool lsan_suppressions_read(struct budgets *budgets, const char *path, struct error *error);

/* Whether a pattern matches a function's name, a source file or a module, by LeakSanitizer's rules: it may match
 * anywhere in the text, '*' stands for any part, and '^' and '$' for the ends. */
bool lsan_matches(const char *pattern, const char *text);

#endif
