/* SPDX-License-Identifier: Apache-2.0 */
/* Unlike basename(3) of either kind, this one neither changes its argument nor depends on a header. */
#include <string.h>

#include "files/path.h"

const char *path_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int text_cut(const char *text, int limit)
{
	int length = (int)strnlen(text, (size_t)limit);

	if (text[length])
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	return length;
}

bool text_begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}
