#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names that are kept with a recording: a recording reads as before after its program was rebuilt or removed, and if
# names are missing every command says so. time limit: 240 s
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

# Every command says what is missing.
for command in "${commands[@]}" "export --format=pprof -o out.pb" "export --format=speedscope" "export --format=gperftools" "flame -o out.folded"; do
	check_match "missing names are said: $command" 'names are missing|Names are missing' \
		"$("$SEEP" $command without 2>&1 | tr '\n' ' ' | sed 's/  */ /g')"
done

check_match "missing names are said: html" 'names are missing' "$(page without)"

# seep snapshot keeps them as well, even if the program runs on.
build leak_here
env -u SEEP_NAMES "$SEEP" snapshot without >/dev/null 2>&1
check "seep snapshot keeps them, too" wait_until 20 test -s without/names
mkfifo standard
env -u SEEP_NAMES "$SEEP" run -r 8K -o piped -- ./program 2>standard &
timeout 20 cat standard >/dev/null
check_equal "nobody who waits for the end of seep run's output waits for names" 0 $?
wait_until 20 test -s piped/names

# A page's notes are about the moment that is judged: when all has been freed at the end, no names are missing.
compile shuts_down <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *kept[4000];
int main(void) {
	for (int i = 0; i < 4000; i++) { kept[i] = memset(malloc(1000), 1, 1000); if (i % 4 == 0) usleep(1000); }
	for (int i = 0; i < 4000; i++) free(kept[i]);
	return 0;
}
END
strip shuts_down
"$SEEP" run -r 2K -i 200ms -o ended -- ./shuts_down 2>/dev/null
check_equal "a page's notes are of the moment that is judged, as those of the leaks in it" 2 \
	"$(page ended | grep -o 'names are missing for 100.0 % of the memory in use, in shuts_down' | wc -l)"

# A program that is upgraded while it runs still has its old files.
serve() { # DIRECTORY FUNCTION [OPTION]
	mkdir -p "$1"
	compile "$1/library.so" -shared -fPIC -Wl,-soname,library.so -x c - <<END
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) void *$2_too(int i) { return memset(malloc(1100 + i % 100), 1, 1100); }
END
	compile "$1/server" ${3:+"$3"} -Wl,-rpath,"$WORK" -x c - -x none "$1/library.so" <<END
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *$2_too(int i);
void *kept[200000];
__attribute__((noinline)) void $2(int i) { kept[i] = memset(malloc(900 + i % 200), 1, 900); }
int main(void) {
	for (int i = 0; i < 4000; i++) { $2(i); kept[100000 + i] = $2_too(i); }
	for (int i = 4000; i < 100000; i++) { $2(i); usleep(2000); }
	return 0;
}
END
}
upgrade() { # [OPTION]: upgrades it as a package manager does, by new files in the places of the old ones
	serve new another_name "$@"
	mv new/server new/library.so .
}
record() { # RECORDING COMMAND...: runs the server, whose number is in $pid
	background "${@:2}" "$SEEP" run -r 8K -i 200ms -o "$1" -- ./server 2>/dev/null
	pid=$(child_of "$background_pid")
	wait_until 20 "$SEEP" report "$pid"
}
has_all() { [ -z "$(look "$1")" ]; }
serve . leak_here
record upgraded env -u SEEP_NAMES
upgrade
check "an upgrade has the names kept while the old program runs" wait_until 30 test -s upgraded/names
rm -f upgraded/names
check "the program itself has them, for every command" wait_until 20 has_all upgraded
check_match "it is said where they are from" 'DWARF in /proc/[0-9]+/exe \(refused .*/server: its build id' \
	"$("$SEEP" report --modules "$pid" | tr '\n' ' ' | sed 's/  */ /g')"
check_match "a library's, too" leak_here_too "$("$SEEP" report "$pid")"
check_match "and of several processes that are added up" leak_here "$("$SEEP" report upgraded without 2>&1)"
env -u SEEP_NAMES "$SEEP" snapshot "$pid" >/dev/null
check "seep snapshot keeps them" wait_until 20 test -s upgraded/names
kill "$pid"
wait "$background_pid"
rm -f server library.so
check_equal "when the program has ended every command has them still" "" "$(look upgraded)"
check_match "and those of its library" leak_here_too "$("$SEEP" report upgraded)"

# In a container paths lead elsewhere than from outside.
if unshare -m true 2>/dev/null; then
	serve . another_name
	serve box leak_here
	background unshare -m sh -c 'mount --bind box/server server && mount --bind box/library.so library.so &&
		exec "$@"' sh "$SEEP" run -r 8K -i 200ms -o boxed -- ./server 2>/dev/null
	pid=$(child_of "$background_pid")
	wait_until 20 "$SEEP" report "$pid"
	boxed=$("$SEEP" report boxed)
	check_match "a program in a container is read in its own root" 'leak_here$' "$boxed"
	check_match "and its libraries" 'leak_here_too$' "$boxed"
	kill "$pid"
	wait "$background_pid"
else
	skip "a program in a container" "no mount namespace is to be had"
fi

# Without a build id, the file that is at the program's path by now may be anything.
serve . leak_here -Wl,--build-id=none
record nameless env
upgrade -Wl,--build-id=none
check_match "without a build id the program's own file is read" 'leak_here$' "$("$SEEP" report nameless)"
check_equal "and not what is in its place" "" "$("$SEEP" report nameless | grep another_name)"
kill "$pid"
wait "$background_pid"

# A file that others have made is untrusted input like any other.
head -c 100 recording/names >shorter && cp shorter recording/names && rm program
check_match "a damaged file is said" "the recording's file of kept names is damaged" "$("$SEEP" report --modules recording)"
rm recording/names && mkfifo recording/names
check "a pipe in its place holds nobody up" timeout 20 "$SEEP" report recording
