/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one warning goes to stderr, to which these programs never write: a pipe or a socket that nobody reads any more, a pipe
 * that is full, a terminal that is stopped, a terminal in whose background nobody may write. It neither ends, holds nor stops
 * them.
 *
 * torture: recordings=any
 * torture: because=the children may not record where they are told to
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <termios.h>

#include "torture.h"

static const char *const kinds[] = {"unread pipe", "unread socket", "full pipe", "stopped terminal", "background"};

static void fill(int pipe)
{
	char block[4096] = {0};
	fcntl(pipe, F_SETFL, O_NONBLOCK);
	while (write(pipe, block, sizeof block) > 0 || write(pipe, block, 1) > 0)
		;
	fcntl(pipe, F_SETFL, 0);
}

static int terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master))
		abort();
	setsid();
	return open(ptsname(master), O_RDWR);
}

/* The writing end; what is at its other one stays open, but for those that nobody reads. */
static int target_of(const char *kind)
{
	int ends[2];
	struct termios settings;
	if (strstr(kind, "pipe") ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		abort();
	if (strstr(kind, "unread"))
		close(ends[0]);
	else if (strstr(kind, "full"))
		fill(ends[1]);
	else
		ends[1] = terminal();
	if (strstr(kind, "stopped"))
		tcflow(ends[1], TCOOFF);
	if (strcmp(kind, "background") == 0) {
		tcgetattr(ends[1], &settings);
		settings.c_lflag |= TOSTOP;
		tcsetattr(ends[1], TCSANOW, &settings);
	}
	return ends[1];
}

/* In a child, which leads a session where there is a terminal. */
static void execute(const char *program, const char *kind)
{
	int target = target_of(kind), status = 0;
	pid_t child = 0;
	if (strcmp(kind, "background") == 0 && (child = fork()) == 0)
		setpgid(0, 0);
	if (child) {
		waitpid(child, &status, WUNTRACED);
		_exit(WIFSTOPPED(status) ? 100 : status);
	}
	dup2(target, 2);
	execl(program, program, kind, NULL);
	abort();
}

static void watch(const char *program, const char *kind)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		execute(program, kind);
	for (int i = 0; i < 1500 && waitpid(child, &status, WNOHANG) == 0; i++)
		usleep(10000);
	if (kill(child, SIGKILL) == 0)
		printf("%s: hangs\n", kind);
	printf("%s: %x\n", kind, status);
}

int main(int count, char **arguments)
{
	if (count > 1) {
		allocate_and_free(10);
		return 0;
	}
	setenv("SEEP_RATE", "none", 1);
	setenv("SEEP_OUTPUT", "/dev/null/recording", 1);
	setenv("SEEP_STORE", "none", 1);
	allocate_and_free(10);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		watch(arguments[0], kinds[i]);
	return 0;
}
