/* SPDX-License-Identifier: Apache-2.0 */
#include "render/check/check_source.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"

const struct source_line *check_row_line(const struct check_row *row)
{
	if (row->leak && row->leak->spread)
		return row->leak->spread->place.line;
	return row->group ? group_line(row->group) : NULL;
}

uint32_t check_source_append(struct buffer *out, const struct check *check, const struct check_row *row)
{
	const struct source_line *line = check_row_line(row);
	const bool is_known = line && line->file;
	const char *file = is_known ? line->file : check->budgets->source;
	char here[PATH_MAX];

	if (file[0] == '/' && getcwd(here, sizeof here)) {
		const size_t length = strlen(here);
		if (strncmp(file, here, length) == 0 && file[length] == '/')
			file += length + 1;
	}
	while (strncmp(file, "./", 2) == 0)
		file += 2;
	buffer_append_text(out, file);
	return is_known && line->line ? line->line : 1;
}

uint64_t check_row_identity(const struct check_row *row)
{
	const struct source_line *line = check_row_line(row);
	const char *function = line ? line->function : "";
	const uint64_t budget = hash_bytes(1, row->budget->name, strlen(row->budget->name) + 1);

	return hash_bytes(budget, function, strlen(function) + 1);
}
