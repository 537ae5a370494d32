/* SPDX-License-Identifier: Apache-2.0 */
#include "files/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool secret_read(const char *file, const char *name, char *text, size_t room, size_t *length, struct error *error)
{
	const bool is_standard = strcmp(file, "-") == 0;
	const int descriptor = is_standard ? STDIN_FILENO : open(file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	ssize_t got = 1;

	*length = 0;
	while (descriptor >= 0 && *length < room &&
	       ((got = read(descriptor, text + *length, room - *length)) > 0 || (got < 0 && errno == EINTR)))
		*length += got > 0 ? (size_t)got : 0;
	const int fault = errno;
	if (descriptor >= 0 && !is_standard)
		close(descriptor);
	return (descriptor >= 0 && got >= 0) ||
	       error_set(error, "%.256s: %s can't be read: %s", file, name, strerror(fault));
}
