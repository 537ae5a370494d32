/* SPDX-License-Identifier: Apache-2.0 */
#include "files/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *pager_command(void)
{
	const char *pager = getenv("PAGER"), *terminal = getenv("TERM");

	if (!isatty(STDOUT_FILENO) || !terminal || strcmp(terminal, "dumb") == 0)
		return NULL;
	if (!pager)
		pager = "less";
	return *pager && strcmp(pager, "cat") != 0 ? pager : NULL;
}

/* Runs in the child. If the pager can't be started, copies the text as it is, so that nothing of it is lost. */
static void run(const char *command, const int ends[2])
{
	char bytes[4096];
	ssize_t got;

	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	close(ends[1]); /* otherwise the copy below would never see the end */
	setenv("LESS", "FRX", 0);
	signal(SIGINT, SIG_DFL);
	if (strpbrk(command, " \t|&;<>()$`\\\"'*?[#~=%"))
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	else
		execlp(command, command, (char *)NULL);
	while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
		if (write(STDOUT_FILENO, bytes, (size_t)got) != got)
			break;
	_exit(0);
}

int pager_start(pid_t *pid)
{
	const char *command = pager_command();
	int ends[2];

	if (!command || pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*pid = fork();
	if (*pid == 0)
		run(command, ends);
	close(ends[0]);
	if (*pid < 0) {
		close(ends[1]);
		return -1;
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN); /* a reader may leave it early */
	return ends[1];
}

void pager_wait(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}
