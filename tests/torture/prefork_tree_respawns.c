/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that forks its workers beforehand, and a new one for each that has
 * ended: by itself, by _exit, by a signal. Each worker has threads and a
 * helper, a process of its own. Every process's recording holds what that
 * process allocated, to the byte, and nothing of the others'.
 *
 * torture: recordings=13
 */
#include "torture.h"

#define WORKERS 3
#define GENERATIONS 2

static struct truth_site *master_site, *worker_site, *thread_site, *helper_site;

static SITE void site_master(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(master_site, size);
}

static SITE void site_worker(size_t size, bool keep)
{
	void *memory = malloc(size);
	truth_allocated(worker_site, size);
	torture_hold = memory;
	if (!keep) {
		free(memory);
		truth_freed(worker_site, size);
	}
}

static SITE void site_thread(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(thread_site, size);
}

static SITE void site_helper(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(helper_site, size);
}

static void *work(void *unused)
{
	for (int i = 0; i < 200; i++)
		site_thread(48);
	return unused;
}

static void help(int worker)
{
	truth_begin_child();
	for (int i = 0; i < 30 + worker; i++)
		site_helper(70);
	truth_write_own();
	_exit(20 + worker);
}

/* By `generation` and `worker` each ends in its own way; one waits to be killed. */
static void serve(int generation, int worker, int ready)
{
	truth_begin_child();
	for (int i = 0; i < 500; i++)
		site_worker(100 + (size_t)worker, i % (worker + 2) == 0);
	pid_t helper = fork();
	if (helper == 0)
		help(worker);
	pthread_t threads[2] = {start(work, NULL), start(work, NULL)};
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	int status = 0;
	EXPECT(waitpid(helper, &status, 0) == helper && WEXITSTATUS(status) == 20 + worker);
	truth_write_own();
	fflush(stdout);
	if (write(ready, "x", 1) != 1)
		abort();
	if ((generation + worker) % 3 == 0)
		pause();
	if ((generation + worker) % 3 == 1)
		_exit(30 + worker);
	exit(40 + worker);
}

int main(void)
{
	truth_directory = ".";
	master_site = truth_add("site_master");
	worker_site = truth_add("site_worker");
	thread_site = truth_add("site_thread");
	helper_site = truth_add("site_helper");
	for (int i = 0; i < 1000; i++)
		site_master(200);
	for (int generation = 0; generation < GENERATIONS; generation++) {
		pid_t workers[WORKERS];
		int ready[2];
		char answer;
		EXPECT(pipe(ready) == 0);
		fflush(stdout);
		for (int worker = 0; worker < WORKERS; worker++) {
			workers[worker] = fork();
			if (workers[worker] == 0)
				serve(generation, worker, ready[1]);
			site_master(300);
		}
		for (int worker = 0; worker < WORKERS; worker++)
			EXPECT(read(ready[0], &answer, 1) == 1);
		for (int worker = 0; worker < WORKERS; worker++) {
			if ((generation + worker) % 3 == 0)
				kill(workers[worker], SIGKILL);
			wait_for(workers[worker], "a worker");
		}
		close(ready[0]);
		close(ready[1]);
	}
	truth_write_own();
	return 0;
}
