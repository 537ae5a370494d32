/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that were looked at once and must not change by accident. They lie in
 * tests/unit/analyzer/golden/; tests/unit/analyzer/refresh_golden.sh writes
 * them anew, and git shows what changed.
 */
#ifndef SEEP_TESTS_GOLDEN_H
#define SEEP_TESTS_GOLDEN_H

#include "base/buffer.h"

/* Fails the test where the text is not that of the file; with SEEP_REFRESH_GOLDEN set, writes the file instead. The
 * tests run in the root of the tree. */
void assert_golden(const char *name, const struct buffer *text);

/* Fails where a line has more than so many columns. */
void assert_columns(const struct buffer *text, unsigned columns);

#endif
