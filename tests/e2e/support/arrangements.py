#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a program and its surroundings see of each other, with and without seep run between them.

	arrangements.py SEEP|plain NAME

prints a line: everything that was seen, which must be the same both ways. Each is bounded in time."""
import ctypes
import os
import signal
import subprocess
import sys
import time

from surroundings import LIMIT, PYTHON, SEEP, Terminal, command, status_of, text_of, until, words


def job_control():
    """bash -i: stop by key, jobs, bg, stop by kill, fg, and the end; the program is told of each continuation."""
    shell = Terminal("/bin/bash", "--norc", "--noprofile", "--noediting", "-i")
    seen = []

    def say(line, pattern):
        shell.type(line + "\n")
        match = shell.read_until(pattern)
        shell.read_until(r"PROMPT>")
        return words(match.group(1))
    shell.read_until("PROMPT>")
    shell.type("stty -echo\n")
    shell.read_until("PROMPT>")
    # In C: an interpreter's handler does not run where the signal came just before a call that blocks.
    program = """
        #include <signal.h>
        #include <string.h>
        #include <unistd.h>
        static void say(const char *text) { (void)!write(1, text, strlen(text)); }
        static void go_on(int number) { (void)number; say("told to go on\\n"); }
        int main(void)
        {
            char line[64];
            signal(SIGCONT, go_on);
            say("ready\\n");
            for (;;) {
                ssize_t length = read(0, line, sizeof line);
                if (length == 4 && memcmp(line, "end\\n", 4) == 0) _exit(6);
                if (length > 0) say("got a line\\n");
            }
        }
    """
    subprocess.run(["gcc", "-o", "job", "-xc", "-"], input=program.encode(), check=True)
    shell.type(" ".join(command("./job")) + "\n")
    shell.read_until("ready")
    shell.type("\x1a")
    seen.append(words(shell.read_until(r"(Stopped)").group(1)))
    shell.read_until("PROMPT>")
    seen.append(say("jobs", r"(Stopped|Running)"))
    shell.type("fg\n")
    shell.read_until("told to go on")
    shell.type("line\n")
    shell.read_until("got a line")
    shell.type("\x1a")
    seen.append(words(shell.read_until(r"(Stopped)").group(1)))
    shell.read_until("PROMPT>")
    shell.type("bg\n")  # it reads from the terminal, which stops it again
    shell.read_until("told to go on")
    shell.type("\n")
    for _ in range(200):
        shell.type("jobs -l\n")
        state = words(shell.read_until(r"\[1\]\+? +\d+ ([A-Za-z ()]+)").group(1))
        shell.read_until("PROMPT>")
        if "tty input" in state:
            break
        time.sleep(0.05)
    seen.append(state)
    shell.type("fg\n")
    shell.read_until("told to go on")
    shell.type("end\n")
    shell.read_until("PROMPT>")
    seen.append(say("echo status=$?", r"(status=\d+)"))
    shell.type("exit\n")
    seen.append(status_of(shell.pid))
    return seen


def shell_is_the_program():
    """An interactive shell under it runs jobs of its own."""
    shell = Terminal(*command("/bin/bash", "--norc", "--noprofile", "--noediting", "-i"))
    shell.read_until("PROMPT>")
    shell.type("stty -echo\n")
    shell.read_until("PROMPT>")
    shell.type("sleep 100\n")
    until(lambda: text_of(f"/proc/{os.tcgetpgrp(shell.master)}/comm").strip() == "sleep", "a job in the foreground")
    shell.type("\x1a")
    shell.read_until("Stopped")
    shell.read_until("PROMPT>")
    shell.type("kill %1; fg; echo status=$?; ps -o stat= -p $$ | cut -c1\n")
    seen = [words(shell.read_until(r"(status=\d+)").group(1)), words(shell.read_until(r"\n(S)").group(1))]
    shell.read_until("PROMPT>")
    shell.type("exit 4\n")
    return seen + [status_of(shell.pid)]


def terminal_vanishes():
    """The terminal's other end is closed: SIGHUP for the program, once."""
    program = ("import signal, os, time\n"
               "log = os.open('hup.log', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)\n"
               "signal.signal(signal.SIGHUP, lambda *_: os.write(log, b'hup '))\n"
               "signal.signal(signal.SIGCONT, lambda *_: os.write(log, b'cont '))\n"
               "os.write(1, b'ready\\n')\n"
               "for _ in range(30): time.sleep(0.02) if os.path.getsize('hup.log') else time.sleep(0.2)\n"
               "try: os.write(1, b'x'); os.write(log, b'written')\n"
               "except OSError as e: os.write(log, b'error %d' % e.errno)\n"
               "os._exit(3)\n")
    terminal = Terminal(*command(*PYTHON, program))
    terminal.read_until("ready")
    os.close(terminal.master)
    return [status_of(terminal.pid), " ".join(sorted(text_of("hup.log").split()))]


def group_is_orphaned():
    """Who started the job dies while it is stopped: the kernel sends SIGHUP and SIGCONT to its group."""
    program = ("import signal, os, time\n"
               "log = os.open('orphan.log', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)\n"
               "signal.signal(signal.SIGHUP, lambda *_: os.write(log, b'hup '))\n"
               "os.kill(os.getpid(), signal.SIGSTOP)\n"
               "for _ in range(20): time.sleep(0.01)\n"
               "os.write(log, b'end')\n")
    parent = os.fork()
    if parent == 0:
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            argv = command(*PYTHON, program)
            os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
            os.execv(argv[0], argv)
        os._exit("stopped by SIGSTOP" not in status_of(job, os.WUNTRACED))
    seen = [status_of(parent)]
    until(lambda: "end" in text_of("orphan.log"), "the orphan's end")
    return seen + sorted(text_of("orphan.log").split())


def children_are_gathered():
    """Who gathers orphans gets the program's, and nothing of ours."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    child = subprocess.Popen(command("/bin/sh", "-c", "(sleep 0.2; exit 9) & exit 5"), stderr=subprocess.DEVNULL)
    seen = [f"{child.wait(LIMIT)}"]
    while True:
        try:
            seen.append(f"{os.waitstatus_to_exitcode(os.wait()[1])}")
        except ChildProcessError:
            return seen


def program_gathers():
    """Who executes it gathers orphans and dies with its parent: so does the program. It sees its orphans, and no others."""
    program = ("import ctypes, os, time\n"
               "libc = ctypes.CDLL(None); gathers = ctypes.c_int(); dies = ctypes.c_int()\n"
               "libc.prctl(37, ctypes.byref(gathers), 0, 0, 0); libc.prctl(2, ctypes.byref(dies), 0, 0, 0)\n"
               "print(gathers.value, dies.value, end=' ')\n"
               "child = os.posix_spawn('/bin/sh', ['sh', '-c', 'for i in 1 2 3; do (sleep 0.1; exit $i) & done'], os.environ)\n"
               "seen = []\n"
               "try:\n"
               "    while True: seen.append(os.waitstatus_to_exitcode(os.wait()[1]))\n"
               "except ChildProcessError: pass\n"
               "print(sorted(seen), flush=True); os._exit(4)")

    def gather():
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    done = subprocess.run(command(*PYTHON, program), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT,
                          preexec_fn=gather)
    return [done.stdout.decode().strip(), f"{done.returncode}"]


def process_one_gathers():
    """As process 1 of a container: its orphans leave no zombies."""
    program = ("import os, time\n"
               "for _ in range(20):\n"
               "    child = os.fork()\n"
               "    if child == 0:\n"
               "        if os.fork() == 0: time.sleep(0.05)\n"
               "        os._exit(0)\n"
               "count = 0\n"
               "try:\n"
               "    while True: os.wait(); count += 1\n"
               "except ChildProcessError: pass\n"
               "states = [open('/proc/%s/stat' % p).read().rsplit(')', 1)[1].split()[0] for p in os.listdir('/proc') if p.isdigit()]\n"
               "print(count, states.count('Z'), flush=True); os._exit(4)")
    done = subprocess.run(["unshare", "-rpf", "--mount-proc", *command(*PYTHON, program)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=LIMIT)
    return [done.stdout.decode().strip(), f"{done.returncode}"]


def parent_dies():
    """Its parent's end is the program's by SIGKILL, or by a signal that it catches."""
    seen = []
    for number in (signal.SIGKILL, signal.SIGUSR1):
        program = ("import os, signal, time\n"
                   "signal.signal(signal.SIGUSR1, lambda *_: (open('dies.log', 'w').write('caught'), os._exit(0)))\n"
                   "open('dies.pid', 'w').write(str(os.getpid()))\n"
                   "for _ in range(100): time.sleep(0.1)\n"
                   "open('dies.log', 'w').write('lives')")
        for name in ("dies.pid", "dies.log"):
            if os.path.exists(name):
                os.unlink(name)
        parent = os.fork()
        if parent == 0:
            child = subprocess.Popen(command(*PYTHON, program), stderr=subprocess.DEVNULL,
                                     preexec_fn=lambda: ctypes.CDLL(None).prctl(1, number, 0, 0, 0))
            until(lambda: text_of("dies.pid"))
            os._exit(child.pid == 0)
        status_of(parent)
        pid = int(text_of("dies.pid"))
        until(lambda: not os.path.exists(f"/proc/{pid}") or "Z" in text_of(f"/proc/{pid}/stat").rsplit(")", 1)[-1][:3], "its end")
        seen.append(text_of("dies.log") or "killed")
    return seen


def nothing_holds_a_pipe():
    """A daemon that has let go of a pipe: its reader sees the end while the daemon lives."""
    child = subprocess.Popen(command("/bin/sh", "-c", "sleep 3 </dev/null >/dev/null 2>&1 3>&- & echo $!; exit 5"),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE)
    pid = int(child.stdout.read())
    seen = ["daemon lives" if os.path.exists(f"/proc/{pid}") else "daemon has gone"]
    return seen + [f"{child.wait(LIMIT)}"]


def processes_of_the_group():
    """The program ends its whole group by SIGTERM, which it catches itself: once."""
    program = ("import signal, os\nseen = []\nsignal.signal(signal.SIGTERM, lambda *_: seen.append('term'))\n"
               "os.kill(0, signal.SIGTERM); os.kill(0, signal.SIGTERM)\nprint(len(seen))\nos._exit(7) if not print(end='', flush=True) else 0")
    seen = set()
    for _ in range(20):  # none of them is for whoever has started it, which would end by it
        child = subprocess.Popen(command(*PYTHON, program), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        out, _ = child.communicate(timeout=LIMIT)
        seen.add(f"{out.decode().strip()} {child.returncode}")
    return sorted(seen)


def program_is_traced():
    """gdb takes hold of it and lets go: it goes on as it was."""
    child = subprocess.Popen(command("/bin/sh", "-c", "read line; exit 5"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    program = child.pid if SEEP == "plain" else until(lambda: child_of(child.pid), "the program")
    until(lambda: text_of(f"/proc/{program}/comm").strip() == "sh")
    gdb = subprocess.run(["gdb", "-q", "-nx", "-batch", "-p", str(program), "-ex", "detach"], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=LIMIT)
    child.stdin.write(b"go\n")
    child.stdin.close()
    return [f"gdb {gdb.returncode}", f"{child.wait(LIMIT)}"]


def child_of(pid):
    for child in text_of(f"/proc/{pid}/task/{pid}/children").split():
        if text_of(f"/proc/{child}/comm").strip() not in ("", "seep", "seep-guard"):
            return int(child)
    return None


def storms_of_vfork():
    program = ("import os, subprocess\n"
               "ends = [os.posix_spawn('/bin/true', ['true'], os.environ) for _ in range(100)]\n"
               "print(sorted(set(os.waitpid(p, 0)[1] for p in ends)), flush=True)\nos._exit(3)")
    done = subprocess.run(command(*PYTHON, program), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT)
    return [done.stdout.decode().strip(), f"{done.returncode}"]


def one_in_the_other():
    program = command("/bin/sh", "-c", "echo inner; kill -TERM $$")
    outer = program if SEEP == "plain" else command(*program)
    done = subprocess.run(outer, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT)
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return [done.stdout.decode().strip(), f"{code}"]


def stopped_in_the_other():
    """A stop goes up through both, and so does the continuation by the program's own number."""
    program = command(*PYTHON, "import os, signal, time\nopen('in.pid', 'w').write(str(os.getpid()))\nos.kill(os.getpid(), signal.SIGSTOP)\n"
                      "for _ in range(3000): time.sleep(0.01) if not os.path.exists('in.go') else os._exit(5)")
    outer = program if SEEP == "plain" else command(*program)
    child = subprocess.Popen(outer, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.setpgid(0, 0))
    seen = [status_of(child.pid, os.WUNTRACED)]
    os.kill(int(text_of("in.pid")), signal.SIGCONT)
    seen.append(status_of(child.pid, os.WCONTINUED))
    open("in.go", "w").close()
    seen.append(status_of(child.pid))
    os.unlink("in.go")
    return seen


def new_session_with_the_terminal():
    """The program leads a session of its own that takes the terminal over."""
    program = ("import os, fcntl, termios, sys\n"
               "if os.fork() == 0:\n"
               "    os.setsid()\n"
               "    try: fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.write(1, b'taken\\n')\n"
               "    except OSError as e: os.write(1, b'refused %d\\n' % e.errno)\n"
               "    os._exit(0)\n"
               "os.wait(); os.write(1, b'fg %d\\n' % (os.tcgetpgrp(0) == os.getpgrp())); os._exit(8)")
    terminal = Terminal(*command(*PYTHON, program))
    seen = [words(terminal.read_until(r"(taken|refused \d+)").group(1)), words(terminal.read_until(r"(fg \d)").group(1))]
    return seen + [status_of(terminal.pid)]


def descriptors():
    """Open descriptors, session and group as the program sees them; all of 0 to 2 closed."""
    program = ("import os\nfd = sorted(int(f) for f in os.listdir('/proc/self/fd'))[:-1]\n"
               "os.write(9, repr((fd, os.getpgrp() == os.getsid(0))).encode())")
    read, write = os.pipe()

    def closed():
        os.dup2(write, 9)
        os.closerange(0, 3)
        os.closerange(3, 9)
        os.closerange(10, 256)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        closed()
        argv = command(*PYTHON, program)
        os.execv(argv[0], argv)
    os.close(write)
    seen = b""
    while data := os.read(read, 4096):
        seen += data
    return [seen.decode(), status_of(child)]


def group_is_frozen():
    """The control group's freezer stops all of it; thawed, it goes on."""
    group = next((place + "/seep-arr.%d" % os.getpid() for place in ("/sys/fs/cgroup", "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified")
                  if os.path.exists(place + "/cgroup.procs")), None)
    try:
        os.mkdir(group)
    except (OSError, TypeError):
        return ["no control groups"]
    v2 = os.path.exists(group + "/cgroup.freeze")
    switch, frozen, thawed = (group + "/cgroup.freeze", "1", "0") if v2 else (group + "/freezer.state", "FROZEN", "THAWED")
    try:
        if not os.path.exists(switch):
            return ["no freezer"]
        child = subprocess.Popen(command("/bin/sh", "-c", "echo ready; read line; exit 5"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, preexec_fn=lambda: open(group + "/cgroup.procs", "w").write(str(os.getpid())))
        child.stdout.readline()
        open(switch, "w").write(frozen)
        child.stdin.write(b"x\n")
        child.stdin.close()
        time.sleep(0.3)
        seen = ["frozen" if child.poll() is None else "ended"]
        open(switch, "w").write(thawed)
        return seen + [f"{child.wait(LIMIT)}"]
    finally:
        until(lambda: not text_of(group + "/cgroup.procs").strip(), "an empty group")
        os.rmdir(group)


def main():
    try:
        print("; ".join(globals()[sys.argv[2]]()))
    except (TimeoutError, EOFError) as error:
        print("waited in vain for", error)


main()
