#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What nobody needs: a global function or object that no other object uses should be static, or is dead; a header of ours
that is included and of which no name is used should not be.

	tests/check_unused.py [BUILD]		after make all unit
"""
import collections
import os
import re
import subprocess
import sys

# What tests alone ask for from outside its file: why it is there.
FOR_TESTS = {
    "area_visit_room": "a disk that is full at each of its calls",
    "export_pprof_plain": "what the packed document holds",
    "launch_release_signals": "the process goes on after a launch",
    "limits_threshold": "its bounds",
    "loss_effect": "each loss is said where it counts",
    "modules_set_finder": "modules that no loader has",
    "normal_quantile": "the tables of the books",
    "retention_choose": "series of which no file is written",
}
# Used in a way that objects do not show.
OTHERWISE = {
    "__register_atfork": "pthread_atfork() of libc_nonshared.a calls it",
    "keeper_main": "assembly calls it",
    "libc_needed": "it is there for the linker",
    "module_instance_count": "tests/unwind/closing.c says it",
    "seep_keeper_entry": "the entry point of libseep.so as a program",
    **{f"seep_bundle_{page}{name}{end}": "a label of its own assembly" for page in ("", "list_") for name in ("policy", "script", "style") for end in ("", "_end")},
    **{f"seep_page_flame_{name}{end}": "a label of its own assembly" for name in ("draw", "style", "tree", "use") for end in ("", "_end")},
}

WORD = re.compile(r"[A-Za-z_]\w*")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"')


def sources(*endings):
    listed = subprocess.run(["git", "ls-files", "include", "preload", "analyzer", "tests/unit", "tests/fuzz"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if name.endswith(endings) and os.path.exists(name)]


def symbols(build, names, dynamic=False):
    """By name: the objects that define it, and those that use another's."""
    defined, used = collections.defaultdict(set), collections.defaultdict(set)
    command = ["nm", "-A", "-D" if dynamic else "-g", *names]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        place, kind, name = re.match(r"(.*):[ 0-9a-f]* (\w) ([^@\s]+)", line).groups()
        (used if kind in "Uwv" else defined)[name].add(place)
    return defined, used


def check_symbols(build):
    def objects(*roots):
        names = [f"{build}/obj/{os.path.splitext(name)[0]}.o" for name in sources(".c", ".S") if name.startswith(roots)]
        return [name for name in names if os.path.exists(name)]

    defined, used = symbols(build, objects("preload/", "analyzer/"))
    _, used_by_tests = symbols(build, objects("tests/"))
    exported, _ = symbols(build, [f"{build}/libseep.so"], dynamic=True)
    unused = {name: min(places) for name, places in defined.items()
              if name not in used and name not in exported and name != "main" and name not in OTHERWISE}
    for_tests = {name for name in unused if name in used_by_tests}
    yield "every global symbol is used by another object", [
        f"{unused[name]}: {name}: make it static, or remove it" for name in sorted(set(unused) - for_tests)]
    yield "what tests alone use of a file is listed with its reason", [
        f"{unused[name]}: {name}" for name in sorted(for_tests - set(FOR_TESTS))]
    yield "what is listed as unused is there, and is", [
        name for name in sorted((set(FOR_TESTS) - for_tests) | {name for name in OTHERWISE if name not in defined or name in used})]


def names_of(header):
    """What a header declares or defines: macros, types, enumerators, functions and objects."""
    text = open(header).read()
    names = set(re.findall(r"^#define\s+(\w+)", text, re.M))
    code = COMMENT.sub(" ", text)
    code = re.sub(r"^#.*?(?<!\\)$", "", code, flags=re.M | re.S)
    names.update(re.findall(r"\b(?:struct|enum|union)\s+(\w+)", code))
    names.update(re.findall(r"\b(\w+)\s*\(", code))
    names.update(re.findall(r"\b(\w+)\s*[;,=}\[]", code))
    return names


def check_includes():
    files = sources(".c", ".h", ".S")
    headers = [name for name in files if name.endswith(".h")]
    names, unneeded = {}, []
    for name in files:
        text = open(name).read()
        included = re.findall(r'^#include (?:"|<(?=seep/))([^">]+)[">]', text, re.M)
        words = set(WORD.findall(re.sub(r"^#include.*$", "", COMMENT.sub(" ", text), flags=re.M)))
        for each in included:
            fitting = [h for h in headers if h == each or h.endswith("/" + each)]
            if not fitting or os.path.splitext(os.path.basename(each))[0] == os.path.splitext(os.path.basename(name))[0]:
                continue
            for header in fitting:
                if header not in names:
                    names[header] = names_of(header)
            if not any(words & names[header] for header in fitting):
                unneeded.append(f"{name}: {each}")
    yield "of each header that is included a name is used", unneeded


def main():
    build, failed = sys.argv[1] if len(sys.argv) > 1 else "build", False
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    for name, complaints in [*check_symbols(build), *check_includes()]:
        print(f"{'not ok' if complaints else 'ok'} - {name}")
        for each in complaints:
            print("#", each)
        failed = failed or bool(complaints)
    return failed


if __name__ == "__main__":
    sys.exit(main())
