# SPDX-License-Identifier: Apache-2.0
"""A program's surroundings for arrangements.py: what starts it, with or without seep run in between, and what sees it."""
import os
import re
import select
import signal
import sys
import time

SEEP = sys.argv[1]
PYTHON = [sys.executable, "-S", "-c"]
LIMIT = 40


def command(*program):
    return list(program) if SEEP == "plain" else [SEEP, "run", "-o", f"arr.{os.getpid()}.%p", "--", *program]


def until(condition, what="condition"):
    end = time.monotonic() + LIMIT
    while not (seen := condition()):
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)
    return seen


def text_of(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def status_of(pid, options=0):
    def look():
        who, status = os.waitpid(pid, options | os.WNOHANG)
        return (status,) if who else None
    status, = until(look, "its status")
    if os.WIFSTOPPED(status):
        return "stopped by " + signal.Signals(os.WSTOPSIG(status)).name
    if os.WIFCONTINUED(status):
        return "continued"
    code = os.waitstatus_to_exitcode(status)
    return f"ended with {code if code >= 0 else 128 - code}"


class Terminal:
    """A terminal of its own, with a program as the leader of its session."""

    def __init__(self, *program):
        self.pid, self.master = os.forkpty()
        if self.pid == 0:
            os.environ["PS1"] = "PROMPT>"
            os.execv(program[0], program)
        self.seen = ""

    def read_until(self, pattern, forget=True):
        end = time.monotonic() + LIMIT
        while not (match := re.search(pattern, self.seen)):
            if time.monotonic() > end:
                raise TimeoutError(f"{pattern} in {self.seen!r}")
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    raise EOFError(f"{pattern} in {self.seen!r}") from None
        if forget:
            self.seen = self.seen[match.end():]
        return match

    def type(self, keys):
        os.write(self.master, keys.encode())


def words(line):
    return " ".join(line.split())
