/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of the made-up server's two moments (server_story.h), and the questions that tests ask about them. */
#ifndef SEEP_TESTS_STORY_COMPARISON_H
#define SEEP_TESTS_STORY_COMPARISON_H

#include "compare/comparison.h"
#include "support/server_story.h"

/* Two moments and their comparison, made and freed together. */
struct fixture {
	struct profile *before, *after;
	struct comparison comparison;
};

struct fixture fixture_of(struct profile *before, struct profile *after, enum group_by by);
struct fixture story(enum group_by by);
void fixture_free(struct fixture *fixture);

/* The row that a function names; the test fails if there is none. */
const struct comparison_row *row_of(const struct fixture *fixture, const char *function);

/* `tolerance` is relative. */
void assert_near(double value, double expected, double tolerance);

#endif
