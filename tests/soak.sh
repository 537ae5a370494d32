#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real programs with the shim, at rates 512K and 4K, beside a run without: same exit status, same results.
#
#	SOAK_ONLY=NAME for one of: python perl node redis
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
SEEP=$ROOT/${BUILD:-build}/seep
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
passed=0 failed=0

# each soak_NAME writes its results on stdout; "$@" is what to put before the program
soak_python() {
	"$@" /usr/bin/python3 -m test test_threading test_subprocess test_ctypes test_mmap test_fork1 test_signal \
		>"$WORK/python.log" 2>&1
	local status=$?
	grep -E '^(All |[0-9]+ tests? |    test_|Tests? result|Result)' "$WORK/python.log"
	return $status
}

soak_perl() {
	"$@" perl -e 'my %h; for my $r (1 .. 20) { $h{"$r.$_"} = "x" x ($_ % 300) for 1 .. 5000; delete $h{"$r.$_"} for 1 .. 4000 }
		my $sum = 0; $sum += length for values %h; my @ok = grep { my $p = fork; $p or exit 7; waitpid $p, 0; $? >> 8 == 7 } 1 .. 50;
		print scalar(keys %h), " $sum ", scalar(@ok), "\n"'
}

soak_node() {
	"$@" node -e 'let m = new Map(); for (let i = 0; i < 300000; i++) m.set(i % 5000, Buffer.alloc(i % 4096, i & 255));
		let sum = 0; for (const b of m.values()) sum += b.length; console.log(sum);
		console.log(require("zlib").gunzipSync(require("zlib").gzipSync("y".repeat(1e6))).length)'
}

soak_redis() {
	local socket=$WORK/redis.sock server tries=0 kinds
	kinds=ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,lrange_300,lrange_500,lrange_600,mset
	"$@" redis-server --port 0 --unixsocket "$socket" --save '' --dir "$WORK" >"$WORK/redis.log" 2>&1 &
	server=$!
	until redis-cli -s "$socket" ping >/dev/null 2>&1 || [ $((tries += 1)) -gt 100 ]; do sleep 0.1; done
	timeout 60 redis-benchmark -s "$socket" -n 1000 -q -t $kinds >/dev/null 2>&1
	echo "benchmark: $?"
	printf '%s\n' flushall 'set a 1' 'append a 23' 'incr a' 'rpush l x y z' 'lrange l 0 -1' 'zadd z 1 p 2 q' \
		'zrange z 0 -1 withscores' 'hset h f v' 'hgetall h' 'setrange s 5000 end' 'strlen s' 'eval "return 6*7" 0' \
		'pfadd p a b c' 'pfcount p' 'bitcount a' dbsize | timeout 20 redis-cli -s "$socket"
	timeout 10 redis-cli -s "$socket" shutdown nosave 2>/dev/null
	wait $server
}

compare() { # NAME: runs it without, then at both rates
	local name=$1 rate status expected
	cd "$WORK" || exit 1
	soak_$name timeout -k 5 240 >expected
	expected=$?
	[ -s expected ] || { echo "not ok - $name: no results without the shim"; failed=$((failed + 1)); return; }
	for rate in 512K 4K; do
		soak_$name timeout -k 5 240 "$SEEP" run -r $rate -o "$WORK/$name.$rate.%p" -- >got 2>run.log
		status=$?
		if [ $status -eq $expected ] && cmp -s expected got && ls -d "$WORK/$name.$rate".* >/dev/null 2>&1; then
			echo "ok - $name at $rate (exit $status)"
			passed=$((passed + 1))
		else
			echo "not ok - $name at $rate: exit $status, without $expected"
			diff expected got | head -20
			tail -n 5 run.log
			failed=$((failed + 1))
		fi
		rm -rf "$WORK/$name.$rate".*
	done
}

for name in perl node redis python; do
	[ "${SOAK_ONLY:-$name}" = $name ] && compare $name
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
