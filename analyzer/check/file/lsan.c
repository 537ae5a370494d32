/* SPDX-License-Identifier: Apache-2.0 */
#include "check/file/lsan.h"

#include <string.h>

#include "base/memory.h"
#include "files/path.h"

/* Whether the text begins with the pattern. After a failure behind a '*', that star takes one more byte; only the last
 * star needs to do so. */
static bool matches_from(const char *pattern, const char *text)
{
	const char *star = NULL, *taken = NULL;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			taken = text;
		} else if (!*pattern || (*pattern == '$' && !pattern[1] && !*text)) {
			return true;
		} else if (*text && *pattern == *text) {
			pattern++;
			text++;
		} else if (star && *taken) {
			pattern = star;
			text = ++taken;
		} else {
			return false;
		}
	}
}

bool lsan_matches(const char *pattern, const char *text)
{
	if (*pattern == '^')
		return matches_from(pattern + 1, text);
	do
		if (matches_from(pattern, text))
			return true;
	while (*text++);
	return false;
}

/* Takes a line without its blanks; the pattern is the part behind "leak:". */
static bool line_take(struct budgets *budgets, char *line, const char *path, size_t number, struct error *error)
{
	char *end = line + strlen(line);

	line += strspn(line, " \t\r");
	while (end > line && strchr(" \t\r", end[-1]))
		*--end = '\0';
	const size_t kind = strcspn(line, ":");
	if (!*line || *line == '#')
		return true;
	if (line[kind] != ':' || !line[kind + 1])
		return error_set(error, "%s:%zu: \"leak:PATTERN\" is expected", path, number);
	if (strncmp(line, "leak:", 5) != 0)
		return true;
	budgets->suppressions =
	    memory_resize(budgets->suppressions, budgets->suppression_count + 1, sizeof *budgets->suppressions);
	budgets->suppressions[budgets->suppression_count++] =
	    (struct suppression){.reason = path, .until = "", .leak = line + 5};
	return true;
}

bool lsan_suppressions_read(struct budgets *budgets, const char *path, struct error *error)
{
	size_t length = 0, number = 0;

	budgets->lsan = text_file_read(path, &length, error);
	for (char *line = budgets->lsan, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!line_take(budgets, line, path, ++number, error))
			return false;
	}
	return budgets->lsan != NULL;
}
