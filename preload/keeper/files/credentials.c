/* SPDX-License-Identifier: Apache-2.0 */
/* Following the program's user and group: see credentials.h. */
#include "keeper/files/credentials.h"

#include <string.h>
#include <sys/prctl.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/files/heap_location.h"
#include "keeper/program/process.h"

bool credentials_parse(const char *status, const char *field, uint32_t ids[static 4])
{
	const char *at = strstr(status, field);
	if (!at || (at != status && at[-1] != '\n'))
		return false;
	at += strlen(field);
	for (int i = 0; i < 4; i++) {
		uint64_t id;
		while (*at == ' ' || *at == '\t')
			at++;
		if (!text_take_unsigned(&at, &id) || id > UINT32_MAX)
			return false;
		ids[i] = (uint32_t)id;
	}
	return true;
}

/* Is the id that we act with none of the program's any more? */
static bool given_up(const uint32_t theirs[static 4], long get)
{
	uint32_t real, effective, saved;
	return system_call(get, (long)&real, (long)&effective, (long)&saved, 0, 0, 0) == 0 && effective != theirs[0] &&
	       effective != theirs[1] && effective != theirs[2];
}

bool credentials_changed(uint64_t pid, struct credentials *program)
{
	char status[PROCESS_STATUS_BYTES];
	return process_read(pid, "status", status, sizeof status) > 0 &&
	       credentials_parse(status, "Uid:", program->user) && credentials_parse(status, "Gid:", program->group) &&
	       (given_up(program->user, SYS_getresuid) || given_up(program->group, SYS_getresgid));
}

/* Only what we made can be given away: a file of our own that has no other name. */
static void heap_file_give(int directory, uint32_t user, uint32_t group)
{
	struct stat status;
	int descriptor = location_open(directory, O_RDONLY, NULL);
	if (descriptor < 0)
		return;
	if (system_stat_descriptor(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
	    status.st_uid == system_effective_user())
		system_call(SYS_fchown, descriptor, user, group, 0, 0, 0);
	system_close(descriptor);
}

void credentials_take(const struct credentials *program, int directory)
{
	const uint32_t *user = program->user, *group = program->group;
	if (directory >= 0) {
		/* the heap file first: once the directory is the user's, its names are, too */
		heap_file_give(directory, user[1], group[1]);
		system_call(SYS_fchown, directory, user[1], group[1], 0, 0, 0);
	}
	/* a change of ids makes the whole process undumpable; the program may just have made itself dumpable again */
	long dumpable = system_call(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0, 0);
	system_call(SYS_setgroups, 0, 0, 0, 0, 0, 0);
	system_call(SYS_setresgid, group[0], group[1], group[2], 0, 0, 0);
	system_call(SYS_setresuid, user[0], user[1], user[2], 0, 0, 0);
	if (dumpable == 1)
		system_call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0, 0);
}
