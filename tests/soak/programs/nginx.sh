#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# nginx, a daemon whose master forks workers: pages of all sizes, compressed, assembled and passed on by another server
# of its own, while it is reloaded again and again, its program is exchanged for itself, and a worker is killed.
# time limit: 120 s
#
# As root the workers give up their privileges to www-data, as they do in production.
set -u
work=$1
shift
prefix=("$@")
here=$(cd "$(dirname "$0")" && pwd)
cd "$work" || exit 1
chmod 755 .
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
front=$(port)
inner=$(port)

clean_up() {
	[ ! -e nginx.pid ] || kill -TERM "$(cat nginx.pid)" 2>/dev/null
}
trap clean_up EXIT

# Debian's nginx hands its environment to nobody, not even to itself when it is exchanged: "env" lets pass what it names.
write_configuration() { # WORKERS
	cat >nginx.conf <<-CONF
		$([ "$(id -u)" -ne 0 ] || echo 'user www-data;')
		worker_processes $1;
		pid $PWD/nginx.pid;
		error_log $PWD/error.log notice;
		env LD_PRELOAD; env SEEP_RATE; env SEEP_OUTPUT; env SEEP_SESSION; env SEEP_KEEPER; env SEEP_INTERVAL;
		env DUMP_HEAPTRACK_OUTPUT; env LSAN_OPTIONS;
		events { worker_connections 256; }
		http {
			access_log $PWD/access.log combined buffer=4k;
			$(for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $PWD/tmp/$kind;"; done)
			types { text/html html shtml; text/plain txt; }
			gzip on;
			gzip_types text/plain;
			proxy_cache_path $PWD/tmp/cache levels=1 keys_zone=cache:1m max_size=10m use_temp_path=off;
			map \$uri \$kind { default other; ~big large; }
			server {
				listen 127.0.0.1:$front;
				root $PWD/pages;
				location /assembled/ { ssi on; }
				location /made { return 200 "made of \$uri, \$kind, \$request_method\n"; }
				location /passed/ { proxy_pass http://127.0.0.1:$inner/; proxy_buffers 8 4k; }
				location /cached/ { proxy_pass http://127.0.0.1:$inner/; proxy_cache cache; proxy_cache_valid 200 1s; }
				location /moved { rewrite ^/moved/(.*)\$ /made/\$1 last; }
				location = /away { return 301 /made; }
			}
			server {
				listen 127.0.0.1:$inner;
				root $PWD/pages;
			}
		}
	CONF
}

mkdir -p pages/assembled tmp
[ "$(id -u)" -ne 0 ] || chown www-data tmp
printf 'small\n' >pages/small.html
seq 3000 >pages/lines.txt
head -c 300000 /dev/zero | tr '\0' x >pages/big.html
echo '<!--#set var="a" value="b" --><!--#echo var="a" --> <!--#include virtual="/small.html" --><!--#include virtual="/passed/lines.txt" -->' \
	>pages/assembled/index.html
paths='/small.html /lines.txt /big.html /assembled/index.html /made/here /passed/lines.txt /passed/big.html /cached/lines.txt
	/moved/there /away /nothing'

write_configuration 2
"${prefix[@]}" "$(command -v nginx)" -p "$PWD" -c nginx.conf -t >test.log 2>&1
echo "configuration: $?"
"${prefix[@]}" "$(command -v nginx)" -p "$PWD" -c nginx.conf >server.log 2>&1
echo "started: $?"
answers() { python3 -c 'import sys, urllib.request as u; sys.exit(u.urlopen(sys.argv[1], timeout=5).read() != b"small\n")' "http://127.0.0.1:$front/small.html" 2>/dev/null; }
# SECONDS COMMAND...: tries until it succeeds
until_so() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $deadline ] || { echo "never: $*"; return 1; }
		sleep 0.1
	done
}
until_so 20 answers || { cat server.log error.log; exit 1; }
master=$(cat nginx.pid)

mkfifo stop
# shellcheck disable=SC2086
python3 "$here/../support/http_load.py" "127.0.0.1:$front" 8 $paths <stop >load.out 2>load.err &
load=$!
exec 9>stop

# MASTER: those that serve, and those that still end; not the cache's own
workers_of() { pgrep -P "$1" -f 'worker process' | sort | paste -sd' '; }
# MASTER OLD COUNT: none of the old workers but COUNT new ones
are_new() {
	local now worker
	now=$(workers_of "$1")
	for worker in $2; do
		case " $now " in *" $worker "*) return 1 ;; esac
	done
	[ "$(wc -w <<<"$now")" -eq "$3" ]
}
sleep 0.5
for workers in 1 3 2 2; do
	old=$(workers_of "$master")
	write_configuration $workers
	kill -HUP "$master"
	until_so 30 are_new "$master" "$old" $workers && echo "reloaded: $workers workers"
	sleep 0.3
done
kill -USR1 "$master"
echo "logs opened anew"

# The program is exchanged: a second master with workers of its own, then the first ones go.
kill -USR2 "$master"
has_second() { [ -e nginx.pid.oldbin ] && [ -s nginx.pid ] && [ "$(cat nginx.pid)" != "$master" ]; }
until_so 20 has_second && echo "a second master"
second=$(cat nginx.pid)
are_old_and_new() { [ "$(workers_of "$second" | wc -w)" -eq 2 ]; }
until_so 20 are_old_and_new && echo "with workers of its own"
sleep 0.3
kill -WINCH "$master"
is_alone() { [ -z "$(workers_of "$master")" ]; }
until_so 30 is_alone && echo "the first master's workers have left"
kill -QUIT "$master"
has_ended() { ! kill -0 "$1" 2>/dev/null; }
until_so 20 has_ended "$master" && echo "the first master has left"
sleep 0.3
old=$(workers_of "$second")
kill -HUP "$second"
until_so 30 are_new "$second" "$old" 2 && echo "the second reloads"
sleep 0.3
exec 9>&-
wait $load
echo "the load ended with $?"
cat load.out
[ "$(cut -d' ' -f1 load.err)" -gt 500 ] && echo "many requests" || cat load.err

# Now for what may cost a request: a worker is killed, and another takes its place.
old=$(workers_of "$second")
kill -KILL "${old%% *}"
is_complete() { [ "$(workers_of "$second" | wc -w)" -eq 2 ] && [ "$(workers_of "$second")" != "$old" ]; }
until_so 20 is_complete && echo "another worker"
until_so 5 answers && echo "answers"
kill -QUIT "$second"
until_so 20 has_ended "$second" && echo "the second master has left"
grep -oE '\[(alert|crit|emerg)\].*' error.log | sed 's/[0-9][0-9]*#[0-9]*: //; s/[0-9][0-9]*/N/g' | sort | uniq -c
exit 0
