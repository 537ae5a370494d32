/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "support/story_comparison.h"

struct fixture fixture_of(struct profile *before, struct profile *after, enum group_by by)
{
	struct fixture fixture = {.before = before, .after = after};

	comparison_build(&fixture.comparison, before, after, by);
	return fixture;
}

struct fixture story(enum group_by by)
{
	return fixture_of(story_profile(STORY_BEFORE), story_profile(STORY_AFTER), by);
}

void fixture_free(struct fixture *fixture)
{
	comparison_free(&fixture->comparison);
	profile_free(fixture->before);
	profile_free(fixture->after);
}

const struct comparison_row *row_of(const struct fixture *fixture, const char *function)
{
	const struct comparison *comparison = &fixture->comparison;

	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct group *group = &comparison->groups.groups[comparison->rows[i].group];
		const struct source_line *line = group_line(group);
		if (line && strcmp(line->function, function) == 0)
			return &comparison->rows[i];
	}
	fail_msg("no row for %s", function);
	return NULL;
}

void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance * fmax(fabs(expected), 1e-300)))
		fail_msg("%.17g is not %.17g", value, expected);
}
