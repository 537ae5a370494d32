#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep serve for programs that scrape profiles: go tool pprof itself, and the requirements of Grafana Alloy and Parca.
# time limit: 240 s
. "$(dirname "$0")/lib.sh"
export PPROF_TMPDIR=$WORK/pprof PYTHONDONTWRITEBYTECODE=1

# A line of input makes the program leak a thousand more blocks, and it answers; the end of its input ends it.
compile program <<'END_OF_PROGRAM'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *volatile held;
__attribute__((noinline)) void leak_grow(int blocks) { while (blocks--) held = memset(malloc(1000), 1, 1000); }
int main(void) { char byte; leak_grow(2000); while (read(0, &byte, 1) == 1) { leak_grow(1000); if (write(1, "x", 1) != 1) return 1; } return 0; }
END_OF_PROGRAM
record() { # RECORDING DESCRIPTOR: its program's number in $program; it reads from the descriptor, and writes to the file $1.grown
	rm -f "$1.orders" && mkfifo "$1.orders"
	"$SEEP" run -r 1 -i 1h -o "recordings/$1" -- ./program <"$1.orders" >"$1.grown" 2>/dev/null &
	pids+=($!)
	eval "exec $2>'$1.orders'"
	wait_until 20 test -e "recordings/$1/heap"
	program=$(child_of $!)
	"$SEEP" snapshot "$program" >/dev/null
}
has_grown() { [ "$(stat -c %s "$1.grown")" -eq "$2" ]; } # RECORDING TIMES
grow() { # RECORDING DESCRIPTOR
	local before
	before=$(stat -c %s "$1.grown")
	printf x >&"$2"
	wait_until 20 has_grown "$1" $((before + 1))
}
serve() { # OPTION...: its address in $url, its number in $server
	rm -f url
	"$SEEP" serve --cpu=100 --listen=127.0.0.1:0 "$@" >url 2>serve.err 7>&- 8>&- &
	server=$!
	pids+=("$server")
	wait_until 20 test -s url
	url=$(sed 's,^\(http://[^/]*\).*,\1/,' url)
}
scraped() { python3 "$ROOT/tests/e2e/support/scrape_client.py" "$url$1" "$2" 2>&1 | tail -n 1; } # ADDRESS EXPRESSION
code() { curl -s -o answer -D header -w '%{http_code}' "$@"; }
reported() { "$SEEP" report --last --json "$1" >report.json && json_get report.json "d['totals']['$2']"; } # RECORDING KEY

mkdir recordings
record first 7
serve recordings/first
in_use=$(reported recordings/first inuse_bytes)
snapshots=$(ls recordings/first)
check_equal "a profile has what is in use, without a duration that would make a difference of it" "$in_use 0.0 [['space', 'bytes']] 0" \
	"$(scraped debug/pprof/allocs '"%d %s %s %d" % (p["sums"]["inuse_space"], p["seconds"], p["period"], p["labels_of_samples"])')"
check_equal "heap and allocs have Go's four values in Go's order" "alloc_objects alloc_space inuse_objects inuse_space" \
	"$(scraped 'debug/pprof/heap?gc=1&debug=0' '" ".join(p["sums"])')"
grow first 7
has_in_use() { [ "$(scraped debug/pprof/heap 'p["sums"]["inuse_space"]')" -eq "$1" ]; }
check "a program that has grown is shown as it is now, a second later at the latest" wait_until 20 has_in_use $((in_use + 1000000))
check_equal "for which no snapshot is taken" "$snapshots" "$(ls recordings/first)"

check_equal "a first delta of what began before the server knows what is in use alone" "0 $((in_use + 1000000))" \
	"$(scraped debug/pprof/delta_heap '"%d %d" % (p["sums"]["alloc_space"], p["sums"]["inuse_space"])')"
grow first 7
check_equal "the next has what was allocated since" "1000000 1000 $((in_use + 2000000))" \
	"$(scraped debug/pprof/delta_heap '"%d %d %d" % (p["sums"]["alloc_space"], p["sums"]["alloc_objects"], p["sums"]["inuse_space"])')"
check_equal "and one more nothing" 0 "$(scraped debug/pprof/delta_heap 'p["sums"]["alloc_space"]')"

# ?seconds=N: the program grows all the time until the profile is there, however long a step takes. Blocks that it
# allocates while the heap file is read may be counted as allocated and not yet as in use, at either end.
sent=$(stat -c %s first.grown)
curl -s -o span.pb.gz "${url}debug/pprof/heap?seconds=2&gc=1" &
span=$!
while kill -0 $span 2>/dev/null; do
	printf x >&7
	sent=$((sent + 1))
	pause
done
check "the program keeps growing meanwhile" wait_until 60 has_grown first "$sent"
wait $span
check_equal "?seconds=N is the growth of that time, in whole blocks of the program" "True True True True" \
	"$(PYTHONPATH="$ROOT/tests/e2e/support" python3 -c 'import sys
sys.argv[1:] = ["."]
from collector import pprof
p = pprof(open("span.pb.gz", "rb").read())
grown, allocated = p["sums"]["inuse_space"], p["sums"]["alloc_space"]
print(grown > 0, allocated / 2 <= grown <= 2 * allocated or (grown, allocated), grown % 1000 == 0 or grown, p["seconds"] >= 2 or p["seconds"])')"

if command -v go >/dev/null; then
	pprof() { go tool pprof -unit=B -timeout=240 "$@" 2>/dev/null; }
	total() { sed -n 's/.* of \([0-9]*\)B total.*/\1/p'; }
	now=$(scraped debug/pprof/heap 'p["sums"]["inuse_space"]')
	pprof -top "${url}debug/pprof/heap" >top
	check_equal "go tool pprof fetches the heap" "inuse_space $now" "$(sed -n 's/^Type: //p' top) $(total <top)"
	check_match "and has names" ' leak_grow$' "$(cat top)"
	check_equal "allocs shows what was allocated" "alloc_space" "$(pprof -top "${url}debug/pprof/allocs" | sed -n 's/^Type: //p')"
	# Without -timeout it waits for half a second more.
	check_match "and asks for seconds" '^Duration: [1-9]' "$(pprof -top -seconds=1 "${url}debug/pprof/heap")"
else
	skip "go tool pprof fetches the heap" "there is no go here"
fi
check_match "?debug=1 is text" '^heap profile: [0-9]+: [0-9]+ \[[0-9]+: [0-9]+\] @ heapprofile' "$(curl -s "${url}debug/pprof/heap?debug=1")"
for query in heap?seconds=0 heap?seconds=x heap?seconds=241 'heap?seconds=2&debug=1' delta_heap?seconds=3 delta_heap?debug=1 allocs?debug=-1; do
	check_equal "$query is refused in one line" "400 1" "$(code "${url}debug/pprof/$query") $(wc -l <answer)"
done
check_equal "what only programs in Go have is not there" "404 404" "$(code "${url}debug/pprof/goroutine") $(code "${url}debug/pprof/profile?seconds=1")"

# Many at once.
for i in $(seq 20); do
	code "${url}debug/pprof/heap?$i" >"many.$i" &
	many[i]=$!
done
wait "${many[@]}"
check_equal "all of twenty who ask at once get it" 20 "$(cat many.* | grep -o 200 | wc -l)"
spans() { [ "$(wc -w </proc/"$server"/task/"$server"/children)" -eq 16 ]; }
for _ in $(seq 16); do
	background curl -s -o /dev/null "${url}debug/pprof/heap?seconds=240"
done
check "sixteen may wait for some seconds" wait_until 20 spans
check_equal "and no more" "503 1" "$(code "${url}debug/pprof/heap?seconds=240") $(grep -ci '^Retry-After: ' header)"
check_equal "which others do not wait for" 200 "$(code "${url}debug/pprof/heap")"
kill -TERM "$server"
wait "$server"
check_equal "the server ends at once with all of them" 0 $?

# Several recordings, one of which begins later than the server.
serve recordings
record second 8
check_equal "of several none is meant" "400 1" "$(code "${url}debug/pprof/heap") $(wc -l <answer)"
check_equal "a name says which" "2000000 True" "$(scraped 'debug/pprof/allocs?recording=second' 'p["sums"]["inuse_space"]') $([ "$(scraped r/first/debug/pprof/allocs 'p["sums"]["inuse_space"]')" -gt 2000000 ] && echo True)"
check_equal "a first delta of what began behind the server has all" 2000000 "$(scraped r/second/debug/pprof/delta_heap 'p["sums"]["alloc_space"]')"
check_match "the index has them" '<a href="/r/second/debug/pprof/heap">' "$(curl -s "${url}debug/pprof/")"
check_equal "one that is not there is said" "404 404" "$(code "${url}debug/pprof/heap?recording=third") $(code "${url}r/third/debug/pprof/heap")"
grow second 8
exec 8>&-
check "an ended program keeps its profile" wait_until 20 eval '[ -n "$(ls recordings/second/000002.seep)" ]'
check_equal "the last delta has what came before the end" "1000000 0" \
	"$(scraped r/second/debug/pprof/delta_heap 'p["sums"]["alloc_space"]') $(scraped r/second/debug/pprof/delta_heap 'p["sums"]["alloc_space"]')"
check_equal "other names, other origins are refused here, too" "403 403" \
	"$(code -H 'Host: evil.example' "${url}r/first/debug/pprof/heap") $(code -H 'Origin: http://evil.example' "${url}r/first/debug/pprof/heap")"
kill -TERM "$server"
wait "$server"
echo 'correct-horse-battery-staple' >token
serve recordings/first --token-file=token
check_equal "where there is a token it is needed" "401 401 200" \
	"$(code "${url}debug/pprof/heap") $(code "${url}debug/pprof/") $(code -H "Authorization: Bearer $(cat token)" "${url}debug/pprof/heap")"
exec 7>&-
exit $cases_failed
