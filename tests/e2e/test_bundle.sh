#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep bundle: on a machine without the program and its debug files, a recording in one file is read as it is here.
. "$(dirname "$0")/lib.sh"

compile program <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static inline __attribute__((always_inline)) void *fill_inlined(size_t n) { return memset(malloc(n), 1, n); }
void *kept[40000];
__attribute__((noinline)) void leak_here(int i) { kept[i] = fill_inlined(900 + i % 200); }
int main(void) {
	for (int i = 0; i < 40000; i++) {
		leak_here(i);
		free(malloc(500));
		if (i % 8000 == 0) usleep(150000);
	}
	return 0;
}
END
"$SEEP" run -r 8K -i 100ms -o recording -- ./program 2>/dev/null
mkdir away here
cd here || exit 1
for command in "report" "report --json" "report --tree" "diff" "diff --json" "leaks --json" "export --format=pprof" "export --format=folded" "flame -o -"; do
	"$SEEP" $command ../recording >"$(tr -c 'a-z\n' _ <<<"$command")" 2>/dev/null
done
cd ..
output=$("$SEEP" bundle recording 2>&1)
check_equal "seep bundle succeeds" 0 $?
check_match "and says what is in the file" '^seep: wrote recording.bundle \([0-9.]+ KiB: [0-9]+ snapshots, names of [0-9]+ addresses in [0-9]+ modules\)$' "$output"
mv recording.bundle away/elsewhere
mv recording gone
mv program program.gone
cd away || exit 1
sed_source='s/"source":"[^"]*"//g; s/elsewhere\(#[0-9]*\)\?\|\.\.\/recording\(\/[0-9]*\.seep\)\?//g'
for command in "report" "report --json" "report --tree" "diff" "diff --json" "leaks --json" "export --format=pprof" "export --format=folded" "flame -o -"; do
	"$SEEP" $command elsewhere >out 2>err
	status=$?
	name=../here/$(tr -c 'a-z\n' _ <<<"$command")
	[ -s "$name" ] || not_ok "seep $command reads the recording"
	check_equal "seep $command reads the bundle" 0 $status
	check "as it read the recording: $command" diff <(sed "$sed_source" "$name") <(sed "$sed_source" out)
done
check_match "names are there, without the program" 'leak_here' "$("$SEEP" report elsewhere)"
check_match "and where they came from" 'symbols +DWARF in .*/program$' "$("$SEEP" report --modules elsewhere)"
check_match "a snapshot of it by its number" 'snapshot 1 ' "$("$SEEP" report elsewhere#1)"
check "a difference of two of its snapshots" "$SEEP" diff elsewhere#1 elsewhere#2
cp elsewhere 'name#7'
check "a file whose own name looks so is still that file" "$SEEP" report 'name#7'

# Broken files: one line, exit status 3.
/usr/bin/python3 - elsewhere "$SEEP" <<'END' >damage.txt
import random, subprocess, sys
good = open(sys.argv[1], "rb").read()
random.seed(5)
places = list(range(0, 32, 3)) + [32 + i for i in range(0, 56, 5)] + [random.randrange(len(good)) for _ in range(40)]
bad = []
def look(name, data):
    open("bad", "wb").write(data)
    # With another magic the file is not a bundle, and diff would want two files.
    for command in (["report"], ["diff"])[:2 if data[:8] == good[:8] else 1]:
        done = subprocess.run([sys.argv[2], *command, "bad"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        if done.returncode == 0 and name.startswith("flip"):
            continue  # a part that this command does not need
        if done.returncode != 3 or done.stdout or done.stderr.count(b"\n") != 1:
            bad.append((name, command, done.returncode, done.stderr[:200]))
for place in places:
    data = bytearray(good); data[place] ^= 1 << place % 8
    look(f"flip {place}", bytes(data))
for part in range(1, 20):
    look(f"cut {part}", good[:len(good) * part // 20])
look("more", good + b"x")
print(bad)
END
check_equal "bundles that are cut or damaged" "[]" "$(cat damage.txt)"
"$SEEP" report elsewhere#99 >out 2>err
check_equal "a number that it does not have" "3 0 1" "$? $(stat -c %s out) $(wc -l <err)"
"$SEEP" bundle /nonexistent >out 2>err
check_equal "a recording that is not there" "3 0 1" "$? $(stat -c %s out) $(wc -l <err)"
cd .. || exit 1

# A killed process, whose recording has no snapshot of its end.
mv program.gone program
SEEP_RATE=8K SEEP_INTERVAL=0 SEEP_OUTPUT=killed LD_PRELOAD=$SHIM ./program &
killed=$!
wait_until 10 "$SEEP" snapshot killed
kill -KILL $killed
wait $killed 2>/dev/null
check "a killed program's recording can be bundled" "$SEEP" bundle killed -o killed.bundle
check_equal "and has what the heap file knew" "$("$SEEP" export --format=folded killed)" "$("$SEEP" export --format=folded killed.bundle)"
exit $cases_failed
