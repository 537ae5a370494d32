#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names that are kept with a recording: a program that was rebuilt or removed since is read as before, and where names are
# missing every command says so.
. "$(dirname "$0")/lib.sh"
export SEEP_CACHE=off

build() { # NAME
	compile program <<END
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *kept[20000];
__attribute__((noinline)) void $1(int i) { kept[i] = memset(malloc(900 + i % 200), 1, 900); }
int main(void) {
	for (int i = 0; i < 20000; i++) {
		$1(i);
		if (i % 4000 == 0) usleep(150000);
	}
	return 0;
}
END
}
build leak_here
env -u SEEP_NAMES "$SEEP" run -r 8K -i 100ms -o recording -- ./program 2>/dev/null
check "names are kept with the recording, after seep run" wait_until 20 test -s recording/names
check_equal "by a file for the user alone" 600 "$(stat -c %a recording/names)"
"$SEEP" run -r 8K -i 100ms -o without -- ./program 2>/dev/null
readonly commands=("report" "leaks" "diff" "leaks --json" "flame -o -" "export --format=folded" "export --format=massif" "export --format=json")
look() { # RECORDING
	local command
	for command in "${commands[@]}"; do
		"$SEEP" $command "$1" 2>&1 | grep -q leak_here || echo "$command"
	done
	page "$1" | grep -q leak_here || echo html
}
page() { # RECORDING: the page's data, in which its names and notes are
	"$SEEP" html -o - "$1" | grep -o 'id="seep-data">[^<]*' | cut -d'>' -f2 | base64 -d | gzip -dc
}
check_equal "where the program is still there every command has them" "" "$(look without)"
build another_name
check_equal "a program that was rebuilt keeps its names" "" "$(look recording)"
check_match "they say where they are from" 'kept with the recording: DWARF in .*/program \(now: refused .*/program: its build id' \
	"$("$SEEP" report --modules recording)"
check_match "and so does the head of a report" '^note: names in program, 100.0 % of the memory in use, were kept with the$' \
	"$("$SEEP" report recording)"
rm program
check_equal "so does one that was removed" "" "$(look recording)"
check_match "one snapshot of it, too" leak_here "$("$SEEP" report recording/000003.seep)"
check_match "and a bundle that is made now" leak_here "$("$SEEP" bundle -o b recording 2>/dev/null && "$SEEP" report b)"
check_match "and several recordings, as far as they have names" leak_here "$("$SEEP" report recording without 2>&1)"

# What is missing is said, in every command.
for command in "${commands[@]}" "export --format=pprof -o out.pb" "export --format=speedscope" "export --format=gperftools" "flame -o out.folded"; do
	check_match "missing names are said: $command" 'names are missing|Names are missing' \
		"$("$SEEP" $command without 2>&1 | tr '\n' ' ' | sed 's/  */ /g')"
done

check_match "missing names are said: html" 'names are missing' "$(page without)"

# seep snapshot keeps them as well; a program that runs on is no matter.
build leak_here
env -u SEEP_NAMES "$SEEP" snapshot without >/dev/null 2>&1
check "seep snapshot keeps them, too" wait_until 20 test -s without/names
mkfifo standard
env -u SEEP_NAMES "$SEEP" run -r 8K -o piped -- ./program 2>standard &
timeout 20 cat standard >/dev/null
check_equal "nobody who waits for the end of seep run's output waits for names" 0 $?
wait_until 20 test -s piped/names

# A file that others made is input like any other.
head -c 100 recording/names >shorter && cp shorter recording/names && rm program
check_match "a damaged file is said" "the recording's file of kept names is damaged" "$("$SEEP" report --modules recording)"
rm recording/names && mkfifo recording/names
check "a pipe in its place holds nobody up" timeout 20 "$SEEP" report recording
