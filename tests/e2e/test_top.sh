#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep top: a live view on a terminal of its own, and tables without one, of a program that leaks and of a redis-server.
. "$(dirname "$0")/lib.sh"

compile service <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
const char *seep_label(const char *text) __attribute__((weak));
static char *cache[64];
__attribute__((noinline)) static void forget_session(void) { memset(malloc(700), 1, 700); }
__attribute__((noinline)) static void fill_cache(int i) { cache[i] = malloc(20000); memset(cache[i], 1, 20000); }
__attribute__((noinline)) static void handle_request(void) { char *volatile p = malloc(5000); memset(p, 1, 5000); free(p); }
int main(int argc, char **argv) {
	(void)argc;
	for (int i = 0; i < 64; i++)
		fill_cache(i);
	if (seep_label)
		seep_label("sessions");
	for (int i = 0; i < 60000 && access(argv[1], F_OK) != 0; i++) { /* a few minutes, should nobody end it */
		forget_session();
		for (int k = 0; k < 5; k++)
			handle_request();
		usleep(2000);
	}
}
END
background "$SEEP" run -r 1K -i 100ms -o live -- ./service "$WORK/stop" 2>/dev/null
wait_until 10 test -e live/000008.seep

cat >view.py <<'END'
import os, re, sys
sys.path.insert(0, sys.argv[1])
from top_screen import Top

seep, directory = sys.argv[2], sys.argv[3]
failed = []


def case(name, function):
    try:
        function()
        print("ok -", name)
    except Exception as error:
        failed.append(name)
        print("not ok -", name)
        for line in str(error).split("\n"):
            print("#", line)


def wanted(condition):
    if not condition:
        raise AssertionError(f"the screen is\n{top.text()}")


top = Top([seep, "top", directory])


def leak_leads():
    top.await_that("the leak first, with its verdict",
                   lambda: top.rows() and re.match(r" *LEAK\??  .*forget_session", top.rows()[0]))
    top.await_text(r"^LEAKING  1 place, ")
    top.await_text(r"sampled blocks older than .* are still alive")
    top.await_text(r"^in use .* MiB \[.*\]   RSS ")
    top.await_that("its growth over the time seen",
                   lambda: re.match(r" *LEAK\?? +\S+ \S+ +\+\S+ .iB +\[\+.*, \+.*\] ", top.rows()[0]))


def churn_leads():
    top.press("c", r"^verdict +in use +allocated +calls +place")
    top.await_that("the churning place first, with its rates", lambda: top.rows() and re.search(
        r"[\d.]+ [KM]iB/s +[\d.,]+/s  .*handle_request", top.rows()[0]))
    top.press("u", r"sort: in-use")
    top.await_that("what has most in use first", lambda: top.rows() and re.search("fill_cache|forget", top.rows()[0]))
    top.press("v", r"sort: verdict")


def groups_follow():
    top.press("b")
    top.await_that("functions", lambda: "function" in top.line(3) and top.rows() and "forget_session" in top.rows()[0])
    top.press("b")
    top.await_that("modules", lambda: "module" in top.line(3) and top.rows() and "service" in top.rows()[0])
    top.press("b")
    top.await_that("labels, with their verdicts", lambda: "label" in top.line(3) and top.rows() and
                   re.match(r" *LEAK\??  .* sessions  \d+ stacks$", top.rows()[0]) and "[no label]" in top.rows()[1])
    top.press("\r", r"^sessions")
    top.await_text(r"^ *\[label\] sessions")
    wanted(".." not in top.line(1) and ".." not in top.line(2))  # the evidence, whole
    top.press("\x1b")
    top.await_that("the table", lambda: top.rows())
    top.press("b")
    top.await_that("threads", lambda: "thread" in top.line(3) and top.rows() and "thread 0" in top.rows()[0])
    top.press("b")
    top.await_that("places", lambda: "place" in top.line(3))


def filter_holds():
    top.press("/fill")
    top.await_text(r"^show only: fill_")
    top.press("\r", r"^only fill \(Esc: all\)  q quit .* p pause$")
    top.await_that("one row", lambda: len(top.rows()) == 1 and "fill_cache" in top.rows()[0])
    top.press("/less\r", r'^  no name, file or module has "fillless" in it$')
    top.press("\x1b")
    top.await_that("all rows", lambda: len(top.rows()) > 1)


def stacks_open():
    top.press("\r", r"^<stdin>:\d+  forget_session")
    top.await_text(r"^in use .* KiB|^in use .* MiB")
    top.await_text(r"<- main")
    top.press("\x1b")
    top.await_that("the table", lambda: top.rows())


def pause_holds():
    top.press("p", r"PAUSED")
    top.read(0.5)  # the rest of that screen
    seen = top.line(1)
    top.read(1.2)
    wanted(top.line(1) == seen)
    top.press("p")
    top.await_that("going on", lambda: "PAUSED" not in top.text() and top.line(1) != seen)


def snapshot_is_taken():
    top.press("t", r"^snapshot \d{6}\.seep is in the recording")
    name = re.search(r"^snapshot (\d{6}\.seep) is", top.text(), re.M)[1]
    if not os.path.exists(f"{directory}/{name}") and int(name[:6]) + 200 > max(
            int(each[:6]) for each in os.listdir(directory) if each.endswith(".seep")):
        raise AssertionError(f"{name} is not in {os.listdir(directory)}")


def help_is_there():
    top.press("?", r"pause, and go on")
    top.press("\x1b")
    top.await_that("the table", lambda: top.rows())


def sizes_are_followed():
    top.resize(130, 40)
    top.await_text(r"growth \[95 %\].* allocated +calls +place")
    wanted("lost" not in top.line(0))
    top.resize(60, 20)
    top.await_text(r"^60 x 20: seep top needs 80 x 24")
    top.resize(80, 24)
    top.await_that("the table", lambda: top.rows() and max(map(len, top.text().split("\n"))) <= 80)


def end_is_said():
    open("stop", "w").close()
    top.await_text(r"^the program has ended; this is its last state")
    top.await_text(r"ENDED")
    wanted("forget_session" in top.rows()[0])
    top.press("c")
    top.await_text(r"allocated")
    status = top.end()
    if status != 0:
        raise AssertionError(f"exit status {status}")


def plain_screen():
    other = Top([seep, "top", directory], environment={"NO_COLOR": "1", "LC_ALL": "C"})
    try:
        other.await_that("rows", lambda: other.rows() and other.rows()[0].lstrip().startswith("LEAK"))
        other.await_that("a spark line of ASCII", lambda: re.search(r"^in use [_.:=+*#-]+ ", other.text(), re.M))
        if other.has_colour() or not other.text().isascii():
            raise AssertionError("colour, or what is no ASCII:\n" + other.text())
        if other.end() != 0:
            raise AssertionError("its exit status is not 0")
    finally:
        other.kill()


def dumb_terminal():
    other = Top([seep, "top", directory, "--interval=100ms", "--count=1"], environment={"TERM": "dumb"})
    try:
        other.await_text(r"^ *LEAK.*forget_session")
    finally:
        other.kill()


case("the leak is first, with verdict, evidence and growth", leak_leads)
case("c sorts by churn, u by what is in use, v by verdict", churn_leads)
case("b groups by function, module and thread", groups_follow)
case("/ shows only what has the word, Esc all again", filter_holds)
case("Enter opens a place to its stacks, Esc goes back", stacks_open)
case("p holds the screen, and lets it go on", pause_holds)
case("t takes a snapshot", snapshot_is_taken)
case("? says the keys", help_is_there)
case("it follows the terminal's size, and says when that is too small", sizes_are_followed)
case("NO_COLOR and a terminal without UTF-8 get neither", plain_screen)
case("a dumb terminal gets a table", dumb_terminal)
case("it says that the program has ended, stays until q, and returns 0", end_is_said)
top.kill()
sys.exit(bool(failed))
END

export SEEP_STORE=$WORK/store
background "$SEEP" run --service web -r 1K -- ./service "$WORK/stop_web" 2>/dev/null
of_service() { "$SEEP" top --service web --count=1 2>&1; }
shows_its_process() { of_service | grep -q fill_cache; }
check "--service shows its process, whatever else is recorded" wait_until 20 shows_its_process
touch stop_web
wait "$background_pid"
check_match "and says when none runs" "^seep: no process of this service is being recorded" "$(of_service)"
unset SEEP_STORE

"$SEEP" top live --count=2 --interval=100ms >tables 2>err
check_equal "without a terminal it prints as many tables as asked for" "0 2" "$? $(grep -c '^verdict\|^ *verdict' tables)"
prlimit --nofile=5 "$SEEP" top live --count=1 >limited 2>err
check_match "where names can't be found it says why" "^seep: .*: Too many open files" "$(cat err)"
"$SEEP" top live --interval=100ms >until_end 2>err &
tables_pid=$!
pids+=("$tables_pid")
python3 view.py "$ROOT/tests/e2e/support" "$SEEP" live || cases_failed=1
wait "$tables_pid"
check_equal "tables end with the program" 0 $?
check_match "and name the leak first" '^ *LEAK.*forget_session' "$(grep -A1 verdict until_end | tail -1)"

"$SEEP" top live >out 2>err
check_equal "of a program that has ended it says what to type instead" "3 1" \
	"$? $(grep -c 'its program has ended; next: seep leaks live' err)"

compile deep <<'END'
#include <stdlib.h>
#include <unistd.h>
__attribute__((noinline)) static int descend(int depth) {
	volatile int below = depth ? descend(depth - 1) : malloc(1000) != NULL;
	return below;
}
int main(int argc, char **argv) {
	(void)argc;
	for (int i = 0; i < 60000 && access(argv[1], F_OK) != 0; i++) { /* a few minutes, should nobody end it */
		descend(5000);
		usleep(2000);
	}
}
END
background "$SEEP" run -r 1K -o deep_live -- ./deep end 2>/dev/null
wait_until 10 test -e deep_live/heap
says_losses() { "$SEEP" top deep_live --count=1 2>&1 | head -1 | grep -q ', lost: [0-9,]* sta'; }
check "losses are in its head, cut to the line's end" wait_until 10 says_losses
touch end

cat >choose.py <<'END'
import sys
sys.path.insert(0, sys.argv[1])
from top_screen import Top
for keys, expected, status in (("jk\r", "^in use .*iB", 0), ("", "2 programs are being recorded", 0)):
    top = Top([sys.argv[2], "top"])
    try:
        top.await_text("^2 programs are being recorded. Enter: this one")
        top.press(keys, expected)
        if top.end() != status:
            sys.exit("another exit status")
    finally:
        top.kill()
print("chosen")
END
# In a namespace of processes of its own, so that other recordings on this machine do not count.
if unshare -pf --mount-proc true 2>/dev/null; then
	cat >alone.sh <<-'END'
		"$1" top >none 2>&1
		echo "none: $?"
		"$1" run -r 1K -o alone -- ./service stop_alone 2>/dev/null &
		until "$1" top --count=1 >one 2>/dev/null; do sleep 0.05; done
		"$1" run -r 1K -o second -- ./service stop_alone 2>/dev/null &
		until "$1" top --count=1 2>&1 | grep -q "2 programs are being recorded"; do sleep 0.05; done
		echo "several: $("$1" top --count=1 2>&1 | grep -c service)"
		/usr/bin/python3 choose.py "$2" "$1"
		touch stop_alone
		wait
	END
	rm -f stop stop_alone
	seen=$(timeout 100 unshare -pf --mount-proc bash alone.sh "$SEEP" "$ROOT/tests/e2e/support")
	check_equal "without an operand: none, the one, or several of which one is to be named, or chosen on a terminal" \
		"none: 3 several: 2 chosen" "${seen//$'\n'/ }"
	check_match "and the one is shown" 'fill_cache' "$(cat one)"
else
	skip "without an operand: none, the one, or several of which one is to be named, or chosen on a terminal" "no namespaces here"
fi

port=$(free_port)
background "$SEEP" run -r 16K -i 200ms -o redis -- redis-server --port "$port" --save "" --daemonize no >/dev/null 2>&1
wait_until 10 redis-cli -p "$port" ping
(
	for i in $(seq 2000); do
		redis-cli -p "$port" eval 'for i = 1, 500 do redis.call("set", KEYS[1] .. ":" .. i, string.rep("x", 100)) end' 1 "$i"
		[ ! -e loaded ] || break
	done >/dev/null
) &
load_pid=$!
pids+=("$load_pid")
cat >redis.py <<'END'
import re, sys
sys.path.insert(0, sys.argv[1])
from top_screen import Top
top = Top([sys.argv[2], "top", "redis", "--sort=growth"], 120, 40)
try:
    top.await_that("redis's own functions grow", lambda: any(
        re.match(r" *\S+ +\S+ .iB +\+\S+ .iB +\[\+.*(dictAddRaw|dbAdd|createEmbedded|createString|sdsnew|_sdsnew|dictExpand)", row)
        for row in top.rows()[:6]))
    if not top.line(0).startswith("redis-server"):
        raise AssertionError(top.text())
    top.end()
finally:
    top.kill()
END
check "redis: what the load adds grows in the window, by redis's own functions" \
	python3 redis.py "$ROOT/tests/e2e/support" "$SEEP"
touch loaded
wait "$load_pid"

exit "$cases_failed"
