/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on the size of files, with SIGXFSZ deadly: those that a parent set
 * for its children, also over exec, from 0 up to around what a heap file has;
 * one that is lowered when a recording is under way; one that a thread lowers
 * and raises all the time while recordings begin; and a program that has
 * SIGXFSZ blocked and pending of its own, or handles it.
 *
 * torture: recordings=any
 * torture: because=a limit may forbid the file
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "torture.h"

static const rlim_t limits[] = {0, 1, 100, 4096, 65536, 1 << 20, 9 << 20, 1 << 30};

static void limit_files(rlim_t value)
{
	struct rlimit limit = {value, RLIM_INFINITY};
	if (setrlimit(RLIMIT_FSIZE, &limit))
		abort();
}

static void allocate(void)
{
	allocate_and_free(300);
	torture_hold = malloc(1000);
	usleep(20000);
}

static volatile sig_atomic_t handled;

static void handle(int signal)
{
	(void)signal;
	handled++;
}

static void *lower_and_raise(void *argument)
{
	while (!*(volatile bool *)argument) {
		limit_files(0);
		limit_files(RLIM_INFINITY);
	}
	return NULL;
}

/* The program's own signal is still pending, once, when it looks. */
static int has_one_pending(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGXFSZ);
	limit_files(10);
	allocate();
	int first = sigtimedwait(&set, NULL, &(struct timespec){0});
	int second = sigtimedwait(&set, NULL, &(struct timespec){0});
	return first == SIGXFSZ && second == -1 ? 40 : 41;
}

static int child_of(const char *program, int way)
{
	volatile bool done = false;
	if (way < 8) { /* each limit in a child, and in a program that the child executes */
		limit_files(limits[way]);
		allocate();
		execl(program, program, "executed", NULL);
		return 99;
	}
	if (way == 8) {
		allocate();
		limit_files(0);
		allocate();
		return 38;
	}
	if (way == 9)
		return has_one_pending();
	if (way == 10) {
		signal(SIGXFSZ, handle);
		limit_files(0);
		allocate();
		return handled ? 51 : 50;
	}
	pthread_t thread = start(lower_and_raise, (void *)&done);
	for (int i = 0; i < 12; i++) {
		pid_t child = fork();
		if (child == 0) {
			pthread_t other = start(lower_and_raise, (void *)&done);
			allocate_and_free(20);
			done = true;
			pthread_join(other, NULL);
			exit(0);
		}
		int status;
		waitpid(child, &status, 0);
		if (status)
			return 60;
	}
	done = true;
	pthread_join(thread, NULL);
	return 61;
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		allocate();
		return 30;
	}
	setvbuf(stdout, NULL, _IONBF, 0); /* the children must not write anything of it */
	for (int way = 0; way < 12; way++) {
		pid_t child = fork();
		if (child == 0)
			exit(child_of(argv[0], way));
		wait_for(child, "limited");
	}
	return 0;
}
