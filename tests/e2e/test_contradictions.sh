#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Inputs that contradict themselves or each other, sums that no samples have, and outputs that can't be written as
# asked.
. "$(dirname "$0")/lib.sh"
make_snapshots() {
	/usr/bin/python3 -B - "$ROOT/tests/e2e/support" <<'END_OF_PYTHON'
import os, sys
sys.path.insert(0, sys.argv[1])
from bombs import measure, snapshot
strings, modules, nodes = b"\0/program\0", [(0, b""), (1, b"")], [(0, 0, 0), (0, 1, 64)]
def write(path, **more):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    lives = [(0x1000 + i, 100000, 2 * 10**9, 524288, 0, 1) for i in range(9)]
    open(path, "wb").write(snapshot(strings, modules, nodes, [1], lives=lives, **more))
write("one.seep")
write("later.seep", numbered=2, time_ns=5 * 10**9)
write("named/000003.seep", numbered=7)
write("twice/000003.seep", numbered=3)
write("twice/3.seep", numbered=3)
write("others/000001.seep", numbered=1)
write("others/000002.seep", numbered=2, time_ns=5 * 10**9, pid=8)
import gzip, growth
plain = snapshot(strings, modules, nodes, [1], numbered=0)
open("over.bundle", "wb").write(growth.bundle_bytes([(1, gzip.compress(plain), plain, 1 + i, 10**9) for i in range(5000)], overlapping=True))
for i, sums in enumerate([(1e-300, 1e-300, 1e-300, 0), (1e99, 1e99, 1e99, 0), (2e6, 1e30, 1e6, 0), (5, 1e99, 1, 0)]):
    write(f"sums{i}.seep", some=measure(2, sums, (20, 100, 10, 0)))
END_OF_PYTHON
}
make_snapshots
refused_as() { # STATUS NAME PATTERN COMMAND...
	local wanted=$1 name=$2 pattern=$3 status
	shift 3
	"$SEEP" "$@" >out 2>err
	status=$?
	check_match "$name" "^$wanted 1 $pattern" "$status $(wc -l <err) $(cat err)"
}
refused() { refused_as 3 "$1" "seep: $2" "${@:3}"; } # NAME PATTERN COMMAND...
refused "a name that is not the header's" 'named/000003.seep: offset [0-9]+: its header says that it is snapshot 7, its name says 3' report named
refused "two snapshots with one number" 'twice/.*: offset [0-9]+: there are two snapshots with number 3' report twice
refused "two processes in a recording: diff" 'others: holds snapshots of different processes' diff others
for i in 0 1 2 3; do
	refused "sums that no samples have ($i)" 'sums.\.seep: offset [0-9]+: a sum ' report "sums$i.seep"
done
cp one.seep copy.seep
for after in one.seep copy.seep; do
	"$SEEP" diff --json one.seep $after >diff.json
	check_equal "a snapshot and itself differ by nothing ($after)" "0 0 0" \
		"$(json_get diff.json "*[d['totals'][k] for k in ('growth_bytes', 'growth_low', 'growth_high')]" 2>/dev/null || json_get diff.json "' '.join(str(d['totals'][k]) for k in ('growth_bytes', 'growth_low', 'growth_high'))")"
done
"$SEEP" diff later.seep one.seep >out 2>err
check_equal "the later one first is refused" 2 $?
refused "parts of a bundle that share bytes: report" 'over.bundle: offset [0-9]+: part 1 lies over another' report over.bundle
refused "and leaks" 'over.bundle: offset [0-9]+: part 1 lies over another' leaks over.bundle
mkdir empty
for command in report flame diff\ one.seep "export --format=json" bundle leaks; do
	# shellcheck disable=SC2086
	"$SEEP" $command --symbols=NOWHERE later.seep >out 2>err
	check_match "seep $command --symbols=NOWHERE" '^2 1 seep .*(NOWHERE|no recording)' "$? $(wc -l <err) $(cat err)"
done

# Outputs never overwrite inputs.
mkdir kept && cp one.seep kept/000001.seep
cp one.seep operand.seep && ln operand.seep other-name.svg
for arguments in "export --format=folded operand.seep -o operand.seep" "export --format=folded kept -o kept/000001.seep" \
	"flame operand.seep -o other-name.svg" "export --format=json later.seep --base=operand.seep -o ./operand.seep" "bundle kept -o kept/000001.seep"; do
	# shellcheck disable=SC2086
	refused_as 2 "seep $arguments" 'seep .*: -o .* is part of the input' $arguments
done
check "and it is still there" cmp one.seep operand.seep
check "in a recording, too" cmp one.seep kept/000001.seep
for arguments in "export --format=folded one.seep -o" "bundle kept -o" "flame one.seep -o" "report" "diff one.seep"; do
	# shellcheck disable=SC2086
	refused_as '[23]' "seep $arguments with an empty name" 'seep' $arguments ""
done

# The outputs.
echo mine >kept.svg && chmod 0400 kept.svg
"$SEEP" flame one.seep -o kept.svg 2>err
check_equal "a file that may not be written to is not replaced" "3 mine 400" "$? $(cat kept.svg) $(stat -c %a kept.svg)"
echo old >old.svg && chmod 0640 old.svg && ln -s old.svg link.svg
strace -f -e trace=fsync,rename,renameat,renameat2 -o trace "$SEEP" flame one.seep -o link.svg 2>err
check_match "what a link points to is replaced, with its mode" '^640 symbolic link <svg' "$(stat -c %a old.svg) $(stat -c %F link.svg) $(head -c 4 old.svg)"
if [ -s trace ]; then
	check_equal "on the disk before it has its name" "fsync rename" "$(grep -oE 'fsync|rename' trace | paste -sd' ')"
fi
"$SEEP" export --format=folded one.seep -o /dev/stdout >out 2>err
check "-o /dev/stdout is standard output" test -s out
"$SEEP" export --format=folded one.seep -o /dev/fd/1 | cat >piped
check "also a pipe" cmp out piped
for command in "report one.seep" "report --json one.seep" "diff one.seep later.seep" "export --format=folded one.seep" "flame one.seep -o -" --help "report --help" --version; do
	# shellcheck disable=SC2086
	"$SEEP" $command >/dev/full 2>err
	check_match "seep $command >/dev/full" '^3 1 seep: standard output: No space left' "$? $(grep -vc 'seep: note' err) $(grep -v 'seep: note' err)"
done
check_equal "no other file is left behind" "" "$(find . -name '*.tmp')"

# Messages on standard error have nothing raw in them.
name=$'evil\033[31m\u202e\u2066\u200f\u0085\nnew\xff'
cp one.seep "$name.seep" && mkdir "$name"
looked() {
	/usr/bin/python3 -B "$ROOT/tests/e2e/support/hostile.py" look err
	[ "$(wc -l <err)" -eq 1 ] || cat -v err
}
while read -r line; do
	eval "\"\$SEEP\" $line" >out 2>err
	check_equal "nothing raw: seep $line" "" "$(looked)"
done <<'END_OF_LINES'
"$name"
report "$name"
report "$name.none"
report --by="$name" one.seep
report --sort="$name" one.seep
report --top="$name" one.seep
report --symbols="$name.none" one.seep
report --"$name" one.seep
report one.seep "$name"
diff "$name" one.seep
diff one.seep "$name.none"
diff one.seep one.seep "$name"
flame --value="$name" one.seep
flame one.seep -o "$name"
flame "$name.seep" -o "$name.svg"
flame one.seep -o "$name.none/x.svg"
export --format="$name" one.seep
export --format=json "$name.seep" -o "$name.json"
leaks "$name"
leaks "$name.seep"
bundle "$name"
bundle "$name.none"
snapshot "$name"
snapshot "$name.none"
run --rate="$name" -- true
run --"$name" -- true
run -- "$PWD/$name.none"
run -o "$name.none/x/y" -r "$name" -- true
doctor --"$name"
END_OF_LINES
exit $cases_failed
