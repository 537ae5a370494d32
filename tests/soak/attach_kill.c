/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/soak/attach.sh: attach_kill SEEP PID DIRECTORY STEP OPTION... joins a process and leaves it, again and again, and kills
 * seep behind the first, the second ... of its system calls that do something to the process (every STEP-th, from 1 on). After each,
 * seep joins and leaves it at once, as somebody would who tries again. Prints how often it was killed. Exit status 1: the process has
 * ended, or could not be joined and left any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES_MAX = 16, OPTIONS_MAX = 8, ARGUMENTS_MAX = 8 + OPTIONS_MAX };

#define OPTIONS                                                                                                        \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)
#define SYSTEM_STOP (SIGTRAP | 0x80)

static pid_t target;
static const char *seep, *directory, *const *options;

/* The processes of the seep that is to be killed. */
static pid_t processes[PROCESSES_MAX];
static size_t count;

static void arguments_make(const char *arguments[ARGUMENTS_MAX], bool joins)
{
	static char number[16];
	size_t at = 0;

	snprintf(number, sizeof number, "%d", (int)target);
	arguments[at++] = seep;
	arguments[at++] = joins ? "attach" : "detach";
	for (size_t i = 0; joins && options[i]; i++)
		arguments[at++] = options[i];
	if (joins)
		arguments[at++] = "-o", arguments[at++] = directory;
	arguments[at++] = number;
	arguments[at] = NULL;
}

static pid_t seep_start(bool joins, bool traced)
{
	const char *arguments[ARGUMENTS_MAX];
	pid_t pid;

	arguments_make(arguments, joins);
	pid = fork();
	if (pid != 0)
		return pid;
	int log = open("kill.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(log, 1);
	dup2(log, 2);
	if (traced) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
	}
	execv(seep, (char *const *)arguments);
	_exit(127);
}

static bool seep_succeeds(bool joins)
{
	int status;
	pid_t pid = seep_start(joins, false);

	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void process_add(pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (processes[i] == pid)
			return;
	if (count < PROCESSES_MAX)
		processes[count++] = pid;
}

/* Has it just made a call that does something to the target? */
static bool has_acted(pid_t pid)
{
	struct __ptrace_syscall_info info = {0};
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_EXIT)
		return false;
	return ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 &&
	       (registers.orig_rax == SYS_ptrace || registers.orig_rax == SYS_pwrite64);
}

static void all_kill(void)
{
	for (size_t i = 0; i < count; i++)
		kill(processes[i], SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

/* Runs it until the number-th of those calls; false: it made fewer. */
static bool killed_at(bool joins, unsigned number)
{
	int status;
	pid_t first = seep_start(joins, true), pid;

	count = 0;
	process_add(first);
	waitpid(first, &status, 0);
	ptrace(PTRACE_SETOPTIONS, first, NULL, (void *)OPTIONS);
	ptrace(PTRACE_SYSCALL, first, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int signal = 0;
		if (!WIFSTOPPED(status)) {
			if (pid == first && joins) /* the process that stays goes on by itself */
				break;
			continue;
		}
		process_add(pid);
		if (WSTOPSIG(status) == SYSTEM_STOP) {
			if (has_acted(pid) && --number == 0) {
				all_kill();
				return true;
			}
		} else if (status >> 16 == 0 && WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
			signal = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal);
	}
	all_kill();
	return false;
}

static bool lives(void)
{
	char path[64], state = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)target);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state != 'Z' && state != 'X' && state != 0;
}

static bool all_moments(bool joins, unsigned step)
{
	unsigned number = 1;

	for (bool killed = true; killed; number += step) {
		if (!joins && !seep_succeeds(true)) {
			printf("could not be joined before the kill at %u\n", number);
			return false;
		}
		killed = killed_at(joins, number);
		seep_succeeds(true);
		seep_succeeds(false);
		if (!lives()) {
			printf("ended when seep %s was killed at %u\n", joins ? "attach" : "detach", number);
			return false;
		}
	}
	printf("%s: killed at %u moments of %u\n", joins ? "attach" : "detach", (number - 1) / step - 1,
	       number - step - 1);
	return true;
}

int main(int argc, char **argv)
{
	if (argc < 5 || argc > 5 + OPTIONS_MAX)
		return 2;
	seep = argv[1];
	target = atoi(argv[2]);
	directory = argv[3];
	options = (const char *const *)&argv[5];
	unsigned step = (unsigned)atoi(argv[4]);
	return !(all_moments(true, step) && all_moments(false, step) && seep_succeeds(true) && seep_succeeds(false));
}
