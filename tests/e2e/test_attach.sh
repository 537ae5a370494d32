#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Joining a running process and leaving it (docs/ATTACH.md): what is recorded, what the process notices, who is refused.
# time limit: 300 s
# SEEP_KILLS=300 for the long version.
kills=${SEEP_KILLS:-24}
. "$(dirname "$0")/lib.sh"

gcc -x c -std=gnu11 -O1 -g -fno-builtin -shared -fPIC -o plugin.so - <<'END'
#include <stdlib.h>
__attribute__((noinline)) void plugin_leak(int count) { while (count-- > 0) *(volatile char *)malloc(700) = 1; }
END
compile worker <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static char *early[1000];
__attribute__((noinline)) void leak(int count) { while (count-- > 0) *(volatile char *)malloc(1000) = 1; }
__attribute__((noinline)) void churn(int count) { while (count-- > 0) free(strdup("churned")); }
int main(int argc, char **argv) {
	char word[32];
	int count;
	if (argc > 1) { leak(atoi(argv[1])); return 0; }
	for (int i = 0; i < 1000; i++) early[i] = malloc(5000);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (scanf("%31s %d", word, &count) == 2) {
		if (!strcmp(word, "quit")) return 7;
		if (!strcmp(word, "leak")) leak(count);
		if (!strcmp(word, "churn")) churn(count);
		if (!strcmp(word, "free")) while (count-- > 0) free(early[count]);
		if (!strcmp(word, "load")) ((void (*)(int))dlsym(dlopen("./plugin.so", RTLD_NOW), "plugin_leak"))(0);
		if (!strcmp(word, "plugin")) ((void (*)(int))dlsym(RTLD_DEFAULT, "plugin_leak") ?: (void (*)(int))dlsym(dlopen("./plugin.so", RTLD_NOW), "plugin_leak"))(count);
		if (!strcmp(word, "name")) setenv("NAMED", "anew", 1), unsetenv("UNNAMED");
		if (!strcmp(word, "show")) printf("%s %s %s\n", getenv("NAMED") ?: "-", getenv("UNNAMED") ?: "-", getenv("LD_PRELOAD") ?: "-");
		if (!strcmp(word, "fork") && !fork()) { leak(count); _exit(0); }
		if (!strcmp(word, "stay") && !fork()) { if (fork()) _exit(0); leak(count); for (;;) pause(); }
		char number[16];
		snprintf(number, sizeof number, "%d", count);
		if (!strcmp(word, "exec") && !fork()) { execl(argv[0], argv[0], number, NULL); _exit(1); }
		while (wait(NULL) > 0) ;
		puts(word);
	}
	return 1;
}
END

worker_begin() { converse ./worker && read -rt 100 _ <&6; }
# The expression, over the report's document.
of_report() { "$SEEP" report --json "$1" >report.json 2>err && json_get report.json "$2"; }
objects_in() { # RECORDING FUNCTION
	of_report "$1" "sum(s['inuse_objects'] for s in d['sites'] if any(f['function'] == '$2' for f in s['stack'][:1]))"
}

attendants() { # only those with a session of this test
	local pid
	for pid in $(pgrep -x seep-attendant); do
		! find "/proc/$pid/fd" -lname "$WORK/*" 2>/dev/null | grep -q . || echo "$pid"
	done
}
is_left_alone() { [ -z "$(attendants)" ]; }

worker_begin
tell leak 100
"$SEEP" attach -r 1 -i 1h -o joined "$worker" 2>err
check_equal "a running process is joined" 0 $?
check_match "it is said who, and where the recording is" "joined worker \(pid $worker\), .* recording $WORK/joined" "$(cat err)"
tell leak 321
tell free 900
tell churn 50
check_equal "what it allocates from then on is counted, by its pid" 321 "$(objects_in "$worker" leak)"
check_equal "frees of what was there before are nobody's" "321 371" \
	"$(of_report "$worker" "'%d %d' % (d['totals']['inuse_objects'], d['totals']['alloc_objects'])")"
output=$("$SEEP" attach "$worker" 2>&1)
check_equal "it can't be joined twice: exit status 3" "3 seep: $worker is joined already, and records into $WORK/joined" "$? $output"
tell load 0
plugin_is_hooked() { tell plugin 1 && [ "$(objects_in "$worker" plugin_leak)" -gt 0 ]; }
check "a module that is loaded later is hooked, too" wait_until 10 plugin_is_hooked
tell fork 44
tell exec 55
recorded() { [ "$(objects_in "$1" leak 2>/dev/null)" = "$2" ]; }
check "a child that it forks records, too" wait_until 10 recorded joined.2 44
check "and so does a program that it executes" wait_until 10 recorded joined.3 55
"$SEEP" snapshot "$worker" >/dev/null && "$SEEP" snapshot "$worker" >/dev/null
for reading in report diff leaks 'leaks --json' 'flame -o said.svg' 'html -o page.html' memory annotate; do
	said=$("$SEEP" $reading "$worker" 2>&1; cat said.* 2>/dev/null)
	[ ! -e page.html ] || said=$(grep -o '"seep-data">[^<]*' page.html | cut -d'>' -f2 | base64 -d | gunzip | tr -d '\0')
	rm -f said.* page.html
	check_match "seep $reading says since when it counts" 'joined at 2[0-9-]+ [0-9:]+: in use counts from then' \
		"$(tr -s '\n ' '  ' <<<"$said")"
done
check_match "and so does seep top" "^worker \(pid $worker\)  joined [0-9.]+ m?s ago, every allocation" \
	"$("$SEEP" top --count=1 "$worker" 2>&1 | head -1)"
check_equal "JSON has the moment" True "$(of_report "$worker" "d['process']['joined_unix_ns'] == d['process']['start_unix_ns']")"
check "a process of seep's stays with it" eval "! is_left_alone"
"$SEEP" detach "$worker" 2>err
check_equal "it is left" "0 1" "$? $(grep -c "left $worker, .* seep leaks .*/joined" err)"
check_equal "the recording is complete" 321 "$(objects_in joined leak)"
check_equal "nothing of seep's runs in it" "TracerPid:	0 1" \
	"$(grep TracerPid "/proc/$worker/status") $(find "/proc/$worker/task" -mindepth 1 -maxdepth 1 | wc -l)"
check_equal "no recording is mapped in it" "" "$(grep -F "$WORK/joined" "/proc/$worker/maps")"
check "the process that stayed with it ends" wait_until 20 is_left_alone
check_match "what it does now is not recorded" "is no longer recorded: seep left it; 'seep attach $worker' joins it again" \
	"$("$SEEP" report "$worker" 2>&1)"
tell exec 5
tell leak 10
check_equal "nor what it executes" "joined joined.2 joined.3" "$(echo joined*)"
"$SEEP" attach -r 1 -i 1h -o again "$worker" 2>err
tell leak 12
check_equal "it can be joined again, in a new recording" "12 321" "$(objects_in again leak) $(objects_in joined leak)"
echo "quit 0" >&5
wait "$worker"
check_equal "it ends as it would have" 7 $?
check "its last snapshot is written by the process that stayed with it" wait_until 20 \
	eval '"$SEEP" list again | grep -q ended'
check_equal "with all that it had" 12 "$(objects_in again leak)"

worker_begin
"$SEEP" attach -r 1 -o killed "$worker" 2>err
tell leak 33
kill -KILL "$worker"
wait "$worker" 2>/dev/null
check "a process that is killed while it is joined has its last snapshot" wait_until 20 \
	eval '[ "$("$SEEP" list killed 2>&1 | grep -c ended)" = 1 ]'
check_equal "with all that was sampled" 33 "$(objects_in killed leak)"

# Variables that it sets or removes while it is joined stay as it left them.
export NAMED=first UNNAMED=first
worker_begin
unset NAMED UNNAMED
"$SEEP" attach -r 1 -o named "$worker" 2>err
tell name 0
"$SEEP" detach "$worker" 2>err
echo "show 0" >&5 && read -rt 100 shown <&6
check_equal "its environment is as it has set it, without a word of seep's" "anew - -" "$shown"
kill "$worker"

worker_begin
background "$SEEP" attach -r 1 -o timed --for 1h "$worker" 2>err
staying=$background_pid
check "--for stays" wait_until 20 [ -e timed/heap ]
wait_until 20 "$SEEP" report "$worker"
tell leak 3
kill -INT "$staying"
wait "$staying" 2>/dev/null
check_equal "and leaves at Ctrl-C; the process runs on" "0 3" "$(kill -0 "$worker"; echo $?) $(objects_in timed leak)"
background "$SEEP" attach -o lost --for 1h "$worker" 2>err
wait_until 20 grep -q joined err
wait_until 20 grep -q "SigCgt:.*[37bf]$" "/proc/$background_pid/status" # it waits for INT
rm -r lost
kill -INT "$background_pid"
check "whose recording was removed meanwhile is left all the same, which is said" \
	wait_until 20 grep -q "$worker was left, but its recording was not found" err

# If no process of seep's is left, a thread in the child is its keeper; it may be in the middle of the recording when
# seep leaves.
wait_until 20 is_left_alone
"$SEEP" attach -r 1 -o kept "$worker" 2>err
attendants | xargs kill -KILL
wait_until 10 is_left_alone
tell stay 5
wait_until 10 test -e kept.2/heap
child=$(of_report kept.2 "d['process']['pid']")
pids+=("$child")
check_equal "a child whose keeper is a thread of its own records" "2 5" \
	"$(find "/proc/$child/task" -mindepth 1 -maxdepth 1 | wc -l) $(objects_in kept.2 leak)"
"$SEEP" detach "$child" 2>err
check_equal "it is left with the memory that the thread is in" "0 1" "$? $(grep -c /kept.2/heap "/proc/$child/maps")"
kill "$child"
kill "$worker"

# Coroutines have small stacks, with other memory below: no frame of ours goes there.
compile coroutine <<'END'
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
static char stack[32768];
static ucontext_t outside, inside;
static void *waits(void *unused) { pause(); return unused; }
static void body(void)
{
	char byte, *top = (char *)__builtin_frame_address(0) - 2048; /* of which read() needs less */
	read(-1, &byte, 1); /* is bound now: the loader takes more of the stack */
	puts("ready");
	fflush(stdout);
	memset(stack, 90, (size_t)(top - stack));
	if (read(0, &byte, 1) == 1)
		for (char *at = stack; at < top; at++)
			if (*at != 90) {
				_exit(1);
			}
	_exit(0);
}
int main(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, waits, NULL);
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = sizeof stack;
	makecontext(&inside, body, 0);
	swapcontext(&outside, &inside);
}
END
rm -f requests
mkfifo requests
exec 5<>requests
./coroutine <requests >coroutine.out 5>&- &
coroutine=$!
pids+=("$coroutine")
wait_until 10 grep -q ready coroutine.out
"$SEEP" attach -o coroutine.rec "$coroutine" 2>err && "$SEEP" detach "$coroutine" 2>err
echo >&5
exec 5>&-
wait "$coroutine"
check_equal "what lies below a coroutine's stack stays as it was" "0 ready" "$? $(cat coroutine.out)"

# What a process could notice: EINTR where no signal was sent, a short sleep, another errno or other numbers.
compile watchful <<'END'
#include <errno.h>
#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void fine(const char *what, long result) {
	if (result < 0 && errno == EINTR) { printf("EINTR: %s\n", what); fflush(stdout); }
}
static const struct timespec moment = {0, 15000000};
/* One may be: the process has children, see Limits in docs/ATTACH.md. */
static void *in_epoll(void *x) { struct epoll_event e; int f = epoll_create1(0); for (int seen = 0;;) if (epoll_wait(f, &e, 1, 15) < 0 && seen++) fine("epoll_wait", -1); }
static void *in_poll(void *x) { for (;;) { struct pollfd p = {-1}; fine("poll", poll(&p, 1, 15)); } }
static void *in_sigwait(void *x) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2); pthread_sigmask(SIG_BLOCK, &s, 0); for (;;) fine("sigtimedwait", sigtimedwait(&s, 0, &moment)); }
static void *in_recv(void *x) { int s[2]; char c; struct timeval t = {0, 15000}; socketpair(AF_UNIX, SOCK_STREAM, 0, s); setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t); for (;;) fine("recv", recv(s[0], &c, 1, 0)); }
static void *in_sleep(void *x) {
	for (;;) {
		struct timespec a, b;
		clock_gettime(CLOCK_MONOTONIC, &a);
		fine("nanosleep", nanosleep(&moment, NULL));
		clock_gettime(CLOCK_MONOTONIC, &b);
		if ((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec < moment.tv_nsec) puts("short sleep");
	}
}
static void *in_fork(void *x) { for (;;) { int s; pid_t p = fork(); if (!p) _exit(0); fine("waitpid", waitpid(p, &s, 0)); nanosleep(&moment, NULL); } }
static void *in_numbers(void *x) {
	for (errno = 77;; nanosleep(&(struct timespec){0, 2000000}, NULL)) {
		double d = 1.25;
		for (int i = 0; i < 20000; i++) d = d * 0.5 + 1;
		if (d != 2 || errno != 77) { printf("numbers: %g %d\n", d, errno); fflush(stdout); }
		free(memset(malloc(30000), 1, 30000));
	}
}
int main(void) {
	void *(*const threads[])(void *) = {in_epoll, in_poll, in_sigwait, in_recv, in_sleep, in_fork, in_numbers};
	pthread_t thread;
	for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++) pthread_create(&thread, NULL, threads[i], NULL);
	puts("ready");
	fflush(stdout);
	for (;;) pause();
}
END
background ./watchful >noticed
watchful=$background_pid
wait_until 10 grep -q ready noticed
mappings() { wc -l <"/proc/$watchful/maps"; }
descriptors() { find "/proc/$watchful/fd" | wc -l; }
cycle() { "$SEEP" attach -r 16K -o "cycle.$1" "$watchful" && "$SEEP" detach "$watchful"; }
failed=0
cycle 1 2>err || failed=1
before="$(mappings) $(descriptors)"
for ((i = 2; i <= 6; i++)); do
	cycle $i 2>>err || failed=$((failed + 1))
done
check_equal "a process of many threads is joined and left six times" 0 "$failed"
check_equal "it has no descriptor and no mapping more for it" "$before" "$(mappings) $(descriptors)"
check_equal "and none of a recording" 0 "$(grep -c /cycle "/proc/$watchful/maps")"

check_equal "it noticed nothing of that" ready "$(cat noticed)"

# The injector is killed at any moment: the process lives on. (Joining is done by the process that is to stay with it.)
for ((i = 0; i < kills; i++)); do
	if ((i % 3)); then action=(attach -o "shot.$i"); else action=(detach); fi
	"$SEEP" "${action[@]}" "$watchful" >shot.log 2>&1 &
	shot=$!
	read -rt "0.0$((RANDOM % 80 + 10))" _ <>"$never"
	read -r attendant _ <"/proc/$shot/task/$shot/children"
	kill -KILL ${attendant:+"$attendant"} $shot
	wait $shot
	kill -0 "$watchful" || break
done 2>/dev/null
check "it outlives an injector that is killed at any moment" kill -0 "$watchful"
"$SEEP" detach "$watchful" >/dev/null 2>&1
check "and can be joined and left after all that" cycle last 2>err
# A thread that was just being stopped may see an EINTR then: nobody is there to let it go on.
check_equal "no number, no sleep and no errno is wrong" ready "$(grep -v EINTR noticed)"
undisturbed() { # one thread blocks USR2, except while it waits for it
	! grep -hE '^(TracerPid|SigBlk)' "/proc/$watchful/task/"*/status | grep -qvE '^(TracerPid:	0|SigBlk:	0000000000000[08]00)$'
}
check "none of its threads is traced, and each has its own signals blocked" wait_until 10 undisturbed
kill "$watchful"
exit $cases_failed
