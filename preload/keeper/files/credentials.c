/* SPDX-License-Identifier: Apache-2.0 */
/* Following the program's user and group: see credentials.h. */
#include "keeper/files/credentials.h"

#include <sys/prctl.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/files/heap_location.h"

#include <seep/process.h>

/* Has the program given up the id that we act with? */
static bool given_up(const uint32_t theirs[static 4], long get)
{
	uint32_t real, effective, saved;
	return system_call(get, (long)&real, (long)&effective, (long)&saved, 0, 0, 0) == 0 && effective != theirs[0] &&
	       effective != theirs[1] && effective != theirs[2];
}

bool credentials_changed(uint64_t pid, struct credentials *program)
{
	return seep_process_ids(pid, "Uid:", program->user) && seep_process_ids(pid, "Gid:", program->group) &&
	       (given_up(program->user, SYS_getresuid) || given_up(program->group, SYS_getresgid));
}

/* Gives away only a file that we made: it is ours, and has no other name. */
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
