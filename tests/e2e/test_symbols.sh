#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where names come from, as users see it: each state that a program's debug information can be in, with the words of
# `seep report --modules`; and functions of JavaScript, by the map that node writes.
. "$(dirname "$0")/lib.sh"
export SEEP_CACHE=off

cat >program.c <<'END'
#include <stdlib.h>
#include <string.h>
static inline __attribute__((always_inline)) void *fill_inlined(size_t n) { return memset(malloc(n), 1, n); }
void *kept[9000];
__attribute__((noinline)) static void leak_here(int i) { kept[i] = fill_inlined(1000); }
int main(void) { for (int i = 0; i < 9000; i++) leak_here(i); return 0; }
END
record() { rm -rf recording && "$SEEP" run -r 8K -i 0 -o recording -- "$@" >/dev/null 2>&1; }
# The program's part of `report --modules`, whose path is in the first line, long ones cut.
module() { "$SEEP" report --modules "$@" recording | sed -n '/^[^ ]*program\|^[^ ]*\/made/,/stacks/p'; }
# NAME PATTERN LINES: what is said about the symbols, and which of our three functions the report names, "inlined
# static".
check_state() {
	local report names=
	report=$("$SEEP" report "${@:4}" recording)
	grep -q fill_inlined <<<"$report" && names=inlined
	grep -q leak_here <<<"$report" && names="$names static"
	check_match "$1" "^    symbols   $2\$" "$(module "${@:4}")"
	check_equal "$1: what has a name" "$3" "$(sed 's/^ //' <<<"$names")"
}

compile whole program.c
cp whole program
record ./program
check_state "debug information in the program itself" "DWARF in $WORK/program" "inlined static"
strip -g program
check_state "a symbol table alone" "symbol table of $WORK/program, no DWARF" static
strip program
check_state "no symbols at all" "no names in $WORK/program" ''
check_match "then the start of a function is its name" 'program\+0x[0-9a-f]+' "$("$SEEP" report recording)"

echo 'int unused(int x) { return x + 1; }' | gcc -g -O1 -x c -c -o unused.o -
gcc -std=gnu11 -O1 -fno-builtin -o program program.c unused.o
record ./program
check_state "debug information of another part of it" "symbol table of $WORK/program, no DWARF of these addresses" static
cp whole program && record ./program && strip program

# MiniDebugInfo, as Fedora makes it: only function symbols, in a compressed file within the program.
nm whole --format=posix --defined-only | awk '$2 ~ /^[Tt]$/ { print $1 }' >functions
objcopy -S --remove-section .comment --keep-symbols=functions whole mini && xz mini
objcopy --add-section .gnu_debugdata=mini.xz program
check_state "MiniDebugInfo" "functions in the \.gnu_debugdata of $WORK/program, no DWARF" static

# Debug files apart.
objcopy --only-keep-debug whole program.debug
cp whole program && strip program && objcopy --add-gnu-debuglink=program.debug program
check_state "a debug file by its link" "DWARF in $WORK/program.debug" "inlined static"
mkdir .debug && mv program.debug .debug/
check_state "a debug file by its link, in .debug" "DWARF in $WORK/.debug/program.debug" "inlined static"
mkdir -p "hand$WORK" && mv .debug/program.debug "hand$WORK/"
check_state "a debug file by its link, in the program's directory below another" "DWARF in $WORK/hand$WORK/program.debug" "inlined static" --symbols hand
mv "hand$WORK/program.debug" . && rm -rf hand
cp whole program && strip program
check_state "a debug file without a link, beside the program" "DWARF in $WORK/program.debug" "inlined static"
mv program.debug program.away
strace -f -e trace=openat -o opened "$SEEP" report --modules recording >/dev/null
check_equal "where there is none, no library is loaded to ask servers" 0 "$(grep -c libdebuginfod opened)"
# Another build's debug file under that name. Build ids tell, and without these the link's checksum.
cp whole program && strip program && mv program.away .debug/program.debug && (cd .debug && objcopy --add-gnu-debuglink=program.debug ../program)
gcc -g -O0 -o other program.c && objcopy --only-keep-debug other .debug/program.debug
check_state "a debug file of another build is passed over" "no names in $WORK/program" ''
mkdir -p hand && objcopy --only-keep-debug whole hand/program.debug
check_state "--symbols has the right one" "DWARF in $WORK/hand/program.debug" "inlined static" --symbols hand
objcopy --only-keep-debug other hand/program.debug
check_state "--symbols with another build's is passed over" "no names in $WORK/program" '' --symbols hand
gcc -std=gnu11 -O1 -g -fno-builtin -Wl,--build-id=none -o without_id program.c
objcopy --only-keep-debug without_id .debug/program.debug
cp without_id program && strip program && (cd .debug && objcopy --add-gnu-debuglink=program.debug ../program)
record ./program
check_match "without a build id that is said" '^    build id  none$' "$(module)"
check_state "and the link's checksum decides" "DWARF in $WORK/.debug/program.debug" "inlined static"
printf x | dd of=.debug/program.debug bs=1 seek=70 conv=notrunc 2>/dev/null
check_state "a debug file with another checksum is refused" "no names in $WORK/program" ''
rm -r .debug

# By build id below /usr/lib/debug, for a program that is not there any more.
cp whole program
record ./program
id=$(readelf -n whole | sed -n 's/.*Build ID: //p')
rm program
check_state "a program that was removed" "$WORK/program: No such file or directory" ''
directory=/usr/lib/debug/.build-id/${id:0:2}
if [ "$(id -u)" -eq 0 ]; then
	[ -d "$directory" ] || made_directory=$directory
	mkdir -p "$directory" && objcopy --only-keep-debug whole "$directory/${id:2}.debug"
	check_state "its debug file by build id" \
		"DWARF in $directory/${id:2}.debug \($WORK/program: No such file or directory\)" "inlined static"
	rm -f "$directory/${id:2}.debug"
	[ -z "${made_directory:-}" ] || rmdir --ignore-fail-on-non-empty "$made_directory"
else
	skip "its debug file by build id" "only root writes below /usr/lib/debug"
fi
cp other program
other_id=$(readelf -n other | sed -n 's/.*Build ID: //p')
check_state "a program that was replaced by another build" \
	"refused $WORK/program: its build id $other_id is not the recorded $id" ''
check_state "and --symbols has the old one still" \
	"DWARF in hand/program \(refused .*program: its build id $other_id is not the recorded $id\)" "inlined static" \
	--symbols "$(cp whole hand/program && rm -f hand/program.debug && echo hand)"

# Replaced while it runs, as by an upgrade: the kernel then calls it "(deleted)".
cat >long.c <<'END'
#include <stdlib.h>
#include <unistd.h>
void *kept[9000];
__attribute__((noinline)) void leak_here(int i) { kept[i] = calloc(1, 1000); }
int main(void) { char c; for (int i = 0; i < 4500; i++) leak_here(i); write(1, "1", 1); read(0, &c, 1);
	for (int i = 4500; i < 9000; i++) leak_here(i); write(1, "2", 1); read(0, &c, 1); return 0; }
END
compile program long.c
cp program old-build
mkfifo go steps
exec 3<>go 4<>steps
rm -rf recording
"$SEEP" run -r 8K -i 0 -o recording -- ./program <go >steps 2>/dev/null 3>&- 4>&- &
seep_pid=$!
pids+=("$seep_pid")
read -r -t 20 -n 1 -u 4 _
gcc -g -O0 -DOTHER -o new long.c && mv new program
printf 1 >&3
read -r -t 20 -n 1 -u 4 _
"$SEEP" snapshot "$(child_of "$seep_pid")" >/dev/null 2>&1
modules=$(module)
check_match "a program replaced while it runs keeps its path and its build id" "^    build id  $(readelf -n old-build | sed -n 's/.*Build ID: //p')\$" "$modules"
check_match "and what lies there now is refused" "^    symbols   (DWARF in .proc.[0-9]+.exe .)?refused $WORK/program: its build id" "$modules"
cp old-build hand/program
check_match "its names are found from a copy" leak_here "$("$SEEP" report --symbols hand recording)"
printf 2 >&3
wait "$seep_pid"

# JavaScript. Buffers are native memory; the code that asked for them was compiled at run time.
cat >leak.js <<'END'
const kept = [];
function keepBuffers(n) { for (let i = 0; i < n; i++) kept.push(Buffer.allocUnsafeSlow(20000)); }
function serveRequest(n) { keepBuffers(n); }
for (let i = 0; i < 400; i++) serveRequest(5);
process.kill(process.pid, 'SIGKILL'); // so that nothing is freed
END
for options in "--perf-basic-prof --always-sparkplug" "--perf-basic-prof --interpreted-frames-native-stack"; do
	rm -rf recording
	"$SEEP" run -r 64K -i 0 -o recording -- node $options leak.js >/dev/null 2>&1
	pid=$(json_get <("$SEEP" report --json recording) "d['process']['pid']")
	rm -f "${map:-}"
	map=/tmp/perf-$pid.map
	check_match "node $options: its functions are in the report" '(JS|Function|LazyCompile):.keepBuffers .*leak.js:2' \
		"$("$SEEP" report --top=50 --by=function recording; "$SEEP" export --format=folded recording)"
	check_match "and in the flame graph, below their callers" 'serveRequest .*leak.js:3[^;]*;(JS|Function|LazyCompile):.keepBuffers' \
		"$("$SEEP" export --format=folded recording)"
	check_match "and their map is named" "^    symbols   /tmp/perf-$pid.map\$" "$("$SEEP" report --modules recording)"
done
held=$("$SEEP" export --format=folded recording | awk '/keepBuffers/ { sum += $NF } END { printf "%.0f\n", sum }')
check "with what they hold: 40 MB" [ "$held" -gt 30000000 -a "$held" -lt 52000000 ]
"$SEEP" bundle recording 2>/dev/null
chmod 600 "$map" && touch -d '2001-01-01' "$map"
check_match "a map that is older than the process is not taken" 'perf-[0-9]+.map was not taken: it is older' "$("$SEEP" report --modules recording)"
touch -d 'now + 1 hour' "$map"
check_match "nor one that was written to after its end" 'perf-[0-9]+.map was not taken: it was written to after' "$("$SEEP" report --modules recording)"
if [ "$(id -u)" -eq 0 ]; then
	touch "$map" && chown 12345 "$map"
	check_match "nor one that is somebody else's" 'perf-[0-9]+.map was not taken: it belongs to another user' "$("$SEEP" report --modules recording)"
fi
rm -f "$map"
check_match "without its map that is said" 'symbols   /tmp/perf-[0-9]+.map: No such file' "$("$SEEP" report --modules recording)"
check_match "a bundle has the names within it" 'serveRequest .*leak.js:3[^;]*;(JS|Function|LazyCompile):.keepBuffers' "$("$SEEP" export --format=folded recording.bundle)"

# Several modules with debug files by build id: libdwfl closed the next one's descriptor with each.
mkdir several && for each in a b c; do
	echo "#include <stdlib.h>
		__attribute__((noinline)) static void *static_of_$each(void) { return malloc(5000); }
		void *keep_$each(void) { void *kept = static_of_$each(); return (char *)kept + 1; }" |
		gcc -x c -g -O1 -fno-builtin -fPIC -shared -Wl,--build-id -o "several/libkeep_$each.so" -
	id=$(readelf -n "several/libkeep_$each.so" | sed -n 's/.*Build ID: //p')
	mkdir -p "several/debug/.build-id/${id:0:2}"
	objcopy --only-keep-debug "several/libkeep_$each.so" "several/debug/.build-id/${id:0:2}/${id:2}.debug"
	strip "several/libkeep_$each.so"
done
echo 'char *keep_a(void), *keep_b(void), *keep_c(void), *volatile kept;
	int main(void) { for (int i = 0; i < 900; i++) { kept = keep_a(); kept = keep_b(); kept = keep_c(); } return 0; }' |
	gcc -x c -o several/caller - -Lseveral -lkeep_a -lkeep_b -lkeep_c "-Wl,-rpath,$WORK/several"
record several/caller
for closed in '' '0<&-'; do
	check_equal "each of several modules has the names of its debug file${closed:+, without a standard input}" "a b c" \
		"$(eval '"$SEEP" report --symbols=several/debug recording' "$closed" | grep -o 'static_of_[abc]' | sort -u | sed 's/.*_//' | paste -sd' ')"
done
# Calls in a function without a name are told apart, and each command says why names are missing.
compile calls <<'END_OF_PROGRAM'
#include <stdlib.h>
void *volatile kept;
__attribute__((noinline)) static void two(void) { kept = malloc(100); kept = malloc(300); kept = NULL; }
int main(void) { for (int i = 0; i < 500; i++) two(); return 0; }
END_OF_PROGRAM
strip calls
"$SEEP" run -r 1 -i 0 -o calls.recording -- ./calls >run.log 2>&1
for by in place stack line; do
	check_equal "two calls in one nameless function are two rows by $by" "500 150000 500 50000" \
		"$("$SEEP" report --json --by=$by calls.recording >calls.json; json_get calls.json "' '.join(f\"{s['inuse_objects']} {s['inuse_bytes']}\" for s in d['sites'][:2])")"
done
check_equal "and one function" "1000 200000" \
	"$("$SEEP" report --json --by=function calls.recording >calls.json; json_get calls.json "f\"{d['sites'][0]['inuse_objects']} {d['sites'][0]['inuse_bytes']}\"")"
check_equal "whose rows in text differ" 2 "$("$SEEP" report calls.recording | grep -oE '\+0x[0-9a-f]+  calls\+0x[0-9a-f]+' | sort -u | wc -l)"
for command in "report calls.recording" "diff calls.recording calls.recording"; do
	# shellcheck disable=SC2086 # words
	check_match "$command says that names are missing, and why" 'note: names are missing for .* in calls: no names in .*/calls' \
		"$("$SEEP" $command 2>&1 | tr -s ' \n' ' ')"
done
cp /bin/true calls
check_match "of a program that was replaced since, too" 'names are missing for .* in calls: refused .*/calls: its build id' \
	"$("$SEEP" report calls.recording 2>&1 | tr -s ' \n' ' ')"

exit $cases_failed
