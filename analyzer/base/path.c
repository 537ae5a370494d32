/* SPDX-License-Identifier: Apache-2.0 */
/* Unlike basename(3) of either kind, this one neither changes its argument nor depends on a header. */
#include <string.h>

#include "base/path.h"

const char *path_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool text_begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}
