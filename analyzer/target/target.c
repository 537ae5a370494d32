/* SPDX-License-Identifier: Apache-2.0 */
#include "target/target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/locate.h"

bool target_resolve(const char *operand, char *path, size_t size, struct error *error)
{
	const size_t digits = strspn(operand, "0123456789");

	if (digits && !operand[digits] && access(operand, F_OK) != 0) {
		const unsigned long pid = digits < 11 ? strtoul(operand, NULL, 10) : 0;
		if (pid == 0 || pid > INT_MAX)
			return error_set(error, "%s: there is no such process", operand);
		return recording_locate((pid_t)pid, path, size, error);
	}
	if (strlen(operand) >= size)
		return error_set(error, "%.64s...: the path is too long", operand);
	strcpy(path, operand);
	for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		path[length - 1] = 0;
	return true;
}

bool target_is_there(const char *path, struct error *error)
{
	return access(path, F_OK) == 0 || errno != ENOENT ||
	       error_set(error, "%s: there is no such recording or file: 'seep list' shows recordings", path);
}
