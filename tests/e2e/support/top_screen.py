# SPDX-License-Identifier: Apache-2.0
"""Drives `seep top` in a terminal of its own, whose screen is read by pyte, which knows what the console of Linux does. Every wait is
for what the screen shows."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import pyte

PATIENCE_S = 60


class Top:
    def __init__(self, arguments, columns=80, lines=24, environment=None):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.status = None
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.environ.update({"TERM": "linux", **(environment or {})})
            os.execv(arguments[0], arguments)

    def read(self, seconds):
        """Takes what comes within that time; False: nothing comes any more."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.stream.feed(data)
        return bool(data)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def line(self, number):
        return self.screen.display[number].rstrip()

    def await_that(self, what, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end or not self.read(0.2):
                if condition():
                    return
                raise AssertionError(f"never seen: {what}; the screen is\n{self.text()}")

    def await_text(self, pattern):
        self.await_that(pattern, lambda: re.search(pattern, self.text(), re.M))

    def press(self, keys, pattern=None):
        os.write(self.terminal, keys.encode())
        if pattern:
            self.await_text(pattern)

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def has_colour(self):
        return any(self.screen.buffer[y][x].fg not in ("default", "white")
                   for y in range(self.screen.lines) for x in range(self.screen.columns))

    def rows(self):
        """The table's rows, by the first words of their columns: verdict, in use, ..., as they stand there."""
        lines = self.text().split("\n")
        begin = next((i for i, line in enumerate(lines) if line.lstrip().startswith("verdict")), len(lines)) + 1
        return [line for line in lines[begin:] if re.match(r" *(LEAK\??|growing|stopped|steady|churn|-) ", line)]

    def end(self):
        """Presses q, and waits for the exit status."""
        os.write(self.terminal, b"q")
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            self.read(0.1)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("it does not end")

    def kill(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
