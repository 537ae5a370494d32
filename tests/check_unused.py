#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What nobody needs: a global function or object that no other object uses should be static, or is dead; a header, ours or the
system's, that is included and of which no name is used should not be.

	tests/check_unused.py [BUILD [BUILD_OF_TESTS]]		after make all unit
"""
import collections
import functools
import os
import re
import subprocess
import sys

# Functions that only tests call from outside their file, and why they exist.
FOR_TESTS = {
    "area_visit_room": "a disk that is full at each of its calls",
    "export_pprof_plain": "what the packed document holds",
    "limits_threshold": "its bounds",
    "modules_set_finder": "modules that no loader has",
    "reference_sum_add": "a row of which somebody has looked for references",
    "references_add": "a snapshot of which no file is written",
    "room_needed": "the rule, without the machine's memory",
    "perf_map_open": "maps that are not in /tmp",
    "recording_choose_before": "lists of which no file is written",
    "retention_choose": "series of which no file is written",
    "words_find_by_fours": "both ways find the same",
    "words_find_plainly": "both ways find the same",
}
# Used in a way that objects do not show.
OTHERWISE = {
    "__register_atfork": "pthread_atfork() of libc_nonshared.a calls it",
    "libc_needed": "it is there for the linker",
    "module_instance_count": "tests/unwind/closing.c says it",
    "seep_keeper_entry": "the entry point of libseep.so as a program",
    **{f"seep_bundle_{page}{name}{end}": "a label of its own assembly" for page in ("", "list_") for name in ("policy", "script", "style") for end in ("", "_end")},
    **{f"seep_page_flame_{name}{end}": "a label of its own assembly" for name in ("draw", "style", "tree", "use") for end in ("", "_end")},
}

# Members of structs that no code of analyzer/ reads.
READ_ELSEWHERE = {
    "extended_bytes": "the kernel reads it", "features": "the kernel reads it", "padding": "the kernel has it there",
    "restorer": "the kernel reads it", "rate_to_s": "tests/bench/accuracy/ reads it",
}
# Macros that the system's headers ask for.
FOR_THE_SYSTEM = {"NCURSES_NOMACROS"}

WORD = re.compile(r"[A-Za-z_]\w*")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"')


def sources(*endings):
    listed = subprocess.run(["git", "ls-files", "include", "preload", "analyzer", "tests/unit", "tests/fuzz"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if name.endswith(endings) and os.path.exists(name)]


def symbols(names, dynamic=False):
    """By name: the objects that define it, and those that use another's."""
    defined, used = collections.defaultdict(set), collections.defaultdict(set)
    command = ["nm", "-A", "-D" if dynamic else "-g", *names]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        place, kind, name = re.match(r"(.*):[ 0-9a-f]* (\w) ([^@\s]+)", line).groups()
        (used if kind in "Uwv" else defined)[name].add(place)
    return defined, used


def check_symbols(build, build_of_tests):
    def objects(build, *roots):
        names = [f"{build}/obj/{os.path.splitext(name)[0]}.o" for name in sources(".c", ".S") if name.startswith(roots)]
        return [name for name in names if os.path.exists(name)]

    defined, used = symbols(objects(build, "preload/", "analyzer/"))
    _, used_by_tests = symbols(objects(build_of_tests, "tests/"))
    exported, _ = symbols([f"{build}/libseep.so"], dynamic=True)
    unused = {name: min(places) for name, places in defined.items()
              if name not in used and name not in exported and name != "main" and name not in OTHERWISE}
    for_tests = {name for name in unused if name in used_by_tests}
    yield "every global symbol is used by another object", [
        f"{unused[name]}: {name}: make it static, or remove it" for name in sorted(set(unused) - for_tests)]
    yield "no name is defined twice in one program", [
        f"{name}: {', '.join(sorted(places))}" for name, places in sorted(symbols(objects(build, "preload/keeper/", "analyzer/"))[0].items())
        if len(places) > 1 and name != "main"]
    yield "what tests alone use of a file is listed with its reason", [
        f"{unused[name]}: {name}" for name in sorted(for_tests - set(FOR_TESTS))]
    yield "what is listed as unused is there, and is", [
        name for name in sorted((set(FOR_TESTS) - for_tests) | {name for name in OTHERWISE if name not in defined or name in used})]


def names_of(header):
    """What a header declares or defines: macros, types, enumerators, functions and objects."""
    text = open(header).read()
    code = COMMENT.sub(" ", text)
    code = re.sub(r"^#.*?(?<!\\)$", "", code, flags=re.M | re.S)
    return names_declared(code) | set(re.findall(r"^#define\s+(\w+)", text, re.M))


# cmocka.h wants these before it.
FOR_CMOCKA = {"setjmp.h", "stdarg.h", "stddef.h", "stdint.h"}
PRIVATE_PARTS = r"/(bits|asm|asm-generic|linux)/"


@functools.lru_cache(None)
def names_of_system(header):
    """What a header of the system declares or defines, with its private parts. Public headers that it includes are not it, unless it
    has nothing else (immintrin.h)."""
    preprocessed = subprocess.run(["gcc", "-D_GNU_SOURCE", "-E", "-dD", "-x", "c", "-"], input=f"#include <{header}>\n",
                                  capture_output=True, text=True, check=True).stdout
    folder = os.path.dirname(header)
    parts = re.compile(PRIVATE_PARTS if folder in ("", "sys") else f"{PRIVATE_PARTS}|/{folder}/")
    own, all_of_it, is_own = [], [], [False]
    for line in preprocessed.splitlines():
        marker = re.match(r'# \d+ "([^"]+)" ?([12]?)', line)
        if not marker:
            all_of_it.append(line)
            if is_own[-1]:
                own.append(line)
        elif marker[2] == "1":
            is_own.append(marker[1].endswith("/" + header) or (is_own[-1] and parts.search(marker[1]) is not None))
        elif marker[2] == "2":
            is_own.pop()

    def names(lines):
        code = "\n".join(line for line in lines if not line.startswith("#"))
        return names_declared(code) | {line.split()[1].split("(")[0] for line in lines if line.startswith("#define ")}

    return names(own) if len(names(own)) > 3 else names(all_of_it)


def names_declared(code):
    names = set()
    names.update(re.findall(r"\b(?:struct|enum|union)\s+(\w+)", code))
    names.update(re.findall(r"\b(\w+)\s*\)?\s*\(", code))
    names.update(re.findall(r"\b(\w+)\s*[;,=}\[]", code))
    return names


def check_includes():
    files = sources(".c", ".h", ".S")
    headers = [name for name in files if name.endswith(".h")]
    names, unneeded = {}, []
    for name in files:
        text = open(name).read()
        included = re.findall(r'^#include (?:"|<(?=seep/))([^">]+)[">]', text, re.M)
        words = set(WORD.findall(re.sub(r"^\s*#\s*include.*$", "", COMMENT.sub(" ", text), flags=re.M)))
        systems = set(re.findall(r"^\s*#\s*include <((?!seep/)[^>]+)>", text, re.M)) if not name.endswith(".S") else set()
        systems -= FOR_CMOCKA if "cmocka.h" in systems else set()
        unneeded.extend(f"{name}: <{each}>" for each in sorted(systems) if not words & names_of_system(each))
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


def check_macros():
    """A name that occurs once is never used. Those that the preprocessor pastes together (HOOK_##form) are told by their beginning."""
    texts = {name: COMMENT.sub(" ", open(name).read()) for name in sources(".c", ".h", ".S", ".map")}
    count = collections.Counter(word for text in texts.values() for word in WORD.findall(text))
    pasted = tuple({word for text in texts.values() for word in re.findall(r"\b([A-Za-z_]\w*)\s*##", text)})
    yield "every macro and every named constant is used", sorted(
        f"{name}: {macro}" for name, text in texts.items() if name.startswith(("preload/", "analyzer/", "include/"))
        for macro in re.findall(r"^\s*#\s*define\s+(\w+)|^\s+([A-Z][A-Z_0-9]+) = (?!0,)[^;{}\n]*,$", text, re.M)
        for macro in macro if macro and count[macro] == 1 and macro not in FOR_THE_SYSTEM and not macro.startswith(pasted))


def members_of(code):
    """The members of all structs in a file, but those of structs within."""
    for body in re.findall(r"\bstruct\s*\w*\s*\{((?:[^{}]|\{[^{}]*\})*)\}", code):
        for declaration in re.sub(r"\{[^{}]*\}", "", body).split(";"):
            names = re.findall(r"\(\*(\w+)\)", declaration)[:1] or re.findall(r"(\w+)(?:\s*\[[^\]]*\]|\s*:\s*\d+)*\s*(?:,|$)", declaration.strip())
            yield from names


def check_members():
    """By name alone: one that two structs have is read if either is. `*this->end = x` reads, `this->end = x` does not."""
    texts = {name: TEXT.sub('""', COMMENT.sub(" ", open(name).read())) for name in sources(".c", ".h") if not name.startswith("tests/")}
    read = set()
    for text in texts.values():
        for line in text.splitlines():
            for use in re.finditer(r"(?:\.|->)\s*(\w+)(?=(?:\[[^\]]*\])*\s*(=(?!=)|\+=|-=|\|=|\+\+|--)?)", line):
                if not use[2] or line.strip().startswith("*"):
                    read.add(use[1])
            read.update(re.findall(r"offsetof\([^,]+, (\w+)", line))
    unread = {member: name for name, text in texts.items() if name.startswith("analyzer/") for member in members_of(text) if member not in read}
    yield "every member of a struct is read, or listed with who reads it", [
        f"{unread[member]}: {member}" for member in sorted(set(unread) - set(READ_ELSEWHERE))] + [
        f"{member} is read" for member in sorted(set(READ_ELSEWHERE) - set(unread))]


def main():
    build, failed = sys.argv[1] if len(sys.argv) > 1 else "build", False
    build_of_tests = sys.argv[2] if len(sys.argv) > 2 else build
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    for name, complaints in [*check_symbols(build, build_of_tests), *check_includes(), *check_macros(), *check_members()]:
        print(f"{'not ok' if complaints else 'ok'} - {name}")
        for each in complaints:
            print("#", each)
        failed = failed or bool(complaints)
    return failed


if __name__ == "__main__":
    sys.exit(main())
