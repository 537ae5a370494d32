#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house's rules that a compiler does not check. Prints a line for each rule; exit status 1 if one is broken.

FLOORS is the whole truth about who may include whom: an include that it does not allow is an error, and so is one that
it allows and nobody uses. Files are compared without their suffix: name.c, name.h and name_private.h are one.
"""
import os
import re
import subprocess
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# By folder: the folders whose headers it includes, besides its own and include/seep.
FLOORS = """
analyzer/base
analyzer/work           analyzer/base
preload/keeper/elf
preload/keeper/base     preload/keeper/elf
analyzer/files          analyzer/base
analyzer/encoding       analyzer/base
analyzer/statistics     analyzer/base analyzer/work
preload/keeper/heap     preload/keeper/base preload/keeper/elf
preload/shim/host       preload/keeper/base preload/keeper/elf
preload/shim/libc       preload/keeper/base preload/keeper/elf
preload/shim/sample     preload/keeper/base preload/keeper/elf
analyzer/process        analyzer/base analyzer/files
analyzer/reader         analyzer/base analyzer/encoding
analyzer/foreign        analyzer/base analyzer/encoding analyzer/files analyzer/reader
preload/keeper/program  preload/keeper/base preload/keeper/heap
preload/shim/walker     preload/keeper/base preload/keeper/elf preload/shim/sample
analyzer/doctor         analyzer/attach analyzer/base analyzer/files analyzer/process
preload/keeper/ledger   preload/keeper/base preload/keeper/program
preload/keeper/image    preload/keeper/base preload/keeper/heap
preload/keeper/arenas   preload/keeper/base preload/keeper/ledger
preload/keeper/mappings preload/keeper/base preload/keeper/heap
preload/keeper/snapshot preload/keeper/arenas preload/keeper/base preload/keeper/heap preload/keeper/image preload/keeper/ledger preload/keeper/mappings preload/keeper/program
preload/keeper/files    preload/keeper/base preload/keeper/heap preload/keeper/image preload/keeper/program preload/keeper/snapshot
preload/keeper/loop     preload/keeper/base preload/keeper/files preload/keeper/heap preload/keeper/image preload/keeper/mappings preload/keeper/program preload/keeper/snapshot preload/keeper/store
preload/keeper/store    preload/keeper/base preload/keeper/files preload/keeper/program preload/keeper/snapshot
preload/shim/keeping    preload/keeper/base preload/keeper/heap preload/keeper/loop preload/keeper/program preload/shim/host
preload/shim/recording  preload/keeper/base preload/keeper/files preload/keeper/heap preload/keeper/loop preload/keeper/program preload/shim/host preload/shim/keeping preload/shim/sample
preload/shim/record     preload/keeper/base preload/keeper/heap preload/keeper/loop preload/keeper/mappings preload/shim/host preload/shim/recording preload/shim/sample
preload/shim/hooks      preload/keeper/base preload/keeper/elf preload/keeper/heap preload/keeper/program preload/shim/host preload/shim/keeping preload/shim/record preload/shim/recording preload/shim/sample
analyzer/place          analyzer/base analyzer/files analyzer/profile analyzer/statistics
analyzer/compare        analyzer/base analyzer/files analyzer/place analyzer/profile analyzer/statistics analyzer/work
analyzer/series         analyzer/base analyzer/compare analyzer/profile analyzer/statistics
analyzer/account        analyzer/base analyzer/compare analyzer/profile analyzer/series analyzer/statistics
analyzer/leaks          analyzer/account analyzer/base analyzer/compare analyzer/series analyzer/statistics analyzer/work preload/keeper/loop
analyzer/check/interval analyzer/statistics
analyzer/check/file     analyzer/base analyzer/compare analyzer/files
analyzer/check/values   analyzer/base analyzer/check/file analyzer/check/interval analyzer/compare analyzer/files analyzer/leaks analyzer/profile analyzer/series analyzer/statistics
analyzer/check          analyzer/base analyzer/check/file analyzer/check/interval analyzer/check/values analyzer/profile analyzer/statistics
analyzer/render/check   analyzer/base analyzer/check analyzer/check/values analyzer/profile analyzer/render/flame analyzer/render/json analyzer/render/terminal analyzer/render/text analyzer/render/words analyzer/tree
analyzer/manual         analyzer/base analyzer/files analyzer/options
analyzer/dwarf          analyzer/base
analyzer/modules        analyzer/base analyzer/dwarf analyzer/files analyzer/work
analyzer/symbols        analyzer/base analyzer/dwarf analyzer/encoding analyzer/files analyzer/modules analyzer/work preload/keeper/program
analyzer/profile        analyzer/base analyzer/encoding analyzer/files analyzer/foreign analyzer/reader analyzer/statistics analyzer/symbols
analyzer/profile/stacks analyzer/base analyzer/profile
analyzer/render/words   analyzer/account analyzer/base analyzer/compare analyzer/files analyzer/leaks analyzer/profile analyzer/series analyzer/statistics
analyzer/source         analyzer/base analyzer/compare analyzer/files analyzer/modules analyzer/profile analyzer/statistics
analyzer/render/source  analyzer/base analyzer/files analyzer/render/json analyzer/render/terminal analyzer/render/text analyzer/render/words analyzer/source
analyzer/session        analyzer/base analyzer/process analyzer/profile analyzer/symbols analyzer/work
analyzer/run            analyzer/base analyzer/options analyzer/process analyzer/session
analyzer/tracing        analyzer/base analyzer/work preload/keeper/base
analyzer/inline         analyzer/base analyzer/modules analyzer/tracing
analyzer/attach         analyzer/base analyzer/files analyzer/inline analyzer/options analyzer/process analyzer/run analyzer/session analyzer/tracing analyzer/work preload/keeper/base preload/keeper/program
analyzer/copy           analyzer/attach analyzer/base analyzer/process analyzer/tracing preload/keeper/arenas preload/keeper/base preload/keeper/ledger preload/keeper/program
analyzer/allocators     analyzer/account analyzer/base analyzer/copy
analyzer/coredump       analyzer/base analyzer/files analyzer/profile preload/keeper/elf
analyzer/references     analyzer/base analyzer/copy analyzer/coredump analyzer/files analyzer/process analyzer/profile analyzer/target preload/keeper/base preload/keeper/ledger preload/keeper/snapshot
analyzer/tree           analyzer/base analyzer/files analyzer/place analyzer/profile analyzer/statistics analyzer/work
analyzer/target          analyzer/base analyzer/process analyzer/profile analyzer/reader analyzer/tracing preload/keeper/arenas preload/keeper/base preload/keeper/ledger preload/keeper/program
analyzer/export         analyzer/base analyzer/encoding analyzer/files analyzer/profile analyzer/reader analyzer/statistics analyzer/tree
analyzer/push           analyzer/base analyzer/encoding analyzer/export analyzer/files analyzer/profile analyzer/symbols analyzer/target analyzer/work
analyzer/render/json    analyzer/account analyzer/base analyzer/compare analyzer/leaks analyzer/profile analyzer/render/words analyzer/statistics analyzer/target
analyzer/render/terminal analyzer/base analyzer/files analyzer/profile
analyzer/render/text    analyzer/account analyzer/base analyzer/compare analyzer/files analyzer/leaks analyzer/place analyzer/profile analyzer/render/terminal analyzer/render/words analyzer/series analyzer/statistics analyzer/target analyzer/tree
analyzer/render/metrics  analyzer/base analyzer/compare analyzer/files analyzer/leaks analyzer/profile analyzer/render/words analyzer/statistics
analyzer/render/screen   analyzer/base analyzer/leaks analyzer/render/terminal analyzer/render/text analyzer/render/words analyzer/series analyzer/statistics
analyzer/render/flame   analyzer/base analyzer/compare analyzer/files analyzer/profile analyzer/render/terminal analyzer/render/words analyzer/statistics analyzer/tree
analyzer/page           analyzer/base analyzer/compare analyzer/encoding analyzer/leaks analyzer/profile analyzer/reader analyzer/render/flame analyzer/render/json analyzer/render/words analyzer/series analyzer/source analyzer/statistics analyzer/symbols
analyzer/serve/door      analyzer/base analyzer/files
analyzer/serve/answers   analyzer/base analyzer/files analyzer/page
analyzer/serve/scrape    analyzer/base analyzer/compare analyzer/encoding analyzer/export analyzer/leaks analyzer/process analyzer/profile analyzer/render/metrics analyzer/series analyzer/symbols analyzer/target analyzer/work
analyzer/serve           analyzer/base analyzer/files analyzer/page analyzer/process analyzer/profile analyzer/reader analyzer/render/flame analyzer/render/text analyzer/render/words analyzer/serve/answers analyzer/serve/door analyzer/serve/scrape analyzer/statistics analyzer/symbols analyzer/target analyzer/work preload/keeper/program
analyzer/options         analyzer/base analyzer/target analyzer/work
analyzer/top/data        analyzer/base analyzer/leaks analyzer/profile analyzer/render/text analyzer/render/words analyzer/series analyzer/statistics analyzer/symbols analyzer/work preload/keeper/base preload/keeper/heap preload/keeper/snapshot
analyzer/top             analyzer/base analyzer/files analyzer/leaks analyzer/process analyzer/profile analyzer/render/screen analyzer/render/terminal analyzer/render/text analyzer/render/words analyzer/statistics analyzer/target analyzer/top/data analyzer/work
analyzer/summary         analyzer/base analyzer/doctor analyzer/files analyzer/leaks analyzer/options analyzer/render/words analyzer/session
analyzer/document       analyzer/base analyzer/compare analyzer/files analyzer/options analyzer/place analyzer/profile analyzer/reader analyzer/render/words analyzer/target analyzer/tree
analyzer/commands       analyzer/account analyzer/allocators analyzer/attach analyzer/base analyzer/check analyzer/check/file analyzer/check/values analyzer/compare analyzer/doctor analyzer/document analyzer/export analyzer/files analyzer/foreign analyzer/inline analyzer/leaks analyzer/options analyzer/page analyzer/place analyzer/process analyzer/profile analyzer/push analyzer/reader analyzer/references analyzer/render/check analyzer/render/flame analyzer/render/json analyzer/render/metrics analyzer/render/screen analyzer/render/source analyzer/render/terminal analyzer/render/text analyzer/render/words analyzer/run analyzer/series analyzer/serve analyzer/serve/answers analyzer/serve/door analyzer/session analyzer/source analyzer/summary analyzer/target analyzer/top analyzer/tree
analyzer                analyzer/base analyzer/files analyzer/options analyzer/process analyzer/run analyzer/symbols
"""

TOP_LEVEL = {"preload", "analyzer", "include", "tests", "docs", "Makefile", "README.md", "LICENSE"}
MOST_FILES_IN_A_FOLDER = 20
LONGEST_FUNCTION_LINES = 56
LONGEST_FILE_LINES = 400
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)', re.M)
LICENSED = (".c", ".h", ".S", ".cc", ".sh", ".js", ".css", ".py", ".map")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and os.path.exists(name)]


FILES = tracked()
SOURCES = [name for name in FILES if name.split("/")[0] in ("preload", "analyzer") and name.endswith((".c", ".h", ".S"))]
TEXTS = {name: open(name, encoding="utf-8").read() for name in SOURCES}


def included_file(text):
    """The path of the file that an include of preload/ or analyzer/ names; both are on the compiler's path."""
    return next((root + "/" + text for root in ("analyzer", "preload") if root + "/" + text in TEXTS), None)


def includes(text):
    """What a source includes of ours, also in <>, which the compiler's path finds as well."""
    return [target for mark, target in INCLUDE.findall(text) if mark == '"' or included_file(target)]


def floors():
    rows = [line.split() for line in FLOORS.strip().splitlines()]
    return {row[0]: set(row[1:]) for row in rows}


def wrong_includes():
    allowed, used = floors(), set()
    for name, text in TEXTS.items():
        own = os.path.dirname(name)
        if own not in allowed:
            yield f"{own}/ has no row in tests/check_layout.py"
            continue
        for target in includes(text):
            path = included_file(target)
            folder = os.path.dirname(path) if path else None
            if not path:
                yield f'{name} includes "{target}", which is no file of preload/ or analyzer/'
            elif folder != own and folder not in allowed[own]:
                yield f'{name} includes "{target}"'
            used.add((own, folder))
    for own, folders in allowed.items():
        for folder in sorted(folders):
            if (own, folder) not in used:
                yield f"{own}/ may include {folder}/ and does not: take it out of the table"


def module_of(name):
    return re.sub(r"(_private)?\.[chS]$", "", name)


def circles(part):
    """Parts that need each other, found as strongly connected parts of the graph of includes. `part` gives a file's."""
    graph = {}
    for name, text in TEXTS.items():
        needs = graph.setdefault(part(name), set())
        needs |= {part(path) for path in map(included_file, includes(text)) if path}
        needs.discard(part(name))
    reach = {}

    def reachable(start):
        if start not in reach:
            seen, todo = set(), [start]
            while todo:
                for target in graph[todo.pop()] - seen:
                    seen.add(target)
                    todo.append(target)
            reach[start] = seen
        return reach[start]

    told = set()
    for each in sorted(graph):
        if each in reachable(each) and each not in told:
            ring = sorted(other for other in reachable(each) if each in reachable(other))
            told.update(ring)
            yield "these need each other: " + ", ".join(ring)


def crowded_folders():
    count = {}
    for name in FILES:
        if name.split("/")[0] in ("preload", "analyzer", "include"):
            count[os.path.dirname(name)] = count.get(os.path.dirname(name), 0) + 1
    return [f"{folder}/ has {number} files" for folder, number in sorted(count.items()) if number > MOST_FILES_IN_A_FOLDER]


def long_files():
    for name in FILES:
        if name.endswith(LICENSED + (".cpp", ".mjs")):
            lines = open(name, encoding="utf-8").read().count("\n")
            if lines > LONGEST_FILE_LINES:
                yield f"{name} has {lines} lines: move what its name does not say"


def long_functions():
    for name, text in TEXTS.items():
        begun = 0
        for number, line in enumerate(text.splitlines(), 1):
            if line == "{":
                begun = number
            elif line == "}" and begun:
                if number - begun - 1 > LONGEST_FUNCTION_LINES:
                    yield f"{name}:{begun}: a function of {number - begun - 1} lines"
                begun = 0


def foreign_includes_of_include():
    for name in FILES:
        if name.startswith("include/") and includes(open(name, encoding="utf-8").read()):
            yield name


def undocumented_folders():
    page = open("docs/ARCHITECTURE.md", encoding="utf-8").read()
    for folder in sorted({os.path.dirname(name) for name in FILES}):
        top, _, rest = folder.partition("/")
        if top not in ("preload", "analyzer", "include", "tests") or folder == "include/seep" or (top == "tests" and "/" in rest):
            continue  # the entry above covers it
        if (f"`{rest}/`" if top == "tests" and rest else f"{folder}/") not in page:
            yield f"docs/ARCHITECTURE.md does not say what {folder}/ is for"


def stale_answers():
    """Rows of "Where is it?" of which a file does not exist, or a name is in none of the files."""
    page = open("docs/ARCHITECTURE.md", encoding="utf-8").read()
    rows = re.findall(r"^\|.*\? \| (`[^|]+`) \| (`[^|]+`) \|$", page, re.M)
    if len(rows) != len(re.findall(r"^\|.*\? \|", page, re.M)):
        yield "docs/ARCHITECTURE.md: not every question is answered by a file and a name"
    for files, names in rows:
        paths = re.findall(r"`([^`]+)`", files)
        paths = [path if "/" in path else os.path.join(os.path.dirname(paths[0]), path) for path in paths]
        missing = [path for path in paths if not os.path.exists(path)]
        yield from (f"docs/ARCHITECTURE.md: {path} does not exist" for path in missing)
        text = "".join(open(path, encoding="utf-8").read() for path in paths if path not in missing)
        for name in re.findall(r"`([^`]+)`", names):
            if not re.search(rf"\b{re.escape(name)}\b", text):
                yield f"docs/ARCHITECTURE.md: {files} does not have {name}"


def stale_paths():
    """Files and folders of this tree that a page names and that do not exist. CHANGELOG.md tells of the past."""
    for page in FILES:
        if not page.endswith(".md") or page == "docs/CHANGELOG.md":
            continue
        for path in re.findall(r"`((?:preload|analyzer|include|tests|docs)/[\w./-]*\w/?)`", open(page, encoding="utf-8").read()):
            if not os.path.exists(path):
                yield f"{page} names {path}, which does not exist"


def heading_anchors(page):
    headings = re.findall(r"^#+ (.*)$", open(page, encoding="utf-8").read(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links():
    """Links of a page to a file that does not exist, or to a heading that a page does not have."""
    for page in (name for name in FILES if name.endswith(".md")):
        for link in re.findall(r"\]\(([^)\s]+)\)", open(page, encoding="utf-8").read()):
            target, _, heading = link.partition("#")
            path = os.path.join(os.path.dirname(page), target) if target else page
            if ":" not in target and not (os.path.exists(path) and (not heading or heading in heading_anchors(path))):
                yield f"{page} links to {link}, which does not exist"


def stale_names():
    """Targets of make, tests, and names that begin with SEEP_, of which a page speaks and the tree does not."""
    targets = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^([a-z][\w -]*):", open("Makefile", encoding="utf-8").read(), re.M))))
    tests = {os.path.basename(name) for name in FILES}
    words = set()
    for name in FILES:
        if name.endswith(LICENSED + (".cpp",)) or name == "Makefile":
            words.update(re.findall(r"SEEP_[A-Z0-9_]+", open(name, encoding="utf-8").read()))
    for page in (name for name in FILES if name.endswith(".md") and name != "docs/CHANGELOG.md"):
        text = open(page, encoding="utf-8").read()
        made = " ".join(re.findall(r"`make ([^`]+)`", text)).split()
        missing = {word for word in made if re.fullmatch(r"[a-z][\w-]*", word)} - targets
        missing |= set(re.findall(r"\btest_[a-z_0-9]+\.(?:sh|c)\b", text)) - tests
        missing |= set(re.findall(r"\bSEEP_[A-Z0-9_]*[A-Z0-9]\b", text)) - words
        yield from (f"{page} names {name}, which does not exist" for name in sorted(missing))


def strangers_at_the_top():
    return sorted({name.split("/")[0] for name in FILES if not name.startswith(".")} - TOP_LEVEL)


def unlicensed():
    for name in FILES:
        if name.endswith(LICENSED) or name == "Makefile":
            if "SPDX-License-Identifier: Apache-2.0" not in "".join(open(name, encoding="utf-8").readlines()[:3]):
                yield name


def lost_lists():
    """Nobody frees the lists of a request, so it must be where sanitizers see them to the end."""
    for name, text in TEXTS.items():
        if name.startswith("analyzer/commands/") and "struct argument_list" in text:
            if "\tstatic struct request request" not in text:
                yield name


def main():
    failed = False
    for rule, complaints in (
        ("a file includes only what the table of floors allows, and the table allows nothing more", wrong_includes()),
        ("no two modules need each other", circles(module_of)),
        ("no two folders need each other", circles(os.path.dirname)),
        ("include/ knows neither preload/ nor analyzer/", foreign_includes_of_include()),
        (f"no folder has more than {MOST_FILES_IN_A_FOLDER} files", crowded_folders()),
        (f"no file has more than {LONGEST_FILE_LINES} lines", long_files()),
        (f"no function has more than {LONGEST_FUNCTION_LINES} lines", long_functions()),
        ("docs/ARCHITECTURE.md says what each folder is for", undocumented_folders()),
        ("docs/ARCHITECTURE.md answers a newcomer's questions with files and names that exist", stale_answers()),
        ("every path of the tree that a page names exists", stale_paths()),
        ("every link of a page leads somewhere", dead_links()),
        ("every target, test and SEEP_ name of a page exists", stale_names()),
        ("the top level holds only what belongs there", strangers_at_the_top()),
        ("every source names its licence", unlicensed()),
        ("a command's request that has a list is static", lost_lists()),
    ):
        complaints = list(complaints)
        print("ok" if not complaints else "not ok", "-", rule)
        for complaint in complaints:
            print("#", complaint)
        failed = failed or bool(complaints)
    return failed


if __name__ == "__main__":
    sys.exit(main())
