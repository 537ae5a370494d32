/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that somebody has looked at and that must not change by accident. They are in tests/unit/analyzer/golden/;
 * tests/unit/analyzer/refresh_golden.sh writes them anew, and git shows the changes.
 */
#ifndef SEEP_TESTS_GOLDEN_H
#define SEEP_TESTS_GOLDEN_H

#include "base/buffer.h"

/* Fails the test if the text differs from the file; with SEEP_REFRESH_GOLDEN set, writes the file instead. The tests
 * run in the root of the tree. */
void assert_golden(const char *name, const struct buffer *text);

/* Fails if a line has more than that many columns. */
void assert_columns(const struct buffer *text, unsigned columns);

#endif
