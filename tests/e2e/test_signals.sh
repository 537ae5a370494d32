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

# A stop takes back a SIGCONT that is still pending, and the reverse: the program gets each signal for the group once.
cat >pairs.py <<'END'
import os, signal, subprocess, sys, time
seep, told, rounds = sys.argv[1], "told.pairs", 100
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}) # one processor: all orders in which they run come up
def lines(): return open(told).read().split("\n")[:-1] if os.path.exists(told) else []
def wait_for(count):
    end = time.monotonic() + 20
    while len(lines()) < count and time.monotonic() < end: time.sleep(0.0005)
child = subprocess.Popen([seep, "run", "--", "./tells", told], stderr=subprocess.DEVNULL, start_new_session=True)
wait_for(1)
for round in range(rounds):
    for number in (signal.SIGCONT, signal.SIGTSTP):
        before = len(lines())
        os.killpg(child.pid, number)
        wait_for(before + 1)
os.kill(child.pid, signal.SIGTERM)
child.wait(20)
seen = lines()
print(*(seen.count(str(int(number))) for number in (signal.SIGCONT, signal.SIGTSTP)))
END
check_equal "stops and continuations of the group reach the program once" "100 100" "$(timeout 60 /usr/bin/python3 pairs.py "$SEEP")"

# A signal for the group reaches a program that was not there yet, too: it comes while seep waits for its guard, which has
# forked its witness already.
cat >early.py <<'END'
import os, signal, subprocess, sys, time
def children(pid): return open("/proc/%d/task/%d/children" % (pid, pid)).read().split()
def first_child(pid):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for child in children(pid): return int(child)
seep, number = sys.argv[1], int(sys.argv[2])
run = subprocess.Popen([seep, "run", "--", "sleep", "9"], stderr=subprocess.DEVNULL, start_new_session=True)
guard = first_child(run.pid)
os.kill(guard, signal.SIGSTOP)
while not children(guard): # it has not forked yet
    os.kill(guard, signal.SIGCONT)
    time.sleep(0.0005)
    os.kill(guard, signal.SIGSTOP)
os.killpg(run.pid, number)
os.kill(guard, signal.SIGCONT)
print(run.wait(30))
END
for number in 15 2 40; do
	check_equal "signal $number for the group, before the program is there, reaches it" $((128 + number)) \
		"$(timeout 60 /usr/bin/python3 -S early.py "$SEEP" $number)"
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
for signal in SIGSTOP SIGTSTP SIGTTIN SIGTTOU; do
	check_equal "a program that stops itself by $signal is seen to stop, and goes on" "$signal 5" \
		"$(timeout 30 /usr/bin/python3 stops.py "$SEEP" $signal 2>/dev/null)"
done

# The program alone, or the whole group, is stopped by others, and then the program alone is continued or killed, or seep
# alone is continued: what waitpid() tells of seep is what it would tell of the program. `plain` is without seep.
cat >apart.py <<'END'
import os, signal, subprocess, sys, time
seep, stop, go, threads = sys.argv[1:]
stop, go = [word.split(":") for word in (stop, go)]
code = "import os, sys; sys.stdin.readline(); os._exit(5)"
if threads == "first-ended":
    code = ("import ctypes, os, sys, threading\ndef work(): sys.stdin.readline(); os._exit(5)\n"
            "threading.Thread(target=work).start()\nctypes.CDLL(None).syscall(60, 0)")
program = [sys.executable, "-S", "-c", code]
child = subprocess.Popen(program if seep == "plain" else [seep, "run", "-r", "1", "-o", "apart.%p", "--", *program],
    stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.setpgid(0, 0))
def name_of(pid): return open("/proc/%s/comm" % pid).read().strip()
def state(pid):
    try: tasks = [open("/proc/%s/task/%s/stat" % (pid, t)).read().rsplit(")", 1)[1].split()[0] for t in os.listdir("/proc/%s/task" % pid)]
    except OSError: return "a thread has just ended"
    return (sorted(t for t in tasks if t != "Z") + ["Z"])[0]
def until(condition):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end: print("waited in vain,", end=" "); break
        time.sleep(0.005)
def others(): return open("/proc/%d/task/%d/children" % (child.pid, child.pid)).read().split()
pid = {"seep": child.pid, "group": -child.pid, "program": child.pid}
if seep != "plain":
    until(lambda: [p for p in others() if name_of(p).startswith("python")])
    pid["program"] = int([p for p in others() if name_of(p).startswith("python")][0])
    pid["guard"] = int([p for p in others() if name_of(p) == "seep-guard"][0])
    until(lambda: [name for name in os.listdir(".") if name.startswith("apart.%d" % pid["program"]) and os.path.exists(name + "/heap")])
until(lambda: state(pid["program"]) == "S" and (threads == "all" or len(os.listdir("/proc/%d/task" % pid["program"])) > 1))
def send(what):
    if what[1] == "guard" and seep == "plain": return
    os.kill(pid[what[1]], getattr(signal, "SIG" + what[0]))
def told(options):
    for _ in range(4000):
        who, status = os.waitpid(child.pid, options | os.WNOHANG)
        if who: break
        time.sleep(0.005)
    else: return "nothing"
    if os.WIFSTOPPED(status): return signal.Signals(os.WSTOPSIG(status)).name
    if os.WIFCONTINUED(status): return "continued"
    return str(os.waitstatus_to_exitcode(status) % 256)
send(stop)
print(told(os.WUNTRACED), end=" ")
until(lambda: state(pid["program"]) == "T")
if seep != "plain":
    done = subprocess.run([seep, "snapshot", str(pid["program"])], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode: print("no snapshot of it stopped:", done.stderr.decode(), end=" ")
send(go)
if go[0] == "CONT": print(told(os.WCONTINUED), end=" ")
try:
    child.stdin.write(b"\n"); child.stdin.close()
except BrokenPipeError: pass # it has ended
until(lambda: True)
status = told(0)
print({"247": "137"}.get(status, status))
END
for way in STOP:program/CONT:program STOP:group/CONT:program STOP:group/CONT:seep STOP:group/CONT:group STOP:program/CONT:seep \
	TSTP:program/CONT:program STOP:program/KILL:program STOP:group/KILL:program; do
	for threads in all $([[ $way = TSTP* || $way = STOP:group/CONT:program ]] && echo first-ended); do
		wanted=$(timeout 60 /usr/bin/python3 apart.py plain ${way%/*} ${way#*/} $threads 2>&1)
		check_equal "as without seep ($threads threads): $way, which is $wanted" "$wanted" \
			"$(timeout 60 /usr/bin/python3 apart.py "$SEEP" ${way%/*} ${way#*/} $threads 2>&1)"
	done
done

inherited='import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))))'
check_equal "what was ignored and blocked is so in the program" "True [12, 34]" "$(/usr/bin/python3 - "$SEEP" "$inherited" 2>/dev/null <<-'END'
	import os, signal, sys
	signal.signal(signal.SIGHUP, signal.SIG_IGN)
	signal.pthread_sigmask(signal.SIG_BLOCK, [12, 34])
	os.execv(sys.argv[1], [sys.argv[1], "run", "--", sys.executable, "-c", sys.argv[2]])
END
)"
cat >slow.c <<'END'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
pid_t waitpid(pid_t pid, int *status, int options)
{
	usleep(300000);
	return (pid_t)syscall(SYS_wait4, pid, status, options, 0);
}
int waitid(idtype_t type, id_t id, siginfo_t *state, int options)
{
	usleep(100000);
	return (int)syscall(SYS_waitid, type, id, state, options, 0);
}
END
gcc -shared -fPIC -o slow.so slow.c
for pace in '' "$PWD/slow.so"; do
	check_equal "a program's signal for its parent reaches the one that started seep${pace:+, though it has ended by then}" "caught" "$(bash -c \
		'trap "echo caught; exit" USR1; LD_PRELOAD=$1 "$0" run -- sh -c "kill -USR1 \$PPID" 2>/dev/null & wait; wait; sleep 5' "$SEEP" "$pace" 2>&1)"
done

# The kernel hangs up and continues a stopped group whose shell ends. A program that has made its own group under seep gets that, too.
compile own_group <<'END'
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static void hung_up(int number) { (void)number; _exit(write(1, "hung up\n", 8) != 8); }
int main(void)
{
	signal(SIGHUP, hung_up);
	setpgid(0, 0);
	dprintf(2, "%d\n", getpid());
	return raise(SIGSTOP);
}
END
cat >shell.py <<'END'
import os, sys
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.execv(sys.argv[1], sys.argv[1:])
os.waitpid(child, os.WUNTRACED)
os.write(2, b"%d\n" % child)
END
for with in "" "$SEEP run --"; do
	# shellcheck disable=SC2086 # no word or some
	timeout 60 setsid -w /usr/bin/python3 shell.py $with "$PWD/own_group" >shell.out 2>shell.err
	# shellcheck disable=SC2046 # each is one
	wait_until 5 test -s shell.out || kill -KILL $(grep -x '[0-9]*' shell.err)
	check_equal "a stopped program in a group of its own is hung up as its shell ends${with:+, also under seep}" "hung up" "$(cat shell.out)"
done
exit $cases_failed
