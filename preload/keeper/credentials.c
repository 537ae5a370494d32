/* SPDX-License-Identifier: Apache-2.0 */
/* Following the program's user and group: see credentials.h. */
#include "keeper/credentials.h"

#include <stdbool.h>
#include <string.h>

#include "base/file.h"
#include "base/syscall.h"
#include "base/text.h"

#include <seep/keeper.h>

int credentials_parse(const char *status, const char *field, uint32_t ids[static 4])
{
	const char *at = strstr(status, field);
	if (!at || (at != status && at[-1] != '\n'))
		return 0;
	at += strlen(field);
	for (int i = 0; i < 4; i++) {
		uint64_t id;
		while (*at == ' ' || *at == '\t')
			at++;
		if (!text_take_unsigned(&at, &id) || id > UINT32_MAX)
			return 0;
		ids[i] = (uint32_t)id;
	}
	return 1;
}

static bool ids_differ(const uint32_t theirs[static 4], long get)
{
	uint32_t own[3];
	return system_call(get, (long)&own[0], (long)&own[1], (long)&own[2], 0, 0, 0) == 0 &&
	       memcmp(own, theirs, sizeof own) != 0;
}

void credentials_follow(uint64_t pid, const char *directory)
{
	char path[48], status[3072];
	uint32_t user[4], group[4];
	struct text text = text_begin(path, sizeof path);
	text_add(&text, "/proc/");
	text_add_unsigned(&text, pid);
	text_add(&text, "/status");
	if (file_read_text(path, status, sizeof status) <= 0 || !credentials_parse(status, "Uid:", user) ||
	    !credentials_parse(status, "Gid:", group))
		return;
	if (!ids_differ(user, SYS_getresuid) && !ids_differ(group, SYS_getresgid))
		return;
	int descriptor = file_open(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (descriptor >= 0) {
		system_call(SYS_fchown, descriptor, user[1], group[1], 0, 0, 0);
		system_call(SYS_fchownat, descriptor, (long)SEEP_HEAP_NAME, user[1], group[1], AT_SYMLINK_NOFOLLOW, 0);
		system_close(descriptor);
	}
	system_call(SYS_setgroups, 0, 0, 0, 0, 0, 0);
	system_call(SYS_setresgid, group[0], group[1], group[2], 0, 0, 0);
	system_call(SYS_setresuid, user[0], user[1], user[2], 0, 0, 0);
}
