#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep leaks --follow on a terminal: a page that fits the terminal, whatever its height, and is drawn anew in place when
# it changes.
. "$(dirname "$0")/lib.sh"

compile many <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define LEAK(n) __attribute__((noinline)) void leak_##n(void) { memset(malloc(300 + n), 1, 300); }
LEAK(1) LEAK(2) LEAK(3) LEAK(4) LEAK(5) LEAK(6) LEAK(7) LEAK(8) LEAK(9)
int main(void) {
	for (int i = 0; i < 30000; i++) { /* a minute, should nobody end it */
		leak_1(); leak_2(); leak_3(); leak_4(); leak_5(); leak_6(); leak_7(); leak_8(); leak_9();
		usleep(2000);
	}
}
END
background "$SEEP" run -r 1K -i 100ms -o live -- ./many 2>/dev/null
wait_until 10 test -e live/000012.seep
cat >watch.py <<'END'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

def watch(heights, arguments):
    """Frames that were drawn at each height, the terminal's size being changed from one to the next."""
    pid, terminal = pty.fork()
    if pid == 0:
        time.sleep(0.2)
        os.environ["TERM"] = "xterm"
        os.execv(sys.argv[1], [sys.argv[1], "leaks", "--follow", "--every=600s", *arguments, "live"])
    drawn = []
    for height in heights:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, 80, 0, 0))
        seen, end = b"", time.time() + 60
        while not seen.endswith(b"\033[J") and time.time() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                seen += os.read(terminal, 65536)
        drawn.append(seen.decode())
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return drawn

for arguments in [], ["-v"], ["-v", "--top=3"]:
    for height, frame in zip([24, 50, 12, 24], watch([24, 50, 12, 24], arguments)):
        whole = frame.startswith("\033[H") and frame.count("\033[H") == 1 and frame.endswith("\033[J") and "\033[2J" not in frame
        lines = re.sub(r"\033\[[?0-9;]*[a-zA-Z]", "", frame).split("\r\n")
        print(" ".join(arguments), height, whole, len(lines) <= height, max(map(len, lines)) <= 80,
              "LEAKING" in frame, height < 50 or len(lines) > 24 or "--top=3" in arguments)
END
check_equal "it fits 24, 50 and 12 rows, and is drawn anew when the terminal changes" "" \
	"$(timeout 110 /usr/bin/python3 watch.py "$SEEP" >seen; grep -vE '^.*[0-9]+ True True True True True$' seen)"
check_equal "in every form" 12 "$(wc -l <seen)"
# A signal that ends only seep run leaves its program running.
kill "$(process_named "$background_pid" many)"
wait "$background_pid" 2>/dev/null
exit $cases_failed
