# SPDX-License-Identifier: Apache-2.0
"""Rows of a library's unwind tables, as `readelf --debug-dump=frames-interp` interprets them, for rows.c."""
import re
import subprocess
import sys

FDE = re.compile(r" FDE .* pc=[0-9a-f]+\.\.([0-9a-f]+)")
ROW = re.compile(r"^([0-9a-f]{16}) (\S.*)")


def describe(columns, values):
    cells = dict(zip(columns, values))
    rbp, cfa = cells.get("rbp", "u"), re.fullmatch(r"(rsp|rbp)\+(\d+)", cells["CFA"])
    if cells.get("ra") == "u":
        return "e 0 0"
    saved = 0 if rbp in ("u", "s") else re.fullmatch(r"c-(\d+)", rbp)
    if not cfa or saved is None or cells.get("ra") != "c-8":
        return "x 0 0"
    return "%s %s %s" % ("s" if cfa.group(1) == "rsp" else "b", cfa.group(2),
                         saved.group(1) if saved else 0)


def main():
    dump = subprocess.Popen(["readelf", "--debug-dump=frames-interp", sys.argv[1]], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    columns, rows, end = [], [], None

    def flush():
        """The first and the last address of each row."""
        for i, (start, rule) in enumerate(rows):
            last = (rows[i + 1][0] if i + 1 < len(rows) else end) - 1
            if last >= start:
                print("%x %s\n%x %s" % (start, rule, last, rule))
        rows.clear()

    for line in dump.stdout:
        fde, row = FDE.search(line), ROW.match(line)
        if fde:
            flush()
            columns, end = None, int(fde.group(1), 16)
        elif " CIE " in line:
            flush()
            end = None
        elif line.startswith("   LOC"):
            columns = line.split()[1:]
        elif row and end is not None and columns:
            rows.append((int(row.group(1), 16), describe(columns, re.sub(r" \(\w+\)", "", row.group(2)).split())))
    flush()


main()
