#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL, a process for each connection: a database made by initdb, pgbench with several clients, parallel plans, a
# backend that is killed so that the postmaster restarts all of them, a reload, a fast and a smart end, a second start.
# time limit: 240 s
#
# As root it runs as the user postgres, as it must: PREFIX... is then run as that user, too.
set -u
work=$1
shift
programs=/usr/lib/postgresql/15/bin
if [ "$(id -u)" -eq 0 ]; then
	chown postgres "$work"
	cp "$0" "$work/program.sh" && cd "$work" || exit 1 # its folder may be closed to others
	exec setpriv --reuid=postgres --regid=postgres --clear-groups bash "$work/program.sh" "$work" "$@"
fi
prefix=("$@")
cd "$work" || exit 1
export PGHOST=$PWD/socket PGUSER=soak PGDATABASE=soak PGDATA=$PWD/data PGOPTIONS='--client-min-messages=error'
server='' postmaster=''

clean_up() {
	[ -z "$postmaster" ] || kill -QUIT "$postmaster" 2>/dev/null
}
trap clean_up EXIT

ask() { # SQL: its answer, on lines
	timeout 100 $programs/psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -c "$1" 2>&1
}

is_up() { [ "$(timeout 10 $programs/psql -X -A -t -d postgres -c 'select 1' 2>/dev/null)" = 1 ]; }

start_server() {
	local tries=0
	"${prefix[@]}" $programs/postgres >>server.log 2>&1 &
	server=$!
	until is_up; do
		[ $((tries += 1)) -le 300 ] && kill -0 "$server" 2>/dev/null || { echo "no server"; tail server.log; exit 1; }
		sleep 0.1
	done
	postmaster=$(head -n 1 data/postmaster.pid)
}

# Ends it by a signal and says how it ended.
stop_server() { # SIGNAL
	kill "-$1" "$postmaster"
	wait "$server"
	echo "ended by $1 with $?"
	server='' postmaster=''
}

bench() { # OPTION...: prints what became of its transactions
	timeout 100 $programs/pgbench -n --random-seed=7 "$@" >bench.out 2>&1
	echo "status $?: $(grep -E '^(number of transactions actually|number of failed)' bench.out | sed 's/.*: //' | paste -sd' ')"
}

# Branches, tellers, accounts and the history must agree.
balance() {
	ask 'select (select sum(abalance) from pgbench_accounts) a, (select sum(bbalance) from pgbench_branches) b,
		(select sum(tbalance) from pgbench_tellers) t, (select sum(delta) from pgbench_history) d,
		(select count(*) from pgbench_history) n'
}

mkdir -p socket
"${prefix[@]}" $programs/initdb -U soak -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1
echo "initdb: $?"
cat >>data/postgresql.conf <<-END_OF_CONF
	listen_addresses = ''
	unix_socket_directories = '$PWD/socket'
	shared_buffers = 32MB
	max_connections = 40
	fsync = off
	autovacuum_naptime = 2s
	log_min_messages = warning
END_OF_CONF
start_server
$programs/createdb soak

echo "== pgbench"
timeout 100 $programs/pgbench -i -q -s 2 >/dev/null 2>&1
echo "made: $?"
bench -c 8 -j 2 -t 250
bench -c 4 -t 250 -M prepared
bench -c 4 -t 250 -b select-only
bench -c 3 -t 20 -C
balance

echo "== queries"
ask "create table numbers as select i, i % 97 as k, md5(i::text) as t from generate_series(1, 200000) i; create index on numbers (k); analyze numbers"
parallel="set max_parallel_workers_per_gather = 3; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set min_parallel_index_scan_size = 0; set enable_indexscan = off; set enable_bitmapscan = off;"
ask "$parallel explain (costs off) select k, count(*) from numbers group by k" | grep -c 'Parallel Seq Scan'
ask "$parallel select sum(hashtext(t)::bigint), count(distinct k), min(t), max(t) from numbers"
ask "$parallel set work_mem = '64kB'; select count(*), sum(a.i) from numbers a join numbers b on a.t = b.t where b.k < 50"
ask "set work_mem = '64kB'; select md5(string_agg(t, '' order by t desc)) from numbers"
ask "with recursive f(a, b) as (values (0::numeric, 1::numeric) union all select b, a + b from f where b < 1e200) select max(a) from f"
ask "select md5(json_agg(numbers order by i)::text), length(xmlfree) from numbers, repeat('x', 1000000) xmlfree where i < 5000 group by 2" 
ask "do \$\$ begin for i in 1..2000 loop begin perform 1 / (i % 2); exception when division_by_zero then null; end; end loop; end \$\$; select 'subtransactions done'"
ask "create function fib(n int) returns bigint language plpgsql as \$\$ begin if n < 2 then return n; end if; return fib(n - 1) + fib(n - 2); end \$\$; select fib(17)"
ask "copy (select * from numbers order by i) to '$PWD/numbers.copy'; create table copied (like numbers); copy copied from '$PWD/numbers.copy'; select count(*), sum(i) from copied"
ask "select 1 / 0"
ask "select regexp_replace(repeat('seep ', 50000), 's(e+)p', 'p\1s', 'g') = repeat('pees ', 50000)"
for query in 'vacuum full copied' 'reindex table numbers' 'cluster numbers using numbers_k_idx' 'vacuum analyze'; do
	ask "$query" && echo "done: $query"
done
$programs/pg_dump --no-comments soak >dump.sql 2>/dev/null
echo "dumped: $?, $(grep -c '^COPY' dump.sql) tables"

echo "== a backend is killed"
before=$(balance)
$programs/psql -X -q -c "set application_name = 'victim'; create temp table own as select generate_series(1, 50000); select pg_sleep(60)" >victim.log 2>&1 &
client=$!
tries=0
until victim=$(ask "select pid from pg_stat_activity where application_name = 'victim' and wait_event = 'PgSleep'") && [ -n "$victim" ]; do
	[ $((tries += 1)) -le 200 ] || break
	sleep 0.1
done
kill -KILL "$victim"
wait $client
echo "its client ended with $?"
until is_up; do
	[ $((tries += 1)) -le 500 ] || break
	sleep 0.1
done
echo "the postmaster is $([ "$(head -n 1 data/postmaster.pid)" = "$postmaster" ] && echo the same || echo another)"
[ "$(balance)" = "$before" ] && echo "nothing is lost"
bench -c 4 -t 100

echo "== reload"
echo "work_mem = '7MB'" >>data/postgresql.conf
ask "alter system set autovacuum_naptime = '3s'; "
kill -HUP "$postmaster"
tries=0
until [ "$(ask 'show work_mem')" = 7MB ]; do
	[ $((tries += 1)) -le 100 ] || break
	sleep 0.1
done
ask 'show work_mem'
ask 'show autovacuum_naptime'
bench -c 4 -t 100
before=$(balance)
$programs/psql -X -q -c "select pg_sleep(60)" >/dev/null 2>&1 &
client=$!
sleep 0.5
stop_server INT
wait $client
echo "the client that waited ended with $?"

echo "== again"
start_server
[ "$(balance)" = "$before" ] && echo "nothing is lost"
$programs/pg_ctl status >/dev/null
echo "pg_ctl status: $?"
ask checkpoint
stop_server TERM
