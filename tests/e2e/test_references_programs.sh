#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s Real programs: a block that is freed later was referenced. Each program builds something up, is
# looked at, throws it away and ends: a block that was called unreferenced and is then freed was called so wrongly. At
# rate 1 the words of a block count only if the block itself is referenced. REFERENCES_PROGRAMS: which to run; "all":
# all of them.
. "$(dirname "$0")/lib.sh"

programs=${REFERENCES_PROGRAMS:-perl bc}
[ "$programs" != all ] || programs="redis sqlite3 python3 perl bash bc gdb node"

begin() { # NAME COMMAND...
	rm -f requests answers
	mkfifo requests
	exec 5<>requests
	PYTHONMALLOC=malloc PYTHONHASHSEED=1 "$SEEP" run -r 1 -i 1s -o "$1.recording" -- "${@:2}" <requests >answers 2>&1 5>&- &
	run=$!
	pids+=("$run")
}
look() { # NAME
	wait_until 60 grep -q ready answers &&
		looked=$("$SEEP" snapshot --references "$1.recording" 2>"$1.err")
}
# NAME: prints how many blocks were looked at, how many are lost, and how many of these and of the others were freed
# since
freed() {
	/usr/bin/python3 - "$ROOT" "$looked" "$1.recording" <<'END'
import glob, sys
sys.path.insert(0, sys.argv[1] + "/tests/e2e/support")
sys.dont_write_bytecode = True
import read_snapshot
looked = read_snapshot.read(open(sys.argv[2], "rb").read())
last = read_snapshot.read(open(sorted(glob.glob(sys.argv[3] + "/*.seep"))[-1], "rb").read())
sections = lambda document: document[1] if isinstance(document, tuple) else document
looked, last = sections(looked), sections(last)
births = {entry["address"]: entry["birth_ns"] for entry in looked[7]}
alive = {(entry["address"], entry["birth_ns"]) for entry in last[7]}
lost = [entry["address"] for entry in looked[15] if entry["state"] != 1]
freed = [address for address in lost if (address, births[address]) not in alive]
kept = sum((entry["address"], births[entry["address"]]) not in alive for entry in looked[15] if entry["state"] == 1)
print(f"{len(looked[15])} {len(lost)} {len(freed)} {kept}")
END
}
judge() { # NAME
	local counts=()
	exec 5>&- # it ends
	wait "$run"
	read -ra counts <<<"$(freed "$1")"
	echo "# $1: ${counts[0]} blocks looked at, ${counts[1]} referenced by nobody; freed since: ${counts[2]} of these, ${counts[3]} of the others"
	check "$1: what it frees later was referenced" [ "${counts[2]}" = 0 ]
	check "$1: it freed something" [ "${counts[3]:-0}" -gt 0 ]
}
talk() { # NAME FIRST THEN COMMAND...
	begin "$1" "${@:4}"
	printf '%s\n' "$2" >&5
	look "$1" || not_ok "$1: it is looked at" "$(tail -n 3 answers "$1.err")"
	printf '%s\n' "$3" >&5
	judge "$1"
}
for program in $programs; do
	command -v "${program/redis/redis-server}" >/dev/null || { echo "# $program is not installed" && continue; }
	case $program in
	redis)
		begin redis redis-server --port 0 --unixsocket "$WORK/socket" --save "" --appendonly no
		wait_until 30 redis-cli -s socket ping
		redis-cli -s socket >/dev/null <<'END'
debug populate 5000
eval "for i = 1, 3000 do redis.call('rpush', 'list', 'entry ' .. i); redis.call('zadd', 'set', i, 'member ' .. i); redis.call('hset', 'hash', 'field ' .. i, i); redis.call('xadd', 'stream', '*', 'a', i); redis.call('sadd', 's', 's' .. i); redis.call('setex', 'e' .. i, 1000, i) end" 0
END
		echo ready >>answers
		look redis
		redis-cli -s socket flushall >/dev/null
		redis-cli -s socket config resetstat >/dev/null
		redis-cli -s socket shutdown nosave >/dev/null 2>&1
		judge redis
		;;
	sqlite3)
		talk sqlite3 "create table t(a, b); with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into t select i, hex(randomblob(20)) from n; create index x on t(b); select count(*) from t t1 join t t2 using (b); select 'ready';" \
			"drop table t;" sqlite3
		;;
	python3)
		talk python3 "
import collections, ctypes, json, sys
allocate = ctypes.CDLL(None).malloc
allocate.restype = None
tree = lambda depth: {'name': 'n' * depth, 'children': [tree(depth - 1) for _ in range(4)]} if depth else None
trees, text = tree(6), json.dumps(tree(4))
things = collections.OrderedDict((i, collections.deque(range(i % 50))) for i in range(2000))
cycles = [[] for _ in range(500)]
for each in cycles: each.append(cycles)
generators = [(lambda n: (n * i for i in range(3)))(n) for n in range(500)]
for i in range(300): allocate(1000 + i)

print('ready', flush=True)" "
import gc
del trees, text, things, cycles, generators
gc.collect()
" /usr/bin/python3 -i -q
		;;
	perl)
		# shellcheck disable=SC2016
		talk perl "" "" perl -e '
			my %tree = map { $_ => { list => [1 .. $_ % 30], text => "x" x ($_ % 300) } } 1 .. 3000;
			my @rings; for (1 .. 500) { my $ring = { number => $_ }; $ring->{self} = \$ring->{number}; push @rings, $ring }
			my @closures = map { my $n = $_; sub { $n++ } } 1 .. 500;
			my @matched = map { qr/a$_|b+$_/ } 1 .. 200;
			$| = 1; print "ready\n"; <STDIN>; <STDIN>; %tree = (); undef %tree; @rings = (); @closures = (); @matched = ();'
		;;
	bash)
		# shellcheck disable=SC2016
		talk bash 'declare -A table; for ((i = 0; i < 3000; i++)); do table[key$i]="value $i"; list[i]=$i; eval "f$i() { echo $i; }"; done; echo ready' \
			'unset table list; for ((i = 0; i < 3000; i++)); do unset -f f$i; done; exit 0' bash
		;;
	bc)
		talk bc 'for (i = 0; i < 3000; i++) a[i] = 2 ^ (i + 64)
"ready
"' 'for (i = 0; i < 3000; i++) a[i] = 0
quit' bc -q
		;;
	gdb)
		talk gdb "set confirm off
file $SEEP
info functions leaks_build
break main
printf \"ready\\n\"" "delete
file
quit" gdb -q -nx
		;;
	node)
		talk node "const zlib = require('zlib'), kept = []; for (let i = 0; i < 2000; i++) kept.push(Buffer.alloc(20000, i)); const packed = zlib.deflateSync(Buffer.concat(kept.slice(0, 50))); console.log('ready'); undefined" \
			"kept.length = 0; gc(); gc(); process.exit(0)" node --expose-gc -i
		;;
	esac
done
exit "$cases_failed"
