#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120 s
# Redis: its benchmark over its kinds of command, then answers to one of each sort of value.
directory=$1
shift
socket=$directory/redis.sock
tries=0
kinds=ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,lrange_300,lrange_500,lrange_600,mset
"$@" redis-server --port 0 --unixsocket "$socket" --save '' --dir "$directory" >redis.log 2>&1 &
server=$!
until redis-cli -s "$socket" ping >/dev/null 2>&1 || [ $((tries += 1)) -gt 100 ]; do sleep 0.1; done
timeout 60 redis-benchmark -s "$socket" -n 1000 -q -t $kinds >/dev/null 2>&1
echo "benchmark: $?"
printf '%s\n' flushall 'set a 1' 'append a 23' 'incr a' 'rpush l x y z' 'lrange l 0 -1' 'zadd z 1 p 2 q' \
	'zrange z 0 -1 withscores' 'hset h f v' 'hgetall h' 'setrange s 5000 end' 'strlen s' 'eval "return 6*7" 0' \
	'pfadd p a b c' 'pfcount p' 'bitcount a' dbsize | timeout 20 redis-cli -s "$socket"
timeout 10 redis-cli -s "$socket" shutdown nosave 2>/dev/null
wait $server
