# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A daemon forks twice, closes every descriptor, goes to the root directory, and works when `seep run` has long ended: it
# and its worker keep their recordings themselves then, and those hold what each of them allocated, to the byte.
cat >daemon.c <<'SOURCE'
#include "torture.h"
static struct truth_site *daemon_site, *worker_site;
static SITE void site_daemon(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(daemon_site, size);
}
static SITE void site_worker(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(worker_site, size);
}
static void wait_until_there(const char *name)
{
	for (int i = 0; i < 1000 && access(name, F_OK) != 0; i++)
		usleep(10000);
}
/* daemon DIRECTORY: works once DIRECTORY/go is there. */
int main(int argc, char **argv)
{
	static char go[4096];
	if (argc < 2)
		return 1;
	snprintf(go, sizeof go, "%s/go", argv[1]);
	if (fork() != 0)
		_exit(9);
	setsid();
	if (fork() != 0)
		_exit(0);
	for (int i = 0; i < 1024; i++)
		close(i);
	if (chdir("/") != 0)
		return 1;
	wait_until_there(go);
	truth_directory = argv[1];
	daemon_site = truth_add("site_daemon");
	worker_site = truth_add("site_worker");
	for (int i = 0; i < 300; i++)
		site_daemon(40);
	pid_t worker = fork();
	if (worker == 0) {
		truth_begin_child();
		for (int i = 0; i < 200; i++)
			site_worker(50);
		truth_write_own();
		exit(0);
	}
	waitpid(worker, NULL, 0);
	usleep(300000);
	truth_write_own();
	truth_write("end");
	return 0;
}
SOURCE
gcc -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/daemon daemon.c
for way in run preload; do
	mkdir -p "daemon.$way/recordings" && cd "daemon.$way" || exit 1
	if [ $way = run ]; then
		observe "$SEEP" run -r 1 -i 50ms -o "$PWD/recordings/%c.%p" -- "$WORK/bin/daemon" "$PWD"
	else
		observe env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=50ms SEEP_OUTPUT="$PWD/recordings/%c.%p" "$WORK/bin/daemon" "$PWD"
	fi
	check_equal "a daemon, by $way: its first process ends as ever" "9" "$(ended)"
	touch go
	wait_until 10 test -s truth.end
	export name=daemon # complain_of_recordings looks at its account
	wait_until 10 eval '! pgrep -f "^$WORK/bin/daemon $PWD\$"'
	check_equal "by $way: daemon and worker have recordings that are right to the byte" "" "$(complain_of_recordings 2)"
	check_equal "by $way: the last snapshot is there, and so is the heap file" "0" "$(for recording in recordings/*/; do [ -e "$recording/000001.seep" ] && [ ! -h "$recording/heap" ] || echo "$recording"; done | wc -l)"
	cd "$WORK" || exit 1
done
