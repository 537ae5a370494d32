#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names with control characters, escape sequences, HTML, bidirectional marks, broken UTF-8 or 64 KiB of text, through every
# command that prints them: they come out escaped and cut. And files that are larger inside than outside: memory stays
# bounded by their size.
. "$(dirname "$0")/lib.sh"
hostile=$ROOT/tests/e2e/support/hostile.py
mkdir in out
/usr/bin/python3 "$hostile" make in
export XDG_CACHE_HOME=$WORK/cache

# A recording of a program with such a name, arguments and library.
name=$(printf 'evil\033[31m<img src=x>\xe2\x80\xae\xff\n&"'\''name')
mkdir "$WORK/$name"
compile "$name/$name" <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((noinline)) void *leak(void) { return memset(malloc(5000), 1, 5000); }
int main(void) { for (int i = 0; i < 900; i++) { leak(); if (i % 300 == 0) usleep(80000); } return 0; }
END
"$SEEP" run -r 256 -i 50ms -o rec -- "$WORK/$name/$name" "$name" $'\033]0;title\007' "$(head -c 3000 /dev/zero | tr '\0' A)" >out/run.txt 2>&1
(cd "$WORK/$name" && "$SEEP" run -r 256 -- "./$name" >"$WORK/out/run-here.txt" 2>&1)
check "a program with a hostile name is recorded" "$SEEP" report rec
"$SEEP" bundle rec -o rec.bundle >out/bundle.txt 2>&1
/usr/bin/python3 - "$(ls rec/*.seep | tail -n 1)" <<'END' || exit 1
import sys
assert b"\x1b[31m<img" in open(sys.argv[1], "rb").read(), "the recording has the name as it is"
END

# A line each: OUTPUT COMMAND...
commands() {
	local input base format extension
	for input in in/names.pb in/names-later.pb.gz in/names.heap rec rec.bundle; do
		base=${input##*/}
		base=${base//./-}
		echo "$base-report.txt report $input --top=100"
		echo "$base-report.json report $input --json --top=100"
		echo "$base-function.txt report $input --by=function --top=100"
		echo "$base-line.txt report $input --by=line --top=100"
		echo "$base-module.txt report $input --by=module --top=100"
		echo "$base-tree.txt report $input --tree"
		echo "$base-modules.txt report $input --modules"
		for extension in svg html folded; do
			echo "$base-flame.$extension flame $input -o out/$base-flame.$extension"
		done
		for format in folded speedscope gperftools json pprof; do
			extension=txt
			case $format in speedscope | json) extension=json ;; pprof) extension=pb ;; esac
			echo "$base-export-$format.$extension export --format=$format $input -o -"
		done
	done
	echo "diff.txt diff in/names.pb in/names-later.pb.gz --top=100"
	echo "diff.json diff in/names.pb in/names-later.pb.gz --json --top=100"
	echo "diff-flame.svg flame in/names-later.pb.gz --base in/names.pb -o out/diff-flame.svg"
	echo "diff-rec.txt diff rec --top=100"
	echo "leaks.txt leaks rec --top=100"
	echo "leaks.json leaks rec --json --top=100"
}
commands | /usr/bin/python3 -B "$hostile" prints "$SEEP" || cases_failed=1
# The name of the directory: what is printed to be typed next can be typed, too.
cp -r rec "$name/again"
"$SEEP" leaks "$name/again" >out/leaks-there.txt
check_equal "seep leaks of a recording in such a directory" "" "$(/usr/bin/python3 -B "$hostile" look out/leaks-there.txt)"
eval "\"\$SEEP\" $(sed -n 's/.*all of it: seep //p' out/leaks-there.txt)" >out/leaks-typed.txt
check_equal "and the command that it names" 0 $?
"$SEEP" list "$name" >out/list.txt
check_equal "seep list, a line for each" "3 " "$(wc -l <out/list.txt) $(/usr/bin/python3 -B "$hostile" look out/list.txt)"
for output in run run-here bundle; do
	check_equal "what seep says after ${output%-*} ($output)" "" "$(/usr/bin/python3 "$hostile" look out/$output.txt)"
done
cp in/names.pb "$name.pb" && head -c 100 "$name.pb" >"bad-$name"
"$SEEP" report "bad-$name" 2>out/error.txt
check_equal "a complaint about a file with such a name" "1 " "$(wc -l <out/error.txt) $(/usr/bin/python3 "$hostile" look out/error.txt)"
"$SEEP" doctor -- "$WORK/$name/$name" >out/doctor.txt 2>&1
check_equal "seep doctor of such a program" "" "$(/usr/bin/python3 "$hostile" look out/doctor.txt)"
"$SEEP" report "$name.pb" --json >out/named.json
check_equal "a report of a file with such a name" "" "$(/usr/bin/python3 "$hostile" look out/named.json)"

# MEGABYTES FILE: reading it takes at most that much, and succeeds or ends with one line.
bounded() {
	local output status
	output=$( (ulimit -v $(($1 * 1024)) && timeout 60 "$SEEP" report "$2" >/dev/null) 2>&1)
	status=$?
	if [ $status -eq 0 ] || { [ $status -eq 3 ] && [ "$(wc -l <<<"$output")" -eq 1 ] && ! grep -q 'out of memory' <<<"$output"; }; then
		return 0
	fi
	echo "exit status $status: $output"
	return 1
}
check "200 MB of zeros in 200 kB of gzip: $(stat -c %s in/zeros.pb.gz) bytes in 100 MB of address space" bounded 100 in/zeros.pb.gz
check "100 million empty texts: $(stat -c %s in/texts.pb.gz) bytes in 1 GB of address space" bounded 1000 in/texts.pb.gz
check "90,000 stacks: $(stat -c %s in/stacks.pb) bytes in 250 MB of address space" bounded 250 in/stacks.pb
check "and packed: $(stat -c %s in/stacks.pb.gz) bytes" bounded 250 in/stacks.pb.gz
exit $cases_failed
