# SPDX-License-Identifier: Apache-2.0
"""Runs one workload under one configuration and says what it used."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

LIMIT_S = 120


class Failed(Exception):
    """A run that did not end well: nothing is measured then."""


def numbers_of(text):
    """"name 1 other 2" as a dictionary."""
    return {name: float(value) for name, value in re.findall(r"([a-z_0-9]+) (-?[0-9.]+)", text)}


def disk_bytes(directory):
    """What a directory's files occupy on disk, and not their nominal sizes: a heap file has holes."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:  # a temporary file of who still writes names
                pass
    return total


def clean_environment(extra):
    """The caller's environment without what could reach into the measurement."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "HOME", "TMPDIR", "USER") or name.startswith("LC_")}
    return {**kept, **extra}


def wait_for(process, limit_s):
    """The process' and its waited-for descendants' use of resources; ends it when it takes too long."""
    def end(*_):
        os.killpg(process.pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(limit_s)
    try:
        _, status, used = os.wait4(process.pid, 0)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used


def drive_redis(socket, requests):
    """A bounded load on a server that listens on a socket of its own; requests a second."""
    deadline = time.monotonic() + 20
    while subprocess.run(["redis-cli", "-s", socket, "ping"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         check=False).returncode:
        if time.monotonic() > deadline:
            raise Failed("redis-server does not answer")
        time.sleep(0.02)
    started = time.monotonic()
    subprocess.run(["redis-benchmark", "-s", socket, "-q", "-n", str(requests // 3), "-r", "20000", "-d", "200", "-c",
                    "10", "-P", "8", "-t", "set,lpush,hset"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True, timeout=LIMIT_S)
    rate = requests / (time.monotonic() - started)
    subprocess.run(["redis-cli", "-s", socket, "shutdown", "nosave"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    return rate


def run_once(bench, workload, configuration, amount, limit_s=LIMIT_S, keep=None):
    """One run: CPU and wall time of the whole command, launcher included; peak RSS of the program alone. keep is
    called with the output directory before that is removed."""
    output = tempfile.mkdtemp(prefix="run.", dir=bench)
    try:
        report = os.path.join(output, "used")
        fill = {"{output}": os.path.join(output, "out"), "{socket}": os.path.join(output, "socket")}
        os.mkdir(fill["{output}"])

        def filled(text):
            for name, value in fill.items():
                text = text.replace(name, value)
            return text

        program = [filled(part) for part in workload.argv(amount)]
        launcher = [filled(part) for part in configuration.launcher]
        settings = [f"{name}={filled(value)}"
                    for name, value in {**workload.environment, **configuration.environment}.items()]
        measured = [os.path.join(bench, "measured"), report] + settings
        argv = measured + launcher + program if configuration.launcher_inside else launcher + measured + program
        with open(os.path.join(output, "said"), "w+b") as said, \
                open(workload.input_file or os.devnull, "rb") as given:
            begin = time.monotonic()
            process = subprocess.Popen(argv, stdin=given, stdout=said, stderr=subprocess.STDOUT, cwd=output,
                                       env=clean_environment({}), start_new_session=True)
            rate = drive_redis(fill["{socket}"], amount) if workload.serves else None
            used = wait_for(process, limit_s)
            wall = time.monotonic() - begin
            said.seek(0)
            text = said.read().decode(errors="replace")
        if process.returncode != 0:
            raise Failed(f"{workload.name} with {configuration.name} ended with {process.returncode}: {text[-400:]}")
        with open(report, encoding="ascii") as file:
            own = numbers_of(file.read())
        result = {"cpu_s": used.ru_utime + used.ru_stime, "wall_s": wall,
                  "program_cpu_s": (own["user_us"] + own["sys_us"]) / 1e6, "peak_rss_bytes": own["peak_kib"] * 1024,
                  "written_bytes": disk_bytes(fill["{output}"]), **numbers_of_program(text)}
        if rate is not None:
            result["requests_per_s"] = rate
        if keep:
            keep(fill["{output}"], result)
        return result
    finally:
        shutil.rmtree(output, ignore_errors=True)


def numbers_of_program(text):
    """What a workload of our own prints about itself."""
    line = re.search(r"^(?:pairs|p50_ns|loads) .*$", text, re.M)
    return numbers_of(line.group(0)) if line else {}
