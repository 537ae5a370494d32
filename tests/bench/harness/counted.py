# SPDX-License-Identifier: Apache-2.0
"""The instructions of seep's commands by cachegrind, all of them in one valgrind that forks: commands_in_one.c."""
import os
import pathlib
import re
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).with_name("commands_in_one.c")


class Commands:
    """instructions() of one command after the other."""

    def __init__(self, seep):
        self.folder = tempfile.TemporaryDirectory(prefix="seep-counted.")
        library = f"{self.folder.name}/commands_in_one.so"
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        self.process = subprocess.Popen(["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", seep], text=True,
                                        stdin=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace",
                                        env=dict(os.environ, SEEP_CACHE="off", LD_PRELOAD=library))

    def instructions(self, arguments, first=False):
        """Of the command and of the child that reads ELF for it. The first of many has what it runs translated for all of them."""
        if first:
            self.instructions(["", *arguments])
        print(*arguments, sep="\t", file=self.process.stdin, flush=True)
        said = []
        for line in self.process.stderr:
            ended = re.search(r"command ended: (-?\d+)", line)
            if ended and ended[1] == "0":
                before, *counts = (int(count.replace(",", "")) for count in re.findall(r"I +refs: +([\d,]+)", "".join(said)))
                return sum(counts) - len(counts) * before
            said.append(line)
            if ended:
                break
        raise RuntimeError(f"seep {' '.join(map(str, arguments))}: {''.join(said)[-500:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stderr.close()
        self.process.wait()
        self.folder.cleanup()
