# SPDX-License-Identifier: Apache-2.0
"""Debian's sources, twice: as they are, and with a free of upstream's taken out again. Nothing of them is kept in this
repository: an edit names a file, a function, and a line there, and fails where it does not find that line once."""
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FETCH = os.path.join(HERE, "..", "..", "soak", "support", "debian_source.sh")


class Failed(Exception):
    """A program that can't be had, edited, built or started."""


def run(command, directory, limit_s=1200):
    done = subprocess.run(command, cwd=directory, timeout=limit_s, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)[:200]}: {done.stdout.strip()[-2000:]}")
    return done.stdout


class Tree:
    """A build of a program: where its sources are, and how they are changed and compiled."""

    def __init__(self, path):
        self.path = path

    def at(self, *names):
        return os.path.join(self.path, *names)

    def sh(self, command):
        return run(["nice", "-n", "15", "sh", "-ec", command], self.path)

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)

    def replace_line(self, name, function, line, by="", which=1, of=1):
        """In the one function that begins with a line like `function`, the line like `line`, number `which` of `of`."""
        with open(self.at(name), encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().split("\n")
        starts = [i for i, text in enumerate(lines) if re.search(function, text)]
        if len(starts) != 1:
            raise Failed(f"{name}: {len(starts)} lines are like {function!r}: the edit does not fit this version")
        end = next(i for i in range(starts[0], len(lines)) if lines[i].startswith("}"))
        found = [i for i in range(starts[0], end) if re.search(line, lines[i])]
        if len(found) != of:
            raise Failed(f"{name}: {len(found)} lines of {function!r} are like {line!r}, not {of}")
        lines[found[which - 1]] = by
        with open(self.at(name), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(lines))


def fetch(source, directory):
    """Unpacks a source package of this Debian, its patches applied, once; its version."""
    done = os.path.join(directory, "version")
    if not os.path.exists(done):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        run(["bash", FETCH, source, "newest"], directory)
        description = next(name for name in os.listdir(directory) if name.endswith(".dsc"))
        run(["dpkg-source", "--no-check", "-x", description, "tree"], directory)
        with open(os.path.join(directory, description), encoding="utf-8") as file:
            version = re.search(r"^Version: (\S+)", file.read(), re.M).group(1)
        with open(done, "w", encoding="utf-8") as file:
            file.write(version)
    with open(done, encoding="utf-8") as file:
        return file.read().strip()


def build(program, directory):
    """A program's version, and where its mended and its leaking products are, made once."""
    version = fetch(program.SOURCE, directory)
    products = [os.path.join(directory, name) for name in ("mended", "leaking")]
    tree = Tree(os.path.join(directory, "tree"))
    for product in products:
        if not os.path.exists(product):
            if product.endswith("leaking"):
                program.take_out(tree)
            program.build(tree)
            os.mkdir(product + ".new")
            for name in program.PRODUCTS:
                run(["cp", "-a", tree.at(name), product + ".new"], directory)
            os.rename(product + ".new", product)
    return version, *products
