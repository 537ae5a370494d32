#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep push: every snapshot arrives once, in the servers' own format, whatever happens to the server and to us
# meanwhile. The server is a stand-in that is as strict as they are: support/collector.py. time limit: 360 s
. "$(dirname "$0")/lib.sh"
unset OTEL_RESOURCE_ATTRIBUTES OTEL_SERVICE_NAME
export XDG_STATE_HOME=$WORK/state

collector() { # FOLDER [CERTIFICATE KEY]: sets $port; the same again if PORT is set
	mkdir -p "$1"
	rm -f "$1/port"
	background python3 "$ROOT/tests/e2e/support/collector.py" "$@" >"$1/port" 2>>"$1/faults"
	collector_pid=$background_pid
	wait_until 10 test -s "$1/port"
	port=$(cat "$1/port")
}

# FOLDER: prints what a line of Python says about `taken`, the list of received requests.
taken() { # FOLDER EXPRESSION
	python3 - "$1" "$2" <<'END'
import json, os, sys
def lines(name):
    path = os.path.join(sys.argv[1], name)
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []
taken, refused, requests = lines("taken"), lines("refused"), lines("requests")
def total(entries, value):
    return sum(entry["sums"].get(value, 0) for entry in entries)
once = list({entry["id"]: entry for entry in taken}.values())
print(eval(sys.argv[2]))
END
}
reported() { "$SEEP" report --last --json "$1" >report.json && json_get report.json "d['totals']['$2']"; } # RECORDING KEY

gcc -g -O1 -fno-optimize-sibling-calls -o grows "$ROOT/tests/e2e/programs/push_grows.c" || exit 1
LABEL=growing "$SEEP" run -r 1 -i 100ms -o whole -- ./grows 60 0 2>/dev/null
count=$(ls whole/*.seep | wc -l)
allocated=$(reported whole alloc_bytes)
in_use=$(reported whole inuse_bytes)
collector server

echo 'pod="web-1"
a.b/c="x \"y\""' >downward
output=$(OTEL_RESOURCE_ATTRIBUTES='service.name=told,zone=eu%2D1,env=lost' "$SEEP" push --label env=prod --labels-file downward \
	--to "pyroscope+http://127.0.0.1:$port" --to "pyroscope-ingest+http://127.0.0.1:$port" --to "parca+http://127.0.0.1:$port/" --to "otlp+http://127.0.0.1:$port" whole 2>&1)
check_equal "a recording goes to four servers" "0 4" "$? $(grep -c "took $count snapshots" <<<"$output")"
check_equal "none of them has anything against it" "[]" "$(taken server refused)"
check_equal "each snapshot is there once" "$count $count $((2 * count))" \
	"$(taken server '" ".join(str(sum(e["by"] == by for e in taken)) for by in ("push", "ingest", "parca"))')"
check_equal "what was allocated adds up, and the last has what is in use" "$allocated $in_use" \
	"$(taken server '"%d %d" % (total([e for e in taken if e["by"] == "push"], "alloc_space"), [e for e in taken if e["by"] == "push"][-1]["sums"]["inuse_space"])')"
check_equal "Parca's are two: what is in use has no duration" "$allocated 0.0 True" \
	"$(taken server '"%d %s %s" % (total([e for e in taken if e["by"] == "parca"], "alloc_space"), sum(e["seconds"] for e in taken if e["by"] == "parca" and "inuse_space" in e["sums"]), all(e["normalized"] for e in taken if e["by"] == "parca"))')"
check_equal "an OTLP receiver gets a profile for each value, with one name for all receivers" \
	"$allocated $in_use memory [['memory', 'bytes']] 0.0" \
	"$(taken server '"%d %d %s %s %s" % (total([e for e in taken if e["by"] == "otlp"], "alloc_space"), [e for e in taken if "inuse_space" in e["sums"] and e["by"] == "otlp"][-1]["sums"]["inuse_space"], taken[-1]["scope"], taken[-1]["period"], sum(e["seconds"] for e in taken if e["by"] == "otlp" and "inuse_space" in e["sums"]))')"
check_equal "functions have their names" "True" "$(taken server 'all("keep" in e["functions"] for e in taken if e["sums"].get("inuse_space"))')"
check_equal "samples have what the program called its work" "['ingest', 'otlp', 'parca', 'push'] True" \
	"$(taken server '"%s %s" % (sorted({e["by"] for e in taken}), all("label=growing" in e["said"] for e in taken if e["functions"].get("keep")))')"
check_equal "labels come from the line, the environment and the file, in this order" \
	"{'__delta__': 'false', '__name__': 'memory', 'a_b_c': 'x \"y\"', 'env': 'prod', 'pod': 'web-1', 'service_name': 'told', 'zone': 'eu-1'}" \
	"$(taken server '{key: value for key, value in sorted(taken[0]["labels"].items()) if key not in ("pid", "hostname")}')"
check_match "another push has nothing to send" "took 0 snapshots" "$("$SEEP" push --to "parca+http://127.0.0.1:$port" whole 2>&1)"
# An older copy of the recording has nothing new to send.
mkdir copy && cp whole/000001.seep copy
check_match "nor has one of an older copy" "^0 .*took 0 snapshots" "$("$SEEP" push --patience 1ms --to "parca+http://127.0.0.1:$port" copy 2>err; echo "$? $(cat err)")"
cp -r whole $'raw\033[31m\nname\xff'
check_match "one whose name is not fit to print is sent" "took $count snapshots" \
	"$("$SEEP" push --state raw --to "pyroscope+http://127.0.0.1:$port" $'raw\033[31m\nname\xff' 2>&1)"

collector words
"$SEEP" push --state words --service 'a{b' --label 'list=x,pod=y}' --to "pyroscope-ingest+http://127.0.0.1:$port" whole 2>/dev/null
check_equal "a value can't end the name that /ingest has it in" "a_b x_pod=y_" \
	"$(taken words 'taken[0]["labels"]["service_name"], taken[0]["labels"]["list"]' | tr -d "(),'")"

# The server is busy, then dies in the middle of an answer, then refuses one for good.
collector busy
echo "503 2 1" >busy/mode
output=$("$SEEP" push --service shop --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)
check_equal "a server that is busy is asked again" "0 $count $allocated True" \
	"$? $(taken busy '"%d %d %s" % (len(taken), total(taken, "alloc_space"), all(e["labels"]["service_name"] == "shop" for e in taken))')"
check_equal "after the time that it asks for" "True" "$(taken busy 'requests[2]["when"] - requests[0]["when"] >= 2')"
check_match "and it is said" "answers 503.*are sent again" "$output"
echo "400 1" >busy/mode
output=$("$SEEP" push --state other --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)
check_equal "what is refused for good is counted, and the rest goes on" "0 1 $((count - 1))" \
	"$? $(grep -c '1 snapshot was refused for good: .*answers 400' <<<"$output") $(taken busy "len(taken) - $count")"
echo "401 1" >busy/mode
output=$("$SEEP" push --state third --patience 1ms --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)
check_equal "a server that does not let us in has taken nothing" "3 1" "$? $(grep -c 'not delivered: 1 recording.*answers 401' <<<"$output")"
check "and takes all later" "$SEEP" push --state third --to "pyroscope+http://127.0.0.1:$port" whole
echo "flood 1" >busy/mode
check "an answer without an end is not read to its end" timeout 20 "$SEEP" push --state flood --to "pyroscope+http://127.0.0.1:$port" whole
echo "302 1 https://proxy.example/" >busy/mode
check_match "a redirection is not followed, and said" 'answers 302: go to https://proxy.example/ ' \
	"$("$SEEP" push --state elsewhere --patience 1ms --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)"
check_match "where there is no such path it is named" "answers 404 to http://127.0.0.1:$port/x/push.v1.PusherService/Push: " \
	"$("$SEEP" push --state nowhere --patience 1ms --to "pyroscope+http://127.0.0.1:$port/x" whole 2>&1)"

mkdir three
for name in a b c; do
	"$SEEP" run -r 1 -i 0 -o "three/$name" -- ./grows 1 0 2>/dev/null
done
collector away
echo "503 9" >away/mode
"$SEEP" push --patience 1ms --state away.state --to "parca+http://127.0.0.1:$port" three 2>/dev/null
check_equal "a server that fails is left alone by all recordings" "3 1" "$? $(taken away 'len(requests)')"

# While the program runs, the server is killed and comes back, and so is seep push.
collector moving
address=$port
"$SEEP" run -r 1 -i 100ms -o growing -- ./grows 600 2>/dev/null &
runner=$!
pids+=("$runner")
wait_until 10 test -e growing/000001.seep
begin_push() {
	"$SEEP" push --follow --to "pyroscope+http://127.0.0.1:$address" growing 2>>pushed &
	pusher=$!
	pids+=("$pusher")
}
has_more() { [ "$(taken moving 'len(once)')" -gt "$1" ]; }
fails_again() { [ "$(grep -c "are sent again" pushed)" -gt "$1" ]; }
begin_push
for turn in 1 2 3 4 5; do
	before=$(taken moving 'len(once)')
	wait_until 20 has_more "$before"
	failures=$(grep -c "are sent again" pushed) # before: each is said once
	kill -KILL "$collector_pid"
	wait "$collector_pid" 2>/dev/null
	if [ $((turn % 2)) = 0 ]; then
		wait_until 20 fails_again "$failures"
	else
		kill -KILL "$pusher"
	fi
	PORT=$address collector moving
	[ $((turn % 2)) = 0 ] || begin_push
done
before=$(taken moving 'len(once)')
wait_until 20 has_more "$before"
check_match "one pusher at a time has a recording" "is being sent to .* by another seep push" \
	"$("$SEEP" push --to "pyroscope+http://127.0.0.1:$address" growing 2>&1)"
touch end
wait "$runner"
wait "$pusher"
check_equal "it ends when the recording does" 0 $?
check_equal "nothing is lost and nothing doubled: by the ID that a stretch keeps" \
	"$(reported growing alloc_bytes) $(reported growing inuse_bytes) []" \
	"$(taken moving '"%d %d %s" % (total(once, "alloc_space"), sorted(once, key=lambda e: e["time"])[-1]["sums"]["inuse_space"], refused)')"

kill -KILL "$collector_pid"
wait "$collector_pid" 2>/dev/null
"$SEEP" push --state fourth --to "pyroscope-ingest+http://127.0.0.1:$address" whole 2>said &
pusher=$!
pids+=("$pusher")
wait_until 20 grep -q "are sent again" said
PORT=$address collector moving
wait "$pusher"
check_equal "it is said once that the server is away, and that it is back" "0 1 1" \
	"$? $(grep -c "are sent again" said) $(grep -c "takes profiles again" said)"

# Snapshots that can't be read, in the middle and at the end.
cp -r whole damaged && rm damaged/000001.seep && ln -s /dev/null damaged/000001.seep
for number in 2 $count; do
	truncate -s 300 "$(printf damaged/%06d.seep "$number")"
done
readable=$("$SEEP" report --json "$(printf damaged/%06d.seep $((count - 1)))" >report.json && json_get report.json "d['totals']['alloc_bytes']")
collector damage
output=$("$SEEP" push --state damage.state --to "pyroscope+http://127.0.0.1:$port" damaged 2>&1)
check_equal "a snapshot that can't be read is said once, and the others are sent" "3 3 $((count - 3)) $readable" \
	"$? $(grep -c 'goes with the next$' <<<"$output") $(taken damage '"%d %d" % (len(taken), total(taken, "alloc_space"))')"

# A directory of recordings.
mkdir many && cp -r whole many/one
background "$SEEP" push --follow --state many.state --to "parca+http://127.0.0.1:$address" many 2>many.err
directory=$background_pid
wait_until 20 eval '[ "$(taken moving "sum(e[\"by\"] == \"parca\" for e in taken)")" = $((2 * count)) ]'
check "one that has ended and was sent is let go of" wait_until 20 "$SEEP" push --state many.state --to "parca+http://127.0.0.1:$address" many
rm -r many/one
kill "$directory"
wait "$directory"
check_equal "a directory is followed until it is stopped" "0 1" "$? $(grep -c "took $count snapshots" many.err)"

# A host that follows has slots, four fifths of an interval apart, however much waits; after a stall at most two at
# once.
"$SEEP" run -r 1 -i 1s -o paced/one -- ./grows 160 0 2>/dev/null
waiting=$(($(ls paced/one/*.seep | wc -l) - 1))
truncate -s 300 paced/one/000002.seep # it can't be read, and takes no slot from the others
collector pace
background "$SEEP" push --follow --state pace.state --to "pyroscope+http://127.0.0.1:$port" paced 2>pace.err
directory=$background_pid
all_are_there() { [ "$(taken pace 'len(taken)')" = "$waiting" ]; }
wait_until 60 all_are_there
check_equal "what waits is sent at a host's pace" "True" \
	"$(taken pace "requests[-1]['when'] - requests[0]['when'] >= 0.75 * (len(taken) - 3)")"
kill "$directory"
wait "$directory"

# A recording that has begun, and has no snapshot yet.
rm -f end
"$SEEP" run -r 1 -i 100ms -o born -- ./grows 600 2>/dev/null &
runner=$!
pids+=("$runner")
wait_until 10 test -e born/000001.seep
mkdir young && ln born/heap young/heap
"$SEEP" push --follow --state young.state --to "parca+http://127.0.0.1:$address" young 2>young.err &
pusher=$!
pids+=("$pusher")
wait_until 10 test -d young.state
sleep 0.5 # in which it would give up
check "a recording without a snapshot is waited for" kill -0 "$pusher"
touch end
wait "$runner"
mv "$(ls born/*.seep | tail -n 1)" young
wait "$pusher"
check_equal "until it has one" "0 1" "$? $(grep -c "took 1 snapshot " young.err)"

# Data that do not fit into one profile, and data that are too old.
"$SEEP" run -r 1 -i 0 -o wide -- ./grows 1 40000 2>/dev/null
collector limits
"$SEEP" push --to "pyroscope+http://127.0.0.1:$port" wide 2>/dev/null
check_equal "40,000 stacks are split" "True True $(reported wide alloc_bytes) []" \
	"$(taken limits '"%s %s %d %s" % (len(once) >= 3, max(e["samples"] for e in taken) <= 16000, total(taken, "alloc_space"), refused)')"
# A part was taken; then the server is away, and the snapshot is thinned out meanwhile.
"$SEEP" run -r 1 -i 100ms -o begun -- ./grows 60 40000 2>/dev/null
ls begun/*.seep | head -n -2 | xargs rm
thinned=$(ls begun/*.seep | head -n 1)
collector begun.server
echo "after 1 503 9" >begun.server/mode
output=$("$SEEP" push --patience 1ms --state begun.state --to "pyroscope+http://127.0.0.1:$port" begun 2>&1)
check_equal "a server that goes away has a part" "3 1" "$? $(taken begun.server 'len(taken)')"
rm "$thinned" begun.server/mode
"$SEEP" push --state begun.state --to "pyroscope+http://127.0.0.1:$port" begun 2>/dev/null
check_equal "the rest is sent, though the recording has thinned it out" "0 $(reported begun alloc_bytes) []" \
	"$? $(taken begun.server '"%d %s" % (total(taken, "alloc_space"), refused)')"
check_equal "of the snapshots beside the position one is left" 1 "$(ls begun.state/*.seep | wc -l)"
cat >clock.c <<'SOURCE'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) /* CLOCK_REALTIME is what NOW says, in ns */
{
	long result = syscall(SYS_clock_gettime, clock, now);
	if (clock == CLOCK_REALTIME && getenv("NOW"))
		*now = (struct timespec){atoll(getenv("NOW")) / 1000000000, atoll(getenv("NOW")) % 1000000000};
	return (int)result;
}
SOURCE
gcc -shared -fPIC -o clock.so clock.c
collector old
output=$(NOW=$(($(date +%s) * 1000000000 + 7200000000000)) LD_PRELOAD=$PWD/clock.so "$SEEP" push --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)
check_equal "what is too old for the server is not sent, and counted" "0 1 0" \
	"$? $(grep -c "$count were older than Pyroscope takes, and were not sent" <<<"$output") $(taken old 'len(requests)')"

collector cut
echo "cut 1000" >cut/mode
"$SEEP" push --to "pyroscope+http://127.0.0.1:$port" whole 2>/dev/null
check_equal "what was taken is not sent again because the answer's text was cut" "0 $count" "$? $(taken cut 'len(taken)')"
"$SEEP" push --state emptied --to "pyroscope+http://127.0.0.1:$port" whole 2>/dev/null
: | tee emptied/*.position
output=$("$SEEP" push --state emptied --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)
check_match "a damaged position is said, with what becomes of it" "^3 .*position: it is damaged; without it" "$? $(tr '\n' ' ' <<<"$output")"

# Secrets.
collector secret
echo "user:pass word" >basic
printf token123 >bearer
"$SEEP" push --credentials basic --tenant team-a --to "pyroscope+http://127.0.0.1:$port" whole 2>err
"$SEEP" push --credentials - --state tokens --to "pyroscope+http://localhost:$port" whole <bearer 2>>err
check_equal "credentials and tenant go into the headers, and into no message" "['Basic dXNlcjpwYXNzIHdvcmQ=', 'Bearer token123'] team-a 0" \
	"$(taken secret 'sorted({r["authorization"] for r in requests})') $(taken secret 'requests[0]["tenant"]') $(grep -c 'token123\|pass' err)"
check_match "another tenant gets all of it, too" "took $count snapshots" \
	"$("$SEEP" push --tenant team-b --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)"
http_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9 "$SEEP" push --credentials basic --state unproxied --to "pyroscope+http://127.0.0.1:$port" whole 2>err
check_equal "what is for this machine goes through no proxy" 0 $?
head -c 20000 /dev/zero | tr '\0' x >long
output=$("$SEEP" push --credentials long --to "pyroscope+http://127.0.0.1:$port" whole 2>&1)
check_match "credentials that are too long are refused, not cut" "^3 .*fewer than 16384 bytes" "$? $output"
usage() { # NAME PATTERN ARGUMENT...
	local name=$1 pattern=$2 output
	shift 2
	output=$("$SEEP" push "$@" 2>&1)
	check_match "$name" "^2 .*$pattern" "$? $(tr '\n' ' ' <<<"$output")"
}
usage "they do not go in the clear" "would travel in the clear" --credentials basic --to pyroscope+http://10.0.0.1 whole
usage "nor to two" "are for one destination" --credentials basic --to parca+http://127.0.0.1 --to parca+http://127.0.0.2 whole
usage "nor into the address" "can be seen by others" --to parca+https://user:pass@host whole
usage "an address says its kind" "an address is pyroscope\+URL" --to http://host whole
usage "and its host" "names no host" --to parca+https:///x whole
usage "without --to nothing is sent" "--to is missing" whole
for wrong in 'x' '=y' 'a-b=c' '__a=b' 'a='; do
	output=$("$SEEP" push --label "$wrong" --to "parca+http://127.0.0.1:$port" whole 2>&1)
	check_match "--label $wrong is refused" "^3 .*label" "$? $output"
done
output=$("$SEEP" push --to "parca+http://127.0.0.1:$port" basic 2>&1)
check_match "a file is not a recording" "^3 .*not a recording" "$? $output"
mkdir nothing
check_match "a directory without recordings is not a mistake, and is said" "^0 .*there is no recording in it" "$("$SEEP" push --to "parca+http://127.0.0.1:$port" nothing 2>err; echo "$? $(cat err)")"
output=$("$SEEP" push --labels-file /dev/zero --to "parca+http://127.0.0.1:$port" whole 2>&1)
check_match "a file of labels without an end is refused" "^3 .*more than 1048576 bytes" "$? $output"

# More recordings than are sent at a time. They have ended: of others each would be looked for among all processes.
python3 -c 'import os, sys
for i in range(4100):
    os.makedirs(f"crowd/{i}")
    os.link(sys.argv[1], f"crowd/{i}/000001.seep")' "$(ls whole/*.seep | tail -n 1)"
output=$("$SEEP" push --state crowd.state --patience 1ms --to "parca+http://127.0.0.1:1" crowd 2>&1)
check_equal "recordings beyond what is sent at a time are said once" "3 1" "$? $(grep -c 'more than 4096 recordings at a time' <<<"$output")"

# A real TLS server with a certificate that nobody has signed.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost 2>/dev/null
collector tls certificate.pem key.pem
output=$("$SEEP" push --patience 1ms --to "pyroscope+https://localhost:$port" whole 2>&1)
check_match "a certificate that nobody has signed is refused" "^3 .*not delivered.*certificate" "$? $(tr '\n' ' ' <<<"$output")"
output=$("$SEEP" push --ca nowhere.pem --to "pyroscope+https://localhost:$port" whole 2>&1)
check_match "certificates that are not there are said at once" "^3 .*nowhere.pem: the certificates can't be read" "$? $output"
check "and taken where it is trusted" "$SEEP" push --ca certificate.pem --to "pyroscope+https://localhost:$port" whole
check_equal "what goes over TLS arrives" "$count $allocated" "$(taken tls '"%d %d" % (len(taken), total(taken, "alloc_space"))')"
# A shell that starts it may say there of a seep push that was killed before.
for folder in server busy moving limits secret tls; do
	check_equal "the stand-in has no fault of its own: $folder" "" "$(grep -v '^Exception\|^  \|^Traceback\|^---\|Reset\|Broken\|EOF\|SSL\|line [0-9]*: *[0-9]* Killed ' "$folder/faults")"
done
exit $cases_failed
