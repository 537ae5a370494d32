#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signals under seep run are as without it: every one that can be caught reaches the program once, whether it was sent to
# seep or to the group, with its value; a program that stops is seen to stop; what was ignored and blocked is so still.
. "$(dirname "$0")/lib.sh"

compile tells -D_GNU_SOURCE "$ROOT/tests/e2e/programs/tells.c"
cat >send.py <<'END'
import ctypes, os, signal, subprocess, sys, time
seep, way = sys.argv[1:]
libc = ctypes.CDLL(None)
told = "told." + way
def lines():
    return open(told).read().split("\n")[:-1] if os.path.exists(told) else []
def wait_for(count):
    end = time.monotonic() + 20
    while len(lines()) < count and time.monotonic() < end: time.sleep(0.002)
    return len(lines()) >= count
child = subprocess.Popen([seep, "run", "--", "./tells", told], stderr=subprocess.DEVNULL, start_new_session=True)
wanted = ["ready"]
wait_for(1)
for number in [n for n in range(1, 65) if n not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM)] + [signal.SIGTERM]:
    number = int(number)
    if way == "value" and number != signal.SIGTERM:
        libc.sigqueue(child.pid, number, ctypes.c_void_p(number * 7))
        wanted.append("%d value %d" % (number, number * 7))
    else:
        libc.syscall(62, -child.pid if way == "group" else child.pid, number)
        wanted.append(str(number))
    if not wait_for(len(wanted)): break
status = child.wait(20)
seen = lines()
print(status, "as sent" if seen == wanted else "missing %s, twice or other %s" % (
    [w for w in wanted if w not in seen], [s for s in seen if seen.count(s) != wanted.count(s)]))
END
for way in alone group value; do
	check_equal "all signals reach the program once: $way" "33 as sent" "$(timeout 60 /usr/bin/python3 send.py "$SEEP" $way)"
done

cat >stops.py <<'END'
import os, signal, sys, time
seep, name = sys.argv[1:]
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.execv(seep, [seep, "run", "--", sys.executable, "-c",
        "import os, signal; os.kill(os.getpid(), signal.%s); os._exit(5)" % name])
seen = []
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status): break
    seen.append(signal.Signals(os.WSTOPSIG(status)).name)
    os.kill(job, signal.SIGCONT)      # to seep alone: it passes it on
print(" ".join(seen), os.waitstatus_to_exitcode(status))
END
for signal in SIGTSTP SIGTTIN SIGTTOU; do
	check_equal "a program that stops itself by $signal is seen to stop, and goes on" "$signal 5" \
		"$(timeout 30 /usr/bin/python3 stops.py "$SEEP" $signal 2>/dev/null)"
done

inherited='import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))))'
check_equal "what was ignored and blocked is so in the program" "True [12, 34]" "$(/usr/bin/python3 - "$SEEP" "$inherited" 2>/dev/null <<-'END'
	import os, signal, sys
	signal.signal(signal.SIGHUP, signal.SIG_IGN)
	signal.pthread_sigmask(signal.SIG_BLOCK, [12, 34])
	os.execv(sys.argv[1], [sys.argv[1], "run", "--", sys.executable, "-c", sys.argv[2]])
END
)"
check_equal "a program's signal for its parent reaches the one that started seep" "caught" "$(bash -c \
	'trap "echo caught; exit" USR1; "$0" run -- sh -c "kill -USR1 \$PPID" 2>/dev/null & wait; wait; sleep 5' "$SEEP" 2>&1)"
exit $cases_failed
