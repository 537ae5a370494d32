/* SPDX-License-Identifier: Apache-2.0 */
/* LeakSanitizer's files of suppressions: lines "leak:PATTERN", and comments behind '#'. */
#ifndef SEEP_CHECK_FILE_LSAN_H
#define SEEP_CHECK_FILE_LSAN_H

#include "check/file/budgets.h"

/* Adds those of a file; of kinds for other sanitizers ("race:...") nothing. */
bool lsan_suppressions_read(struct budgets *budgets, const char *path, struct error *error);

/* Does a pattern match a function's name, a source file or a module, as LeakSanitizer has it? It may match anywhere in the text, '*' stands
 * for any part of it, and '^' and '$' are its ends. */
bool lsan_matches(const char *pattern, const char *text);

#endif
