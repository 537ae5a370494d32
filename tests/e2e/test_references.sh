#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which blocks nobody refers to (docs/REFERENCES.md): lost blocks are found, no others are, and the program notices
# nothing.
. "$(dirname "$0")/lib.sh"

cat "$ROOT/tests/e2e/programs/lost_and_kept.inc" - <<'END' | compile holder
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
char *secret, *unforked;
unsigned char packed[10];
static volatile int ends, interrupted;
static void on_child(int number) { (void)number; ends++; }

APART void lose_deep(void) { void *volatile mine[N]; for (int i = 0; i < N; i++) mine[i] = malloc(350); }
APART void lose_deeper(void) { volatile char room[16384]; room[0] = 1; lose_deep(); room[1] = 1; }
APART void *keep_above_fiber(void) { return memset(malloc(330), 1, 330); }
static ucontext_t above, inner;
static void on_inner_fiber(void) { if (write(fds[1], "i", 1) != 1) abort(); for (;;) pause(); }
APART void *keep_below_fiber(void *unused) { /* whose stack is a part of this one's */
	char stack[65536];
	void *volatile mine[N];
	(void)unused;
	for (int i = 0; i < N; i++) mine[i] = keep_above_fiber();
	getcontext(&inner);
	inner.uc_stack.ss_sp = stack;
	inner.uc_stack.ss_size = sizeof stack;
	makecontext(&inner, on_inner_fiber, 0);
	swapcontext(&above, &inner);
	return mine[0];
}
APART void *keep_beside_handler(void) { return memset(malloc(340), 1, 340); }
static void on_user(int number) { (void)number; if (write(fds[1], "h", 1) != 1) abort(); for (;;) pause(); }
APART void interrupted_there(void) { void *volatile mine[N]; for (int i = 0; i < N; i++) mine[i] = keep_beside_handler(); raise(SIGUSR1); free(mine[0]); }
APART void *keep_below_handler(void *unused) { /* which is on a part of this stack above the frame that it interrupts */
	char stack[65536];
	(void)unused;
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
	interrupted_there();
	return *(void *volatile *)stack;
}
APART void keep_tagged(void) { secret = (char *)((unsigned long)malloc(450) | 0xfff8UL << 48); }
APART void keep_unforked(void) {
	char **page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(page, 4096, MADV_DONTFORK);
	*page = malloc(460);
}
APART void keep_in_epoll(void) {
	int pipes[2], epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = malloc(2000)};
	if (pipe(pipes) || epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event)) abort();
	memset(&event, 0, sizeof event);
	__asm__ volatile("" : : "r"(&event) : "memory");
}
APART void hide(void) { unsigned long context = 0; if (syscall(SYS_io_setup, 1, &context)) errno = 0; }
static ucontext_t outer, fiber;
APART void keep_on_fiber(void) {
	void *volatile mine[N];
	for (int i = 0; i < N; i++) mine[i] = malloc(300);
	swapcontext(&fiber, &outer);
	free(mine[0]);
}

int main(int argc, char **argv) {
	pthread_t thread;
	char byte;
	signal(SIGCHLD, on_child);
	if (argc > 1 && (getuid() || !setuid(65534))) prctl(PR_SET_DUMPABLE, 0);
	if (pipe(fds)) abort();
	lose_blocks(), lose_list(), lose_ring();
	hide(), keep_list(), keep_table(), keep_interior(), keep_local(), keep_tagged(), keep_unforked(), keep_in_epoll();
	getcontext(&fiber);
	fiber.uc_stack.ss_sp = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fiber.uc_stack.ss_size = 65536;
	makecontext(&fiber, keep_on_fiber, 0);
	swapcontext(&outer, &fiber);
	pthread_create(&thread, NULL, keep_on_stack, NULL);
	pthread_create(&thread, NULL, keep_in_register, NULL);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_user, .sa_flags = SA_ONSTACK}, NULL);
	pthread_create(&thread, NULL, keep_below_fiber, NULL);
	pthread_create(&thread, NULL, keep_below_handler, NULL);
	for (int i = 0; i < 4; i++) if (read(fds[0], &byte, 1) != 1) abort();
	scrub();
	lose_deeper();
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) == 1 || errno == EINTR) interrupted++;
	int waited = waitpid(-1, NULL, WNOHANG);
	printf("%d ends, %d interruptions, wait %d %d\n", ends, interrupted, waited, errno == ECHILD);
	return 7;
}
END

begin() { # WORDS...
	rm -f requests out
	mkfifo requests
	exec 5<>requests
	"$SEEP" run -r 1 -i 1s -o recording -- ./holder "$@" <requests >out 2>run.err 5>&- &
	run=$!
	pids+=("$run")
	wait_until 30 grep -q ready out && holder=$(child_of "$run")
}
children() { cat /proc/"$holder"/task/*/children 2>/dev/null; }
blocks() { # FUNCTION...
	/usr/bin/python3 - "$@" <<'END'
import json, sys
document = json.load(open("leaks.json"))
for function in sys.argv[1:]:
    sites = [s for s in document["sites"] if any(f["function"] == function for f in s["stack"])]
    looked = [s["references"] for s in sites if s["references"]]
    samples, lost = sum(r["samples"] for r in looked), sum(r["unreferenced_samples"] for r in looked)
    # A word that is left somewhere by chance may keep a lost block; but no block that is kept may be taken for lost.
    print(function, samples, "lost" if function.startswith("lose") and lost >= 0.95 * samples else lost)
END
}
begin
path=$("$SEEP" snapshot --references "$holder" 2>err)
check_equal "seep snapshot --references takes a snapshot" "0 recording" "$? $(basename "$(dirname "$path")")"
check_match "it says what was found, and how long the program stood still" \
	"^seep: [0-9]+ of [0-9]+ sampled blocks are referenced by nobody; looked twice, [0-9.]+ s apart, at [0-9]+ MiB in [0-9.]+ s of CPU; the longest stop was [0-9.]+ ms$" "$(cat err)"
check_match "and that the kernel may hold pointers" "^seep: io_uring or asynchronous I/O may hold pointers that can't be seen" "$(cat err)"
check_equal "nothing is left of the copies" "" "$(children)"
check "its sections are those of the format" /usr/bin/python3 "$ROOT/tests/e2e/support/read_snapshot.py" "$path" "$ROOT/docs/SNAPSHOT_FORMAT.md"
wait_until 30 eval '"$SEEP" leaks --json recording >leaks.json 2>err'
validates leaks-2.json "$SEEP" leaks --json recording
check_match "seep leaks says so" "all of its bytes are referenced by nobody: lost memory" "$("$SEEP" leaks -v recording)"
check_equal "all that is lost is found, rings too, and nothing else: lists, tables, pointers into blocks, thread-local ones, \
other threads' stacks and registers, fibers, tags, epoll, memory that a copy does not get" \
	"lose_blocks 300 lost
lose_list 300 lost
lose_ring 300 lost
lose_deep 300 lost
keep_list 300 0
keep_table 301 0
keep_interior 300 0
keep_local 300 0
keep_on_stack 300 0
keep_in_register 1 0
keep_on_fiber 300 0
keep_above_fiber 300 0
keep_beside_handler 300 0
keep_tagged 1 0
keep_unforked 1 0
keep_in_epoll 1 0" "$(blocks lose_blocks lose_list lose_ring lose_deep keep_list keep_table keep_interior keep_local keep_on_stack \
	keep_in_register keep_on_fiber keep_above_fiber keep_beside_handler keep_tagged keep_unforked keep_in_epoll)"

# seep is killed while there is a copy, and the copy ends, too. seep waits just before it would look through the copy.
gcc -shared -fPIC -o waits.so -x c - <<<'int pause(void); int setpriority(int which, unsigned who, int to) { return pause() | (int)which | (int)who | to; }'
background env LD_PRELOAD="$PWD/waits.so" "$SEEP" snapshot --references "$holder" >found 2>err
check "there is a copy" wait_until 20 eval '[ -n "$(children)" ]'
kill -KILL "$background_pid"
wait "$background_pid" 2>/dev/null
check "it was killed while there was one" [ "$(children | wc -w)" -gt 0 ]
copies_are_dead() { for each in $(children); do grep -q "^State:.Z" "/proc/$each/status" || return 1; done; }
check "a copy ends with the seep that made it" wait_until 20 copies_are_dead
check "and is cleared away by the next" eval '"$SEEP" snapshot --references "$holder" >/dev/null 2>err && [ -z "$(children)" ]'
exec 5>&-
wait "$run"
check_equal "the program has seen no child, no signal and no interruption, and goes on to its end" \
	"7 0 ends, 0 interruptions, wait -1 1" "$? $(tail -n 1 out)"

refused() { # NAME PATTERN OPERAND
	local output status
	output=$("$SEEP" snapshot --references "$3" 2>&1)
	status=$?
	check_match "refused: $1" "^3 seep: .*$2" "$status $output"
}
refused "a process that has ended" "has ended; if there is a core dump: seep leaks --core FILE recording" recording
rm -rf recording
begin undumpable
refused "one that does not allow it" "does not allow its memory to be read" recording
kill -STOP "$holder"
wait_until 10 grep -q "State:.T" "/proc/$holder/status"
refused "one that is stopped" "is stopped; continue it first" recording
kill -KILL "$holder"
exit "$cases_failed"
