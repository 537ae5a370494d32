/* SPDX-License-Identifier: Apache-2.0 */
/* See names.h. */
#include "session/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "profile/profile.h"
#include "session/background.h"
#include "session/hurry.h"
#include "symbols/records.h"

enum {
	RECORDINGS_MAX = 16, /* a build has thousands, and nobody looks at most of them */
	SECONDS_MAX = 120,
	LOWEST_PRIORITY = 19,
	IO_IDLE = 3 << 13, /* IOPRIO_CLASS_IDLE */
	IO_WHO_PROCESS = 1,
};

/* Others who need processors, disk or memory get them before us. */
static void yield_to_others(void)
{
	setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, IO_IDLE);
	int descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (descriptor < 0)
		return;
	if (write(descriptor, "1000", 4) != 4)
		setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	close(descriptor);
}

static bool is_wanted(void)
{
	const char *choice = getenv("SEEP_NAMES");

	return !choice || strcmp(choice, "off") != 0;
}

void names_keep(const char *const *directories, size_t count)
{
	const time_t end = time(NULL) + SECONDS_MAX;
	struct records_summary summary;
	struct error ignored;

	yield_to_others();
	/* Servers keep this build after an upgrade, too, so we need not ask them now. */
	unsetenv("DEBUGINFOD_URLS");
	for (size_t i = 0; i < count && i < RECORDINGS_MAX && is_wanted() && time(NULL) < end; i++)
		recording_keep_names(directories[i], &summary, &ignored);
}

static _Noreturn void names_keep_apart(const char *const *directories, size_t count)
{
	background_enter(NULL, 0);
	hurry_forget();
	memory_bound_by_inputs();
	names_keep(directories, count);
	_exit(0);
}

void names_keep_aside(const char *directory)
{
	pid_t child = is_wanted() ? fork() : -1;

	if (child == 0) {
		if (fork() == 0)
			names_keep_apart(&directory, 1);
		_exit(0); /* ends at once, so that nobody has to wait for its child */
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

void names_keep_behind(const char *const *directories, size_t count)
{
	if (count == 0 || !is_wanted() || fflush(stdout) != 0 || fork() != 0)
		return;
	names_keep_apart(directories, count);
}
