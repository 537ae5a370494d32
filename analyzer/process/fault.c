/* SPDX-License-Identifier: Apache-2.0 */
/* One form for all faults of a recording. */
#include <stdio.h>
#include <string.h>

#include "process/fault.h"

bool error_set_fault(struct error *error, const char *file, const struct seep_fault *fault)
{
	char offset[40] = "";

	if (fault->offset)
		snprintf(offset, sizeof offset, "offset %llu: ", (unsigned long long)fault->offset);
	if (fault->error)
		return error_set(error, "%s: %s%s: %s", file, offset, fault->text, strerror(fault->error));
	return error_set(error, "%s: %s%s", file, offset, fault->text);
}
