#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep run is invisible: streams, exit status, signals and the terminal work as they do without it.
. "$(dirname "$0")/lib.sh"

status_of() { # COMMAND...
	"$SEEP" run -- "$@" >/dev/null 2>&1
	echo $?
}
check_equal "exit status 0" 0 "$(status_of true)"
check_equal "exit status 1" 1 "$(status_of false)"
check_equal "exit status 42" 42 "$(status_of sh -c 'exit 42')"
check_equal "exit status 255" 255 "$(status_of sh -c 'exit 255')"
for signal in TERM KILL SEGV ABRT PIPE USR1; do
	number=$(kill -l $signal)
	check_equal "128 + $signal" $((128 + number)) "$(status_of sh -c "kill -$signal \$\$")"
done
check_equal "127 for a program that is not there" 127 "$(status_of no-such-program-anywhere)"
check_equal "127 for a path that is not there" 127 "$(status_of ./nowhere)"
touch plain && chmod 644 plain
check_equal "126 for a file that may not be executed" 126 "$(status_of ./plain)"
check_equal "126 for a directory" 126 "$(status_of "$WORK")"
check_match "what could not be started is named in one line" '^seep: no-such-program: not found$' \
	"$("$SEEP" run -- no-such-program 2>&1)"

check_equal "standard input and output are the program's" hello "$(echo hello | "$SEEP" run -- cat 2>/dev/null)"
check_equal "standard error is the program's" "to stderr" "$("$SEEP" run -- sh -c 'echo to stderr >&2' 2>&1 >/dev/null | grep -v '^seep:')"
check_equal "arguments arrive as they are" "a b|--help|-r||*" "$("$SEEP" run -- printf '%s|%s|%s|%s|%s' 'a b' --help -r '' '*' 2>/dev/null)"
check_equal "options after the program are its own" "-r" "$("$SEEP" run echo -r 2>/dev/null)"
# As systemd starts a service that gets a socket, or that has to show that it is alive.
check_equal "descriptors that were handed to seep run are the program's" "ours ours other" \
	"$(for name in LISTEN_PID WATCHDOG_PID; do
		sh -c "export $name=\$\$; exec \"\$0\" run -- sh -c '[ \$$name = \$\$ ] && printf \"ours \"'" "$SEEP" 2>/dev/null
	done; LISTEN_PID=1 "$SEEP" run -- sh -c '[ $LISTEN_PID = 1 ] && printf other' 2>/dev/null)"
"$SEEP" run -- sh -c 'exit 7' 2>&- >/dev/null
check_equal "a closed standard error does not change the status" 7 $?
{ "$SEEP" run -- sh -c 'exit 9'; echo $? >status; } 2>&1 >/dev/null | true
check_equal "nor does one that nobody reads" 9 "$(cat status)"

# A signal that is sent only to seep reaches the program; the status is the program's.
for signal in TERM HUP INT USR1; do
	cat >catcher.sh <<-'END'
		for s in TERM HUP INT USR1; do trap "echo caught $s >caught; exit 33" $s; done
		echo ready >ready
		while :; do sleep 0.05; done
	END
	rm -f ready caught
	# A job in the background has SIGINT ignored by a shell without job control, so let python start it.
	/usr/bin/python3 - "$SEEP" $signal <<-'END' >status 2>&1
		import os, signal, subprocess, sys, time
		child = subprocess.Popen([sys.argv[1], "run", "--", "bash", "catcher.sh"], stderr=subprocess.DEVNULL)
		for _ in range(200):
		    if os.path.exists("ready"): break
		    time.sleep(0.05)
		child.send_signal(getattr(signal, "SIG" + sys.argv[2]))
		print(child.wait(20))
	END
	check_equal "$signal is passed on, the status comes back" "33 caught $signal" "$(cat status) $(cat caught 2>&1)"
done

# The terminal's keys and job control. On a pseudo-terminal, a small shell runs seep as a foreground job: it tells when
# the job stops, continues it, and tells how it ended.
cat >terminal.py <<'END'
import os, pty, re, select, signal, sys, time
seep, key = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode()
program = """trap 'n=$((n+1)); echo int $n' INT; echo ready
i=0; while [ $i -lt 20 ]; do sleep 0.05; i=$((i+1)); done; echo done; exit 5"""
shell, master = pty.fork()
if shell == 0:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(seep, [seep, "run", "--", "bash", "-c", program])
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os.write(1, b"exit %d\n" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        time.sleep(0.2)
        stopped = [open("/proc/%s/stat" % p).read().rsplit(")")[-1].split()[0] for p in os.listdir("/proc")
                   if p.isdigit() and os.path.exists("/proc/%s/stat" % p) and os.getpgid(int(p)) == job]
        os.write(1, b"stopped %s\n" % "".join(sorted(set(stopped))).encode())
        os.killpg(job, signal.SIGCONT)
seen, end, pressed = b"", time.time() + 20, False
while time.time() < end and b"exit" not in seen:
    if select.select([master], [], [], 0.1)[0]:
        try: seen += os.read(master, 4096)
        except OSError: break
    if b"ready" in seen and not pressed:
        os.write(master, key)
        pressed = True
time.sleep(0.1)
print(", ".join(re.findall("int \\d+|stopped \\w+|done|exit \\d+", seen.decode())))
END
check_equal "the terminal's interrupt key reaches the program once" "int 1, done, exit 5" \
	"$(timeout 30 /usr/bin/python3 terminal.py "$SEEP" '\x03')"
check_equal "the terminal's stop key stops both, and both go on" "stopped T, done, exit 5" \
	"$(timeout 30 /usr/bin/python3 terminal.py "$SEEP" '\x1a')"

# A program that signals its whole group, which includes seep, must not get its own signal back.
check_equal "a signal to the group is not sent twice" "1" \
	"$(setsid -w "$SEEP" run -- bash -c 'trap "n=\$((n+1))" HUP; kill -HUP 0; sleep 0.3; echo $n' 2>/dev/null)"

check_equal "seep's own variables are gone from a nested seep" "inner" \
	"$("$SEEP" run -- "$SEEP" run -- echo inner 2>/dev/null)"
check_equal "LD_PRELOAD that was there stays, behind the shim" "$SHIM:libm.so.6" \
	"$(LD_PRELOAD=libm.so.6 "$SEEP" run -- sh -c 'echo $LD_PRELOAD' 2>/dev/null)"
for allocator in jemalloc:libjemalloc.so.2 tcmalloc:libtcmalloc_minimal.so.4 mimalloc:libmimalloc.so.2; do
	check_match "--allocator=${allocator%%:*} is loaded behind the shim" "libseep.so:.*/${allocator#*:}" \
		"$("$SEEP" run --allocator="${allocator%%:*}" -- sh -c 'echo $LD_PRELOAD; grep -o "/[^ ]*/lib[jtm][a-z]*malloc[^ ]*" /proc/self/maps | sort -u' 2>/dev/null)"
	check_match "and serves its malloc: ${allocator%%:*}" "${allocator#*:}" \
		"$("$SEEP" run --allocator="${allocator%%:*}" -- cat /proc/self/maps 2>/dev/null)"
done

mkdir idle && cd idle || exit 1
output=$("$SEEP" run -r 1G -- true 2>&1)
check_match "a program that allocates too little is told why nothing was recorded" \
	'^seep: nothing was recorded: no sample was taken, so true allocated less than about 3\.00 GiB' "$output"
output=$(SEEP_RATE=12Q "$SEEP" run -- true 2>&1 | tr '\n' ' ')
check_match "a setting that was ignored is not the reason" 'ignored SEEP_RATE=12Q: .* nothing was recorded: no sample was taken' "$output"
check_equal "no recording is left behind by it" "" "$(ls)"
check_equal "nor a session file" "" "$(ls "$TMPDIR")"
# Signals while the run is being finished, which takes long because its registry has many lines: a request to end is
# granted soon, with the program's status; any other signal, even an alarm set before seep was executed, changes
# nothing.
cat >late.py <<'END'
import os, re, signal, subprocess, sys, time
seep, lines, *numbers = sys.argv[1:]
with open("late.lines", "w") as file: file.writelines("/nowhere/%d\n" % n for n in range(int(lines)))
with open("late.err", "w+") as err:
    child = subprocess.Popen([seep, "run", "-r", "1024G", "-o", os.getcwd() + "/late.%p", "--", "sh", "-c",
                              'cat late.lines >>"$SEEP_SESSION"; : >late.there; exit 7'], stderr=err)
    end = time.monotonic() + 60
    def session_is_there(): return any(name.startswith("seep-run-") for name in os.listdir(os.environ["TMPDIR"]))
    while not os.path.exists("late.there") or session_is_there():
        if time.monotonic() > end: sys.exit("nothing happened")
        time.sleep(0.001)
    for number in numbers: os.kill(child.pid, int(number))
    status = child.wait(60)
    err.seek(0)
    text = err.read()
os.remove("late.there")
print(status, "interrupted" if "interrupted" in text else "", " ".join(re.findall(r"seep: (\d+) recordings", text)[:1]))
END
for number in 1 2 3 15; do
	check_equal "signal $number while it is finished: soon over" "7 interrupted" \
		"$(timeout 90 /usr/bin/python3 late.py "$SEEP" 400000 $number 2>&1 | grep -o '^7 interrupted')"
done
mapfile -t others < <(seq 1 64 | grep -vxE '1|2|3|4|6|7|8|9|11|15|19|20|21|22')
check_equal "all the others change nothing" "7  60000" "$(timeout 90 /usr/bin/python3 late.py "$SEEP" 60000 "${others[@]}" 2>&1)"
exit $cases_failed
