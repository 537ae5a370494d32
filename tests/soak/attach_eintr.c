/* SPDX-License-Identifier: Apache-2.0 */
/* For tests/soak/attach.sh: a thread for each kind of system call that blocks. No signal is ever sent to them, so a call that returns EINTR,
 * or before its time is over, has noticed that somebody stopped its thread: an error is said. */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 7, KINDS = 14 };

static const struct timespec wait_time = {0, WAIT_MS * 1000000};
static int feed_pipe[2], poller, semaphores, socket_pair[2], listener;
static sigset_t nobody;

static struct timespec after(clockid_t clock)
{
	struct timespec then;
	clock_gettime(clock, &then);
	then.tv_nsec += wait_time.tv_nsec;
	if (then.tv_nsec >= 1000000000)
		then.tv_sec++, then.tv_nsec -= 1000000000;
	return then;
}

static long call(int kind)
{
	struct timespec monotonic = after(CLOCK_MONOTONIC), real = after(CLOCK_REALTIME);
	struct timeval time = {0, WAIT_MS * 1000};
	struct sembuf down = {0, -1, 0};
	struct epoll_event event;
	sem_t semaphore;
	int word = 0;
	char byte;
	sem_init(&semaphore, 0, 0);
	switch (kind) {
	case 0:
		return read(feed_pipe[0], &byte, 1);
	case 1:
		return recv(socket_pair[0], &byte, 1, 0);
	case 2:
		return poll(NULL, 0, WAIT_MS);
	case 3:
		return ppoll(NULL, 0, &wait_time, &nobody);
	case 4:
		return select(0, NULL, NULL, NULL, &time);
	case 5:
		return pselect(0, NULL, NULL, NULL, &wait_time, &nobody);
	case 6:
		return epoll_wait(poller, &event, 1, WAIT_MS);
	case 7:
		return epoll_pwait(poller, &event, 1, WAIT_MS, &nobody);
	case 8:
		return nanosleep(&wait_time, NULL);
	case 9:
		errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &monotonic, NULL);
		return errno ? -1 : 0;
	case 10:
		return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &wait_time, NULL, 0);
	case 11:
		return sem_timedwait(&semaphore, &real);
	case 12:
		return semtimedop(semaphores, &down, 1, &wait_time);
	default:
		return accept(listener, NULL, NULL);
	}
}

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *waits(void *kind)
{
	for (;;) {
		double begun = now_ms();
		long result = call((int)(long)kind);
		int error = errno;
		if (result < 0 && error == EINTR)
			printf("error: EINTR of kind %ld\n", (long)kind);
		else if (kind && now_ms() - begun < WAIT_MS - 0.5)
			printf("error: kind %ld waited for %.1f ms\n", (long)kind, now_ms() - begun);
		else
			continue;
		fflush(stdout);
	}
	return NULL;
}

static void end(int signal) /* the kernel would keep them */
{
	(void)signal;
	semctl(semaphores, 0, IPC_RMID);
	_exit(0);
}

int main(void)
{
	struct timeval time = {0, WAIT_MS * 1000};
	pthread_t thread;
	poller = epoll_create1(0);
	semaphores = semget(IPC_PRIVATE, 1, 0600);
	signal(SIGTERM, end);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (pipe(feed_pipe) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, socket_pair) != 0 || listen(listener, 1) != 0)
		return 1;
	setsockopt(socket_pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
	for (long i = 0; i < KINDS; i++)
		pthread_create(&thread, NULL, waits, (void *)i);
	while (write(feed_pipe[1], "x", 1) == 1)
		usleep(9000);
	return 1;
}
