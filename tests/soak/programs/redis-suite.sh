#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# allocator: own, redis-server is linked with jemalloc
# time limit: 480 s
# Redis's own test-suite from Debian's source, run on the redis-server that is installed; what it calls slow is left out.
# PREFIX... comes before the whole suite, so that its numbers of processes are the servers' own. A line a test.
work=$1
shift
here=$(realpath "$(dirname "$0")")
tree=$SOAK_CACHE/redis

prepare() {
	local parts=$tree.parts version program
	version=$(dpkg-query -W -f '${source:Version}' redis-server)
	rm -rf "$parts" && mkdir -p "$parts" && cd "$parts" || return
	bash "$here/../support/debian_source.sh" redis "$version" && dpkg-source --no-check -x redis_*.dsc tree || return
	for program in redis-server redis-cli redis-benchmark redis-check-rdb redis-check-aof; do
		ln -sf "/usr/bin/$program" tree/src/ || return
	done
	[ -x tree/runtest ] && mv tree "$tree" && rm -rf "$parts"
}

if [ ! -d "$tree" ]; then
	(prepare) >"$work/prepare.log" 2>&1 || {
		tail -n 5 "$work/prepare.log" >&2
		exit 1
	}
fi
cp -r "$tree/." "$work/tree" && cd "$work/tree" || exit 1

# All types, what forks (saving, rewriting, replication), what looks at its own memory, what crashes on purpose (logging).
units=$(printf 'unit/%s ' type/{string,incr,list,list-2,list-3,set,zset,hash,stream,stream-cgroups} dump scripting functions \
	expire multi aofrw other acl introspection pubsub scan sort lazyfree bitops querybuf \
	client-eviction replybufsize maxmemory quit keyspace protocol tracking slowlog limits obuf-limits pendingquerybuf shutdown)
units+=$(printf 'integration/%s ' rdb aof aof-multi-part redis-cli redis-benchmark logging shutdown dismiss-mem \
	convert-ziplist-hash-on-load corrupt-dump replication-4)
options=()
for unit in $units; do
	options+=(--single "$unit")
done
"$@" ./runtest --clients 4 --tags '-slow -cluster' "${options[@]}" >../suite.log 2>&1
status=$?
sed 's/\x1b\[[0-9;]*m//g' ../suite.log | sed -nE 's/^\[(ok|err|skip|ignore|exception)\]: (.*)/\2\t\1/p' |
	sed -E 's/ \([0-9]+ ms\)\t/\t/; s/ in tests\/.*\t/\t/' | LC_ALL=C sort | uniq -c | sed -E 's/^ *([0-9]+) (.*)/\2 \1/'
exit $status
