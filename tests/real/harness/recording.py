# SPDX-License-Identifier: Apache-2.0
"""One recorded run of a program under a load, and what `seep leaks` says of it at each of its snapshots."""
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from .tree import Failed

RATE = 512 << 10
ROWS, COLUMNS, FIRST = 24, 80, 10  # the screen, and its rows that must have the place


def clean_environment():
    return {name: value for name, value in os.environ.items()
            if name in ("PATH", "HOME", "TMPDIR", "USER") or name.startswith("LC_")}


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """What a program's command and load are given: a directory, ports, an input, and the time that is left."""

    def __init__(self, seconds):
        self.directory = tempfile.mkdtemp(prefix="seep-real.")
        self.port = free_port(socket.SOCK_STREAM)
        self.other_port = free_port(socket.SOCK_DGRAM)
        self.seconds = seconds
        self.process = None
        self.done = 0
        self.failure = None

    def at(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)

    def input(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    @staticmethod
    def pause(seconds):
        time.sleep(seconds)

    def ticks(self, a_second):
        """Numbers, so many a second, until the time is over."""
        begun = time.monotonic()
        while (now := time.monotonic()) < begun + self.seconds:
            if self.process.poll() is not None:
                raise Failed(f"it ended: {self.process.returncode}")
            if self.done > (now - begun) * a_second:
                time.sleep(1 / a_second)
                continue
            self.done += 1
            yield self.done

    def wait_for_port(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for kind in ("tcp", "udp"):
                with open(f"/proc/net/{kind}", encoding="ascii") as table:
                    if f"0100007F:{self.port:04X} 00000000:0000" in table.read():
                        return
            time.sleep(0.05)
        raise Failed("it does not listen")


class Run:
    """A program under `seep run` in a thread of its own, from its start to its end by SIGTERM or the end of its input."""

    def __init__(self, seep, program, products, recording, seconds, options=()):
        self.program, self.service = program, Service(seconds)
        shutil.rmtree(recording.split("%")[0], ignore_errors=True)
        self.command = [seep, "run", *options, "-o", recording, "--", *program.command(products, self.service)]
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        service = self.service
        try:
            with open(service.at("log"), "wb") as log:
                service.process = subprocess.Popen(self.command, cwd=service.directory, env=clean_environment(), stdout=log,
                                                   stderr=subprocess.STDOUT, stdin=subprocess.PIPE)
            try:
                if self.program.LISTENS:
                    service.wait_for_port()
                self.program.load(service)
            finally:
                if self.program.LISTENS:
                    service.process.send_signal(signal.SIGTERM)
                service.process.stdin.close()
                try:
                    service.process.wait(30)
                except subprocess.TimeoutExpired:
                    service.process.kill()
                    service.process.wait()
        except Exception as problem:  # pylint: disable=broad-except
            with open(service.at("log"), encoding="utf-8", errors="replace") as log:
                service.failure = f"{problem!r}: {log.read()[-500:]}"

    def wait(self):
        self.thread.join()
        shutil.rmtree(self.service.directory, ignore_errors=True)
        if self.service.failure:
            raise Failed(self.service.failure)


def ask(seep, *arguments, directory=None):
    done = subprocess.run([seep, *arguments], cwd=directory, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    if done.returncode:
        raise Failed(f"seep {' '.join(arguments)}: {done.stderr.strip()[-500:]}")
    return done.stdout


def judgements(seep, recording):
    """What `seep leaks` said, or would have said, after each snapshot from the third on, and of the whole."""
    names = sorted(glob.glob(os.path.join(glob.escape(recording), "*.seep")))
    with tempfile.TemporaryDirectory(prefix="seep-real.") as prefix:
        for number, name in enumerate(names):
            shutil.copy(name, prefix)
            if number < 2:
                continue
            try:
                said = ask(seep, "leaks", "--json", prefix)
            except Failed as problem:
                if "leaks are found in a series" not in str(problem): # peaks are none of it
                    raise
                continue
            yield json.loads(said)
    yield json.loads(ask(seep, "leaks", "--json", recording))


def screen(seep, recording):
    """The first one, where the recording lies: its path is in it."""
    return ask(seep, "leaks", os.path.basename(recording), directory=os.path.dirname(recording)).rstrip("\n").split("\n")


def fits(lines):
    return len(lines) <= ROWS and all(len(line) <= COLUMNS for line in lines)
