#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# allocator: own, redis-server is linked with jemalloc
# redis-server: 30 kinds of command by redis-benchmark, a session over every data type with Lua and transactions, four
# forks that write its data to disk while it works, eviction, and a second server that loads what the first one wrote.
# time limit: 240 s
#
#	redis.sh WORKDIR PREFIX...	PREFIX... comes before each redis-server
set -u
work=$1
shift
prefix=("$@")
mkdir -p "$work" && cd "$work" || exit 1
socket=$PWD/redis.sock
server=

client() { timeout 60 redis-cli -s "$socket" "$@"; }

clean_up() {
	[ -z "$server" ] || kill -TERM "$server" 2>/dev/null
}
trap clean_up EXIT

start_server() { # OPTION...
	local tries=0
	"${prefix[@]}" redis-server --port 0 --unixsocket "$socket" --dir "$PWD" --save '' --appendonly no \
		--aof-use-rdb-preamble yes --enable-debug-command no --lazyfree-lazy-user-del yes "$@" >>server.log 2>&1 &
	server=$!
	until [ "$(client ping 2>/dev/null)" = PONG ]; do
		[ $((tries += 1)) -le 300 ] && kill -0 "$server" 2>/dev/null || return 1
		sleep 0.1
	done
}

# Ends it and says how it ended.
stop_server() { # save|nosave
	client shutdown "$1" >/dev/null 2>&1
	wait "$server"
	echo "the server ended with $?"
	server=
}

# KEY VALUE: a line of INFO. Waits until it is so.
wait_for() {
	local tries=0
	until client info | tr -d '\r' | grep -qx "$1:$2"; do
		[ $((tries += 1)) -le 600 ] || { echo "$1 is not $2 after a minute"; return 1; }
		sleep 0.1
	done
	echo "$1 is $2"
}

# A sum of each key in the database, in an order of its own: the same data has the same sum, whatever the server's hashes.
digest() {
	client eval '
		local keys, all = redis.call("keys", "*"), {}
		table.sort(keys)
		local pairs_of = function(list)
			local out = {}
			for i = 1, #list, 2 do out[#out + 1] = list[i] .. "=" .. list[i + 1] end
			table.sort(out)
			return out
		end
		local read = {
			string = function(k) return {redis.call("get", k)} end,
			list = function(k) return redis.call("lrange", k, 0, -1) end,
			set = function(k) local m = redis.call("smembers", k) table.sort(m) return m end,
			zset = function(k) return pairs_of(redis.call("zrange", k, 0, -1, "withscores")) end,
			hash = function(k) return pairs_of(redis.call("hgetall", k)) end,
			stream = function(k) return {cjson.encode(redis.call("xrange", k, "-", "+"))} end,
		}
		for _, k in ipairs(keys) do
			local kind = redis.call("type", k).ok
			all[#all + 1] = k .. ":" .. kind .. ":" .. redis.sha1hex(table.concat(read[kind](k), ","))
		end
		return #keys .. " keys\n" .. table.concat(all, "\n")' 0
}

# A line a kind: that all its requests were answered without an error.
bench() { # OPTION...
	timeout 120 redis-benchmark -s "$socket" --csv -c 20 "$@" 2>bench.err | tail -n +2 | cut -d, -f1
	echo "status ${PIPESTATUS[0]}, $(grep -vc '^WARNING: Could not fetch' bench.err) errors"
}

script_of_all_types() {
	cat <<'SESSION'
flushall
set a 1
append a 23
incr a
getrange a 0 1
setrange s 5000 end
strlen s
getset a 7
mset m1 x m2 y m3 z
mget m1 m2 nothing m3
set once 1 nx
set once 2 nx
incrbyfloat f 3.25
setbit bits 100000 1
bitcount bits
bitop not stib bits
bitpos stib 0
bitfield b set u8 0 200 incrby u8 0 100
lpush l a b c
rpush l x y z
linsert l before x w
lrange l 0 -1
lpos l x
lrem l 1 b
ltrim l 0 3
lmove l other left right
blpop nothing 0.05
sadd s1 a b c d
sadd s2 c d e
sintercard 2 s1 s2
sunionstore s3 s1 s2
scard s3
smismember s3 a z
zadd z 1 p 2 q 3 r 2.5 s
zrange z 0 -1 withscores
zincrby z 10 p
zrangebyscore z 2 3
zrangebylex z - +
zunionstore zz 2 z s1 weights 2 1
zpopmax zz
zrank z p
hset h f v n 1
hincrby h n 41
hgetall h
hstrlen h f
hscan h 0
geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
geodist g Palermo Catania km
geosearch g fromlonlat 15 37 byradius 200 km asc
pfadd p a b c d e f g
pfadd q e f g h
pfcount p q
pfmerge pq p q
xadd x 1-1 field one
xadd x 2-1 field two
xadd x 3-1 field three
xgroup create x group 0
xreadgroup group group alice count 2 streams x >
xack x group 1-1
xpending x group
xrange x - +
xtrim x maxlen 1
multi
set t 1
incr t
lpush t wrong
exec
get t
multi
set t 9
discard
watch t
get t
unwatch
eval "return 6*7" 0
eval "local t = {} for i = 1, 1000 do t[i] = string.rep(tostring(i), 10) end return #table.concat(t)" 0
eval "for i = 1, 500 do redis.call('rpush', KEYS[1], i) end return redis.call('llen', KEYS[1])" 1 lualist
eval "return redis.pcall('no-such-command')" 0
eval "return cjson.encode(cmsgpack.unpack(cmsgpack.pack({1, 2, {a = 3}})))" 0
script load "return ARGV[1]"
function load "#!lua name=mine\nredis.register_function('twice', function(keys, args) return args[1] * 2 end)"
fcall twice 0 21
sort l alpha desc
object encoding l
object encoding z
copy h hcopy
rename hcopy hmoved
eval "return redis.call('restore', KEYS[2], 0, redis.call('dump', KEYS[1]), 'replace')" 2 l copied
lrange copied 0 -1
expire m1 100
ttl m1
persist m1
pexpire m2 1
memory usage s
memory usage l
memory usage x
memory usage lualist samples 0
memory usage no-such-key
type x
exists a b nothing
unlink m3
touch a
config set hash-max-listpack-entries 4
hset big 1 a 2 b 3 c 4 d 5 e 6 f
object encoding big
config set maxmemory-policy allkeys-lru
client setname soak
client getname
acl setuser guest on >secret ~g* +get
acl getuser guest
acl deluser guest
dbsize
SESSION
}

start_server || { echo "no server"; cat server.log; exit 1; }

echo "== benchmark"
bench -n 20000 -t ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,mset -r 1000 -d 200
bench -n 2000 -t lrange_100,lrange_300,lrange_500,lrange_600
bench -n 20000 -P 16 -t set,get -r 1000 -d 20
for kind in 'append log:__rand_int__ more' 'getrange log:__rand_int__ 0 20' 'hincrby sums field:__rand_int__ 1' \
	'geoadd places 13.36 38.11 place:__rand_int__' 'pfadd visitors visitor:__rand_int__' 'pexpire log:__rand_int__ 100000' \
	'srem tags tag:__rand_int__' 'zrangebyscore myzset 0 1000 limit 0 10' 'getdel gone:__rand_int__' 'sort mylist alpha limit 0 10' \
	'setex lease:__rand_int__ 100 value'; do
	echo "-- $kind"
	bench -n 10000 -r 1000 $kind | tail -n 1
done
bench -n 5000 eval "local t = {} for i = 1, 20 do t[i] = {redis.call('incr', 'lua')} end return #t" 0
bench -n 10000 xadd events '*' field value
echo "counted $(client get lua) by Lua, $(client xlen events) events, $(client llen mylist) in the list"

echo "== session"
script_of_all_types | client
sleep 0.1
client get m2
echo "$(client memory doctor | wc -l) line from the doctor, $(client memory malloc-stats | grep -c '^Allocated:') from the allocator"
client memory purge
client memory stats | grep -c overhead.total

echo "== to disk"
client config set save '' >/dev/null
digest
client bgsave
redis-benchmark -s "$socket" -q -n 20000 -r 1000 -d 100 -t set,incr,lpush >/dev/null 2>&1
echo "worked while it saved: $?"
wait_for rdb_bgsave_in_progress 0 && wait_for rdb_last_bgsave_status ok
redis-check-rdb dump.rdb >check.log 2>&1
echo "the file is checked: $?"
client config set appendonly yes
redis-benchmark -s "$socket" -q -n 20000 -r 1000 -d 100 -t set,sadd,hset >/dev/null 2>&1
wait_for aof_rewrite_in_progress 0 && wait_for aof_rewrite_scheduled 0
client bgrewriteaof
redis-benchmark -s "$socket" -q -n 20000 -r 1000 -d 100 -t set,sadd,hset >/dev/null 2>&1
wait_for aof_rewrite_in_progress 0 && wait_for aof_last_bgrewrite_status ok
digest >before
stop_server nosave

echo "== again, from what was written"
start_server --appendonly yes || { echo "no second server"; cat server.log; exit 1; }
digest | diff before - && echo "the same data"
client config set appendonly no >/dev/null
client flushall async
script_of_all_types | client | sha1sum
client config set save '' >/dev/null
client config set maxmemory 20mb
redis-benchmark -s "$socket" -q -n 60000 -r 1000000 -d 1000 -t set >/dev/null 2>&1
echo "worked while it evicted: $?, keys went: $(client info stats | tr -d '\r' | awk -F: '$1 == "evicted_keys" { print ($2 > 1000) }')"
client config set maxmemory 0
client flushall
stop_server save
