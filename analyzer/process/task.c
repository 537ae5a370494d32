/* SPDX-License-Identifier: Apache-2.0 */
#include "process/task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/signals.h"

enum { WALL_SECONDS = 300, CPU_SECONDS = 120, NICENESS = 10 };

static void write_all(int descriptor, const struct buffer *answer)
{
	for (size_t at = 0; at < answer->length;) {
		const ssize_t done = write(descriptor, answer->data + at, answer->length - at);
		if (done < 0 && errno != EINTR)
			return;
		at += done > 0 ? (size_t)done : 0;
	}
}

/* The task may use only the pipe: our other descriptors are none of its business. */
static _Noreturn void task_run(int pipe, task_work *work, const void *context)
{
	const struct rlimit seconds = {CPU_SECONDS, CPU_SECONDS};
	const sigset_t all = signals_all();
	struct buffer answer = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	signals_mask(SIG_UNBLOCK, &all, NULL);
	dup2(pipe, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0U, 0);
	setpriority(PRIO_PROCESS, 0, NICENESS);
	setrlimit(RLIMIT_CPU, &seconds);
	work(&answer, context);
	write_all(STDERR_FILENO + 1, &answer);
	_exit(0);
}

bool task_start(struct task *task, task_work *work, const void *context, size_t most, uint64_t now_ns,
		struct error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(error, "can't make a pipe to a process of seep's: %s", strerror(errno));
	const pid_t pid = fork();
	if (pid == 0)
		task_run(ends[1], work, context);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_set(error, "can't start a process of seep's: %s", strerror(errno));
	}
	setpgid(pid, pid);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*task = (struct task){pid, ends[0], now_ns + WALL_SECONDS * UINT64_C(1000000000), most, {0}};
	return true;
}

bool task_read(struct task *task)
{
	char block[65536];
	ssize_t got;

	while ((got = read(task->pipe, block, sizeof block)) > 0) {
		buffer_append(&task->got, block, (size_t)got);
		if (task->got.length > task->most)
			return false;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void task_finish(struct task *task, int *status, double *cpu_s)
{
	struct rusage usage = {0};

	/* A group that has ended by itself does not notice. */
	kill(-task->pid, SIGKILL);
	close(task->pipe);
	*status = 0;
	while (wait4(task->pid, status, 0, &usage) < 0 && errno == EINTR)
		;
	*cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	task->pid = 0;
}
