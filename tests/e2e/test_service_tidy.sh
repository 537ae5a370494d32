#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which recordings a service keeps: by age and within its budget. They stay readable whatever happens meanwhile: a crash
# in the middle, several keepers at once, a full disk, a wrong clock, links, and other people's files. time limit: 400 s
. "$(dirname "$0")/lib.sh"

export SEEP_STORE=$WORK/store TZ=UTC
simulate() { python3 "$ROOT/tests/e2e/support/simulate_service.py" "$@"; }
tidy() { "$SEEP" list --tidy --service web >out 2>err; }
now=$(date +%s)
"$SEEP" run -r 4K -i 0 --service web -- /usr/bin/python3 -c 'x = [bytearray(1000) for i in range(500)]' 2>/dev/null
real=$(ls store/web/*/*.seep | tail -n 1)
check "the service has its mark" test -f store/web/.service
rm -rf store/web/python3.*/heap
simulate "$real" store/web/long $((now - 129600)) $((now - 5)) 120 200
printf heap >store/web/long/heap
cp -rl store pristine
totals() { "$SEEP" report --json "$1" | python3 -c 'import json, sys; t = json.load(sys.stdin)["totals"]; print(t["alloc_bytes"], t["inuse_bytes"])'; }
before=$(totals store/web/long)

tidy
check_equal "it is thinned, and all is fine" 0 $?
check_match "what was done is said" '^seep: web: removed [0-9]+ snapshots and 0 recordings; [0-9]+ and 2 stay, with .*KiB$|MiB$' "$(cat err)"
cat >by_age.py <<'END_OF_PROGRAM'
import glob, os, sys
sys.path.insert(0, sys.argv[1])
import read_snapshot
now, ages = int(sys.argv[2]), []
for name in sorted(glob.glob("store/web/long/*.seep")):
    data = open(name, "rb").read()
    head = read_snapshot.record(data, 0, read_snapshot.HEADER)
    ages.append((now - (now - 129600 + (head["time_ns"] - 1000 * 10**9) / 10**9), head["trigger"]))
def count(low, high): return sum(low <= age < high and trigger == 1 for age, trigger in ages)
print("10 minutes", 4 <= count(0, 600) <= 6, "hour", 20 <= count(600, 3600) <= 26, "day", 134 <= count(3600, 86400) <= 142,
      "days", 10 <= count(86400, 2 * 86400) <= 15, "peaks", sum(trigger == 5 for age, trigger in ages) >= 1)
END_OF_PROGRAM
check_equal "by age" "10 minutes True hour True day True days True peaks True" "$(python3 by_age.py "$ROOT/tests/e2e/support" "$now")"
check_equal "the sums are what they were" "$before" "$(totals store/web/long)"
check_equal "a heap file whose recording has ended goes after its hour" "long/heap" "$(cd store/web && ls -d -- */heap)"
count=$(ls store/web/long | wc -l)
# Ages grow while this runs.
as_ever() { local left=$(($(ls "${1:-store}/web/long" | wc -l) - count)); [ ${left#-} -le 6 ]; }
tidy && check "again, and nothing more goes" as_ever
check_match "the list has the service" '^web: 2 processes, 0 running, 1 restart, 1 build, ' "$(cat out)"
check_equal "in 80 columns" "" "$(awk 'length($0) > 80' out)"
check_match "and each service a line" '^web: 2 processes' "$("$SEEP" list --services)"
validates list-1.json "$SEEP" list --json --service web
check_equal "in JSON the sums of the service, too" "web 2 0 1 1" \
	"$(python3 -c 'import json; s = json.load(open("document.json"))["service"]; print(s["name"], s["processes"], s["running"], s["restarts"], s["builds"])')"

each=$(stat -c %s "$real")
bytes() { find store/web -name '*.seep' -printf '%s\n' | awk '{ sum += $1 } END { print sum }'; }
marked=$(ls store/web/long/*.seep | sed -n 30p)
check_equal "one that there is can be marked" "$marked" "$("$SEEP" snapshot --mark "$marked")"
check_match "what is no snapshot can't" "^3 .*is not a snapshot" "$("$SEEP" snapshot --mark by_age.py >out 2>&1; echo "$? $(cat out)")"
SEEP_KEEP_BYTES=$((60 * each)) tidy
check "what is marked stays" test -e "$marked"
check "a budget holds" test "$(bytes)" -le $((60 * each))
check "the first and the last stay" test -e store/web/long/000001.seep -a -e "$(ls -d pristine/web/long/*.seep | tail -n 1 | sed s/pristine/store/)"
for i in {1..60}; do simulate "$real" store/web/short.$i $((now - 86400 + 60 * i)) $((now - 86400 + 60 * i + 20)) 10; done
touch store/web/short.60/notes
SEEP_KEEP_BYTES=$((60 * each)) tidy
check "of short-lived processes whole recordings go" test "$(ls -d store/web/short.* | wc -l)" -lt 40
check "but none in which something else lies" test -e store/web/short.60/notes
check "nor a process that has a long history" test "$(ls store/web/long | wc -l)" -gt 4
"$SEEP" report --service web --before 12h >/dev/null 2>err
check_equal "and the service is still readable" 0 $?

# A crash in the middle of a removal, and kills at any time.
rm -rf store && cp -rl pristine store && mkdir -p store/web/.removed.old && cp "$real" store/web/.removed.old/ 2>/dev/null || cp pristine/web/long/000001.seep store/web/.removed.old/
check_match "what a crash has left is in no list" '^web: 2 processes' "$("$SEEP" list --services)"
tidy
check_equal "and goes with the next" "" "$(ls -d store/web/.removed.* 2>/dev/null)"
rm -rf store && cp -rl pristine store
for delay in 0.004 0.008 0.012 0.02 0.03; do
	(timeout -s KILL $delay "$SEEP" list --tidy --service web) >/dev/null 2>&1
	"$SEEP" report --service web --before 1d >/dev/null 2>>faults || echo "after $delay" >>faults
done
check_equal "killed at any time it stays readable" "" "$(grep -v 'no process' faults)"
tidy
check "and in the end it is as ever" as_ever

# Several at once.
rm -rf store && cp -rl pristine store
for i in 1 2 3 4; do "$SEEP" list --tidy --service web >out.$i 2>err.$i & done
wait
check "of several at once the result is the same" as_ever
check_match "and those that came too late say so" 'somebody is thinning it|removed' "$(cat err.?)"

# Files that are not the service's.
rm -rf store && cp -rl pristine store && cp -rl pristine/web/long outside
ln -s "$WORK/outside" store/web/linked
ln -s "$WORK/outside/000002.seep" store/web/long/999999.seep
mkdir store/web/dir && cp -r outside store/web/dir/inner
tidy
check_equal "no link is followed, and nothing deeper is touched" "$(ls pristine/web/long | wc -l) $(ls pristine/web/long | wc -l)" \
	"$(ls outside | wc -l) $(ls store/web/dir/inner | wc -l)"
rm -f store/web/.service && cp pristine/web/long/000100.seep store/web/long/000777.seep
tidy
check_equal "a directory without the mark is nobody's to thin" "3 1" "$? $(grep -c 'not thinned' err)"
"$SEEP" list --tidy >/dev/null 2>err
check_equal "nor is any that is not named" "2 1" "$? $(wc -l <err)"
if [ "$(id -u)" = 0 ]; then
	rm -rf store && cp -rl pristine store && chmod 755 "$WORK" store store/web
	setpriv --reuid 65534 --clear-groups "$SEEP" list --tidy --service web >/dev/null 2>err
	status=$?
	check_equal "another user removes nothing" "3 $(ls pristine/web/long | wc -l)" "$status $(ls store/web/long | wc -l)"
fi

# Clocks that were wrong when a process started.
rm -rf store && cp -rl pristine store
simulate "$real" store/web/ahead $((now + 315360000)) $((now + 315360100)) 10 2>/dev/null ||
	simulate pristine/web/long/000001.seep store/web/ahead $((now + 315360000)) $((now + 315360100)) 10
simulate pristine/web/long/000001.seep store/web/behind 1000 1100 10
tidy
check "a clock that jumps makes nothing else old" test "$(ls store/web/long | wc -l)" -gt 10
check_equal "what began then is there" "2" "$(ls -d store/web/ahead store/web/behind | wc -l)"
"$SEEP" report --service web --before 1h >/dev/null 2>&1
check_equal "and it can be read" 0 $?

# If a machine went down, nothing says that its processes have ended.
rm -rf store && cp -rl pristine store
python3 - "$ROOT/tests/e2e/support" pristine/web/long/000001.seep "$now" <<'END_OF_PROGRAM'
import os, sys
sys.path.insert(0, sys.argv[1])
from simulate_service import DAY, Maker
now = int(sys.argv[3])
def write(name, start, end, other_boot):
    maker = Maker(open(sys.argv[2], "rb").read(), start, 777)
    if other_boot:
        maker.boot(b"x" * 16)
    os.makedirs("store/web/" + name)
    for number, at in ((1, start), (2, end)):
        open(f"store/web/{name}/{number:06}.seep", "wb").write(maker.make(number, at - start, 1))
write("lost", now - 34 * DAY, now - 33 * DAY, True)
write("silent", now - 34 * DAY, now - 33 * DAY, False)
for day in range(1, 34):
    write(f"other.{day}", now - day * DAY - 60, now - day * DAY, False)
END_OF_PROGRAM
tidy
check_equal "what a machine took down goes when it is old, what may run stays" "silent" "$(cd store/web && ls -d lost silent 2>/dev/null)"

# Keepers tidy up by themselves.
rm -rf store && cp -rl pristine store && touch -d '1 hour ago' store/web/.service
"$SEEP" run -r 4K -i 0 --service web -- /usr/bin/python3 -c 'x = [bytearray(1000) for i in range(500)]' 2>/dev/null
check "seep run thins the service that it records" as_ever
cp -n pristine/web/long/0001*.seep store/web/long/
"$SEEP" run -r 4K -i 0 --service web -- /usr/bin/python3 -c 'x = [bytearray(1000) for i in range(500)]' 2>/dev/null
check "but not each time" test "$(ls store/web/long | wc -l)" -gt $((count + 50))
rm -rf store && cp -rl pristine store && touch -d '1 hour ago' store/web/.service
SEEP_SERVICE=web LD_PRELOAD=$SHIM SEEP_RATE=4K SEEP_INTERVAL=200ms /usr/bin/python3 -c 'import time; x = [bytearray(1000) for i in range(500)]; time.sleep(1.5)'
check "so does libseep.so's keeper" as_ever

if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=$(($(du -sk pristine/web | cut -f1) + 2048))k tmpfs small 2>/dev/null; then
	mounts+=("$WORK/small")
	cp -r pristine/web small/web && export SEEP_STORE=$WORK/small
	head -c 1G /dev/zero >small/filler 2>/dev/null
	tidy
	check "a full disk is thinned, too" as_ever small
	head -c 1G /dev/zero >>small/filler 2>/dev/null
	"$SEEP" run -r 64K -i 0 --service web -- /usr/bin/python3 -c 'x = [bytearray(10000) for i in range(500)]' 2>/dev/null
	"$SEEP" report --service web --before 1h >/dev/null 2>&1
	check_equal "and what is there stays readable while nothing more fits" 0 $?
	rm small/filler
	tidy
	# One that runs long enough may have had room for another before, as its keeper thins the service.
	check_equal "a recording without room for its last snapshot gets that when there is" "2 2" \
		"$(ls -d small/web/python3.* | wc -l) $(find small/web/python3.* -name '*.seep' -printf '%h\n' | sort -u | wc -l)"
else
	skip "a full disk" "no tmpfs can be mounted"
fi
exit $cases_failed
