#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s Every command that reads takes the number of a process that is recorded, however its recording
# began, and names the function that leaks; for a process that is not recorded it says how to join it.
. "$(dirname "$0")/lib.sh"

compile leaker <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((noinline)) static void forget_it(void) { memset(malloc(3000), 1, 3000); }
int main(int argc, char **argv)
{
	(void)argc;
	for (int i = 0; i < 180000 && access(argv[1], F_OK) != 0; i++) { /* a quarter of an hour, should nobody end it */
		forget_it();
		usleep(5000);
	}
}
END

# A command's output, as text.
readable() {
	case $1 in
	*.gz) gzip -dc "$1" ;;
	*.bundle | *.gperftools) "$SEEP" report "$1" ;;
	*) cat "$1" ;;
	esac
}

# NAME FILE COMMAND...: it succeeds, and its output (FILE; -: standard output) has the function.
names_it() {
	local name=$1 file=$2 output
	shift 2
	output=$(timeout 60 "$SEEP" "$@" 2>&1) || { not_ok "$name" "exit status $?: $output"; return; }
	[ "$file" = - ] || output=$(readable "$file" 2>&1 | tr -d '\0')
	if [[ $output == *forget_it* ]]; then ok "$name"; else not_ok "$name" "$(head -c 2000 <<<"$output")"; fi
}
reads() { # PID HOW
	local pid=$1 how=$2
	names_it "$how: seep report PID" - report "$pid"
	names_it "$how: seep report --json PID" - report --json "$pid"
	names_it "$how: seep diff PID" - diff "$pid"
	names_it "$how: seep leaks PID" - leaks -v "$pid"
	names_it "$how: seep flame PID" flame.svg flame "$pid" -o flame.svg
	names_it "$how: seep annotate PID" - annotate "$pid"
	names_it "$how: seep top PID" - top --count 1 "$pid"
	names_it "$how: seep export PID, pprof" pprof.gz export --format=pprof "$pid" -o pprof.gz
	for format in folded speedscope gperftools massif json; do
		names_it "$how: seep export PID, $format" "export.$format" export --format=$format "$pid" -o "export.$format"
	done
	check "$how: seep html PID" "$SEEP" html "$pid" -o page.html
	check_equal "$how: the page has the command's name" 1 "$(grep -c '<title>.*leaker' page.html)"
	names_it "$how: seep bundle PID" pid.bundle bundle "$pid" -o pid.bundle
	check_match "$how: seep memory PID" "heap" "$("$SEEP" memory "$pid" 2>&1)"
	check_match "$how: seep snapshot PID" "\.seep$" "$("$SEEP" snapshot "$pid" 2>&1)"
	check_match "$how: seep doctor PID" "records into" "$("$SEEP" doctor "$pid")"
	rm -f flame.svg pprof.gz export.* page.html pid.bundle
}
fourth_is_taken() { # RECORDING: and may have been thinned out since, on a busy machine
	local files=("$1"/*.seep)
	[[ ${files[-1]} =~ /0*([0-9]+)\.seep$ ]] && ((BASH_REMATCH[1] >= 4))
}
ready() { wait_until 20 fourth_is_taken "$1"; }

background ./leaker stop
attached=$background_pid
LD_PRELOAD=$SHIM SEEP_RATE=1K SEEP_INTERVAL=250ms SEEP_OUTPUT=$WORK/preloaded.rec background ./leaker stop
preloaded=$background_pid
background "$SEEP" run -r 1K -i 250ms -o run.rec -- ./leaker stop
run=$(child_of "$background_pid")
wait_until 10 grep -q leaker "/proc/$attached/comm"
"$SEEP" attach -r 1K -i 250ms -o attached.rec "$attached" 2>err
ready preloaded.rec
ready run.rec
ready attached.rec
reads "$preloaded" "by LD_PRELOAD"
reads "$run" "by seep run"
reads "$attached" "by seep attach"

"$SEEP" detach "$attached" 2>err
background ./leaker stop
other=$background_pid
wait_until 10 grep -q leaker "/proc/$other/comm"
says_how() { # WHAT COMMAND...: status 3, and one line that says how to join it
	local output
	output=$(timeout 60 "$SEEP" "${@:2}" 2>&1)
	check_equal "$1: seep $2 says how to join it" "3 1 1" "$? $(wc -l <<<"$output") $(grep -c "'seep attach [0-9]*' joins it" <<<"$output")"
}
for pid in "$other" "$attached"; do
	what="not recorded"
	[ "$pid" = "$other" ] || what="not recorded any more"
	for command in report diff leaks "flame -o none.svg" annotate "top --count 1" "html -o none.html" "bundle -o none.bundle" snapshot \
		"export --format=pprof -o none.gz" "export --format=massif -o none.massif" "serve --listen 127.0.0.1:0" \
		"push --to pyroscope+http://127.0.0.1:9"; do
		# shellcheck disable=SC2086 # a word each
		says_how "$what" $command "$pid"
	done
done
check_equal "and they have written nothing" "" "$(compgen -G 'none.*')"
check_match "seep memory needs no recording" "not recorded" "$("$SEEP" memory "$other" 2>&1)"

background sleep 600
idle=$background_pid
wait_until 10 grep -q sleep "/proc/$idle/comm"
"$SEEP" attach -i 10m -o idle.rec "$idle" 2>err
"$SEEP" snapshot "$idle" >seen 2>err
check_match "one snapshot of a program that runs: seep leaks says when there are more" "one snapshot so far: .* ask again in 76 s" \
	"$("$SEEP" leaks "$idle" 2>&1)"
"$SEEP" detach "$idle" 2>err
check_match "seep doctor says that seep has left it" "seep has left it, and it can be joined; 'seep attach $idle'" "$("$SEEP" doctor "$idle")"

if [ "$(id -u)" -eq 0 ]; then
	mkdir bin && cp "$SEEP" bin/seep # where everybody can execute it
	chmod 755 "$WORK" bin preloaded.rec && chmod 644 preloaded.rec/heap
	output=$(setpriv --reuid=65534 --regid=65534 --clear-groups bin/seep snapshot preloaded.rec 2>&1)
	check_equal "who may only read a recording gets no new snapshot" "3 1" "$? $(grep -c "can't open the heap file: Permission denied" <<<"$output")"
else
	skip "who may only read a recording gets no new snapshot" "not root"
fi
if unshare -pf --mount-proc true 2>/dev/null; then
	output=$(unshare -pf --mount-proc "$SEEP" snapshot --references preloaded.rec 2>&1)
	check_equal "another pid namespace looks for no references" "3 1" "$? $(grep -c "another pid namespace; ask there" <<<"$output")"
else
	skip "another pid namespace looks for no references" "no namespaces"
fi

# The keeper stands still, so who asks it waits until the process is killed.
keeper=$(pgrep -f "seep-keeper $WORK/preloaded.rec")
kill -STOP "$keeper"
"$SEEP" snapshot "$preloaded" >killed.out 2>&1 &
asked=$!
wait_until 10 eval '! kill -0 "$asked" || [[ $(cat "/proc/$asked/syscall") == "202 "* ]]' # futex()
kill -KILL "$preloaded" "$keeper"
wait "$asked"
check_equal "seep snapshot of a process that is killed meanwhile: its last one" "0 1" "$? $(grep -c '\.seep$' killed.out)"
touch stop
exit "$cases_failed"
