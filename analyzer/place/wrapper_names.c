/* SPDX-License-Identifier: Apache-2.0 */
#include "place/wrapper_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"

bool wrapper_names_parse(struct wrapper_names *names, const char *text, struct error *error)
{
	const char *separators = text[0] == '@' ? "\r\n" : ",";
	size_t capacity = 0;
	char *rest = NULL;

	*names = (struct wrapper_names){.text = text[0] == '@' ? text_file_read(text + 1, NULL, error)
							       : memory_copy_text(text)};
	if (!names->text)
		return false;
	for (char *name = strtok_r(names->text, separators, &rest); name; name = strtok_r(NULL, separators, &rest)) {
		name += strspn(name, " \t");
		for (size_t end = strlen(name); end > 0 && strchr(" \t", name[end - 1]); end--)
			name[end - 1] = '\0';
		if (!*name || *name == '#')
			continue;
		ARRAY_RESERVE(names->names, names->count, capacity);
		names->names[names->count++] = name;
	}
	return true;
}

void wrapper_names_free(struct wrapper_names *names)
{
	free(names->text);
	free(names->names);
	*names = (struct wrapper_names){0};
}
