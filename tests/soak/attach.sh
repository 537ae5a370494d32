#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make soak-attach: joins and leaves real programs at work, CYCLES times each (1,000), and prints what they noticed. Each
# must do its work to the end without an error, and have no descriptor and no mapping more than after the first cycle.
# ATTACH_ONLY=redis for one of them.
set -u
cd "$(dirname "$0")/../.." || exit 1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
ROOT=$PWD
SEEP=$(realpath "${BUILD:-build}/seep")
CYCLES=${CYCLES:-1000}
options=()
WORK=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1
failed=0

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start() { # COMMAND...: in the background, to be ended by its number
	"$@" >>output 2>&1 &
	started=$!
	pids+=("$started")
}
# Descriptors but sockets, mappings of seep, mappings of recordings.
holds() { echo "$(find "/proc/$1/fd" ! -lname 'socket:*' | wc -l) $(grep -c libseep "/proc/$1/maps") $(grep -c "$WORK/recording" "/proc/$1/maps")"; }
holds_more() { # BEFORE PID: and goes on doing so; the program itself opens and closes files, too
	local i more was now
	read -ra was <<<"$1"
	for _ in {1..50}; do
		read -ra now <<<"$(holds "$2")"
		more=0
		for i in 0 1 2; do [ "${now[i]}" -le "${was[i]}" ] || more=1; done
		[ $more = 1 ] || return 1
		sleep 0.1
	done
	echo "descriptors but sockets, mappings of seep, mappings of recordings: $1 after the first cycle, now ${now[*]}"
}

cycle() { # NAME NUMBER PID: joins and leaves it; a failure is printed at once, with everything that seep said
	local step
	for step in "attach ${options[*]} -r 64K -o $WORK/recording" detach; do
		# shellcheck disable=SC2086 # an option a word
		"$SEEP" $step "$3" 2>said && cat said >>log && continue
		printf '%s: cycle %d, load %s: seep %s: %s\n' "$1" "$2" "$(cut -d' ' -f1 /proc/loadavg)" "${step%% *}" "$(tr '\n' ' ' <said)"
		[ "$step" = detach ] || "$SEEP" detach "$3" 2>&1 | sed 's/^/	afterwards: /' # of this cycle, and no other fails for it
		return 1
	done
}
cycles() { # NAME PID CHECK
	local name=$1 pid=$2 errors=0 before="" i
	: >log
	for ((i = 0; i < CYCLES; i++)); do
		cycle "$name" "$i" "$pid" || errors=$((errors + 1))
		rm -rf "$WORK"/recording* 2>/dev/null # the process that stayed may be at its last
		[ -n "$before" ] || before=$(holds "$pid")
		kill -0 "$pid" 2>/dev/null || { echo "$name: it ended in cycle $i"; failed=1; return; }
	done
	! holds_more "$before" "$pid" || { failed=1; echo "$name holds more than it did"; }
	eval "$3" || { failed=1; echo "$name: it did not work as it should: $(tail -3 output)"; }
	[ "$errors" = 0 ] || { failed=1; echo "$name: $errors cycles failed"; }
	grep -o 'stood still for [0-9.]*' log | awk -v name="$name" -v cycles="$CYCLES" '{print $4 | "sort -n"}' | awk -v name="$name" \
		-v cycles="$CYCLES" '{all[NR] = $1} END {printf "%-10s %5d cycles, stood still (ms): median %.1f, most %.1f\n", name, cycles, all[int((NR + 1) / 2)], all[NR]}'
}
wide=-mavx
! grep -qw avx512bw /proc/cpuinfo || wide=-mavx512bw
wanted() { [ -z "${ATTACH_ONLY:-}" ] || [ "$ATTACH_ONLY" = "$1" ]; }

if wanted redis; then
	redis=$(port)
	start redis-server --port "$redis" --save "" && pid=$started
	start redis-benchmark -p "$redis" -t set,get,hset -n 1000000000 -c 20 -d 200 -r 100000 -q
	load=$started
	sleep 1
	cycles redis "$pid" '[ "$(redis-cli -p $redis ping)" = PONG ] && kill -0 $load && ! grep -qi "error" output'
	kill "$load" "$pid"
fi
if wanted nginx; then
	nginx=$(port)
	mkdir -p nginx && cat >nginx/conf <<-END
		worker_processes 2; daemon off; pid nginx/pid; error_log nginx/errors; events {}
		http { access_log off; client_body_temp_path nginx/b; proxy_temp_path nginx/p; fastcgi_temp_path nginx/f; uwsgi_temp_path nginx/u;
		scgi_temp_path nginx/s; server { listen 127.0.0.1:$nginx; location / { return 200 "hello"; } } }
	END
	start nginx -p "$WORK" -c "$WORK/nginx/conf" && pid=$started
	sleep 1
	start python3 -c '
import http.client, sys
while True:
    c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
    for i in range(50):
        c.request("GET", "/")
        if c.getresponse().read() != b"hello":
            print("error: another answer", flush=True)
    c.close()' "$nginx"
	load=$started
	command -v wrk >/dev/null && start wrk -t 1 -c 10 -d 2h "http://127.0.0.1:$nginx/" && other=$started
	cycles nginx "$(cat "/proc/$pid/task/$pid/children" | cut -d" " -f1)" 'kill -0 $load && ! grep -q "error" output nginx/errors'
	kill "$load" "$pid" ${other:+"$other"}
fi
if wanted python3; then
	start python3 -c '
import subprocess, time
kept = []
while True:
    kept.append("a" * 5000)
    d = {i: str(i) for i in range(20000)}
    if len(kept) % 50 == 0 and subprocess.run(["true"]).returncode:
        print("error: true failed", flush=True)
    assert d[777] == "777"'
	sleep 1
	cycles python3 "$started" '! grep -q "rror" output'
	kill "$started"
fi
if wanted node && command -v node >/dev/null; then
	start node -e 'const kept = []; setInterval(() => { kept.push(Buffer.alloc(20000, 1)); if (kept.length > 2000) kept.length = 0; JSON.parse(JSON.stringify(Array.from({length: 1000}, (_, i) => ({i})))); }, 5);'
	sleep 1
	cycles node "$started" '! grep -q "rror" output'
	kill "$started"
fi
if wanted java && command -v javac >/dev/null; then
	echo 'import java.util.*; public class Leak { public static void main(String[] a) throws Exception { List<java.nio.ByteBuffer> l = new ArrayList<>(); while (true) { l.add(java.nio.ByteBuffer.allocateDirect(1000)); if (l.size() > 100000) l.clear(); Thread.sleep(1); } } }' >Leak.java
	javac Leak.java && start java -Xmx200m Leak
	sleep 2
	cycles java "$started" '! grep -qi "exception\|error" output'
	kill "$started"
fi
if wanted threads; then
	gcc -x c -O1 -pthread -o threads - <<-'END'
		#include <pthread.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>
		static void *churn(void *seed) {
			unsigned s = (unsigned)(long)seed;
			unsigned char *p[64] = {0};
			size_t n[64] = {0};
			for (;;) {
				s = s * 1664525 + 1013904223;
				int i = s >> 26;
				if (p[i] && n[i] && p[i][n[i] - 1] != i) abort();
				free(p[i]);
				n[i] = (s >> 8) % 4000;
				p[i] = memset(malloc(n[i] + 1), i, n[i]);
			}
			return 0;
		}
		int main(void) { pthread_t t; for (long i = 0; i < 8; i++) pthread_create(&t, 0, churn, (void *)(i + 1)); for (;;) pause(); }
	END
	start ./threads
	sleep 0.2
	cycles threads "$started" true
	kill "$started"
fi
if wanted mix; then
	echo 'int plugged(int i) { return i + 1; }' | gcc -x c -shared -fPIC -o plugged.so -
	gcc -x c -w -O1 -pthread -o mix - <<-'END'
		#include <dlfcn.h>
		#include <errno.h>
		#include <pthread.h>
		#include <signal.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/time.h>
		#include <sys/wait.h>
		#include <unistd.h>
		static void *churn(void *x) { for (;;) free(memset(malloc(700), 1, 700)); }
		static void nothing(int s) { int e = errno; free(malloc(10)); errno = e; }
		static void wrong(const char *what) { printf("error: %s\n", what); fflush(stdout); }
		int main(void) {
			char *arguments[] = {"true", NULL};
			pthread_t t;
			int status;
			pthread_create(&t, 0, churn, 0);
			for (;;) {
				void *plugin = dlopen("./plugged.so", RTLD_NOW);
				if (!plugin || ((int (*)(int))dlsym(plugin, "plugged"))(2) != 3) wrong("plugin");
				if (plugin) dlclose(plugin);
				pid_t child = fork();
				if (!child) { free(malloc(3000)); execv("/bin/true", arguments); _exit(9); }
				if (waitpid(child, &status, 0) != child || status) wrong("child");
				child = vfork();
				if (!child) { execv("/bin/true", arguments); _exit(9); }
				if (waitpid(child, &status, 0) != child || status) wrong("vfork");
			}
		}
	END
	start ./mix
	sleep 0.2
	cycles mix "$started" '! grep -q "error" output'
	kill "$started"
fi
if wanted postgres && initdb=$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -1) && [ -n "$initdb" ]; then
	bin=$(dirname "$initdb")
	as() { if [ "$(id -u)" = 0 ]; then exec setpriv --reuid nobody --regid nogroup --clear-groups "$@"; else exec "$@"; fi; } # in a shell of its own
	mkdir -p pg && chmod 755 . && { [ "$(id -u)" != 0 ] || chown nobody pg; }
	(cd pg && as "$initdb" -D "$WORK/pg/data" -A trust -U seep) >/dev/null 2>&1
	start as "$bin/postgres" -D "$WORK/pg/data" -k "$WORK/pg" -c listen_addresses=
	server=$started
	for ((i = 0; i < 100; i++)); do [ -S pg/.s.PGSQL.5432 ] && break; sleep 0.2; done
	start bash -c 'while :; do echo "select count(*), sum(length(repeat(md5(i::text), 20))) from generate_series(1, 20000) i;"; done |
		"$0/psql" -h "$1" -U seep -q -t -d postgres | grep -v " 20000 | 12800000"' "$bin" "$WORK/pg"
	load=$started
	for ((i = 0; i < 100; i++)); do
		backend=$(pgrep -P "$server" -f 'seep postgres' | head -1)
		[ -z "$backend" ] || break
		sleep 0.2
	done
	cycles postgres "${backend:-0}" 'kill -0 $load && ! grep -qiE "error|[0-9]+ \| [0-9]+" output'
	kill "$load" && kill -INT "$server" # it would wait for its clients otherwise
fi
if wanted nasty; then
	echo 'int plugged(int i) { return i + 1; }' | gcc -x c -shared -fPIC -o plugged.so -
	gcc -w -O1 $wide -pthread -o nasty "$OLDPWD/tests/soak/attach_nasty.c"
	start ./nasty
	sleep 0.2
	cycles nasty "$started" '! grep -q "error" output'
	kill "$started"
fi
# Calls that block, while the machine has far too much to do.
if wanted eintr; then
	gcc -w -O1 -D_GNU_SOURCE -pthread -o eintr "$ROOT/tests/soak/attach_eintr.c"
	start ./eintr && pid=$started
	hogs=()
	for i in {1..12}; do
		start bash -c 'while :; do :; done'
		hogs+=("$started")
	done
	cycles eintr "$pid" '! grep -q "error" output'
	kill "${hogs[@]}" "$pid"
fi
# A leak is named although the program has run for a while: joined after 30 s, its line is the first within a minute.
if wanted leak; then
	gcc -g -O1 -fno-builtin -o leaks -x c - <<-'END'
		#include <stdlib.h>
		#include <string.h>
		#include <time.h>
		__attribute__((noinline)) static void forget(void) { memset(malloc(20000), 1, 20000); }
		int main(void) {
			for (int i = 0;; i++) {
				if (i % 4 == 0) forget();
				for (int k = 0; k < 20; k++) free(memset(malloc(5000), 1, 5000));
				nanosleep(&(struct timespec){0, 5000000}, NULL);
			}
		}
	END
	start ./leaks
	sleep 30
	begun=$SECONDS named=""
	"$SEEP" attach -r 64K -i 10s -o "$WORK/leak" "$started" 2>>log
	while ((SECONDS - begun < 60)) && [ -z "$named" ]; do
		sleep 1
		named=$("$SEEP" leaks "$started" 2>/dev/null | grep -m 1 '^1 .*forget')
	done
	printf '%-10s joined after 30 s; %s\n' leak "${named:+named first after $((SECONDS - begun)) s}"
	[ -n "$named" ] || failed=1
	"$SEEP" detach "$started" 2>>log
	kill "$started"
fi
# REDIS=PATH: one that its authors' makefile has built, with jemalloc in it (apt-get source redis; make MALLOC=jemalloc).
if wanted static_redis && [ -n "${REDIS:-}" ]; then
	redis=$(port)
	start "$REDIS" --port "$redis" --save "" && pid=$started
	start redis-benchmark -p "$redis" -t set,get,hset -n 1000000000 -c 20 -d 200 -r 100000 -q
	load=$started
	sleep 1
	options=(--static)
	CYCLES=${STATIC_CYCLES:-200} cycles "static redis" "$pid" '[ "$(redis-cli -p $redis ping)" = PONG ] && kill -0 $load && ! grep -qi "error" output'
	kill "$load" "$pid"
fi
# Allocators that are a part of the program, under threads that look at their blocks.
if wanted static; then
	CYCLES=${STATIC_CYCLES:-200}
	options=(--static)
	jemalloc=/usr/lib/x86_64-linux-gnu/libjemalloc.a
	nm -g --defined-only $jemalloc 2>/dev/null | awk '$2 ~ /[TW]/ && $3 ~ /^(malloc|calloc|realloc|free|.*allocx)$/ { print $3, "_rjem_" $3 }' |
		sort -u >names
	objcopy --redefine-syms=names $jemalloc librjem.a
	programs=$ROOT/tests/e2e/programs
	gcc -O2 -fno-builtin -pthread -o static_toy "$programs/static_churn.c" "$programs/toy_malloc.c"
	gcc -O2 -fno-builtin -pthread -o static_jemalloc "$programs/static_churn.c" $jemalloc -lm -lstdc++ -ldl
	gcc -O2 -fno-builtin -pthread -DPREFIX=_rjem_ -o static_rjem "$programs/static_churn.c" librjem.a -lm -lstdc++ -ldl
	for program in static_toy static_jemalloc static_rjem; do
		./$program >rounds &
		started=$!
		pids+=("$started")
		sleep 0.2
		cycles $program "$started" true
		kill "$started"
		wait "$started" || { echo "$program: it ended with $?"; failed=1; }
	done
fi
# Seep is killed behind each of its calls that do something to the process.
if wanted killed; then
	gcc -O1 -D_GNU_SOURCE -o attach_kill "$ROOT/tests/soak/attach_kill.c"
	gcc -w -O1 $wide -pthread -o nasty "$ROOT/tests/soak/attach_nasty.c"
	gcc -O2 -fno-builtin -pthread -o static_jemalloc "$ROOT/tests/e2e/programs/static_churn.c" /usr/lib/x86_64-linux-gnu/libjemalloc.a -lm -lstdc++ -ldl
	gcc -O2 -fno-builtin -pthread -o churn "$ROOT/tests/e2e/programs/static_churn.c"
	redis=$(port)
	for program in "./nasty alone" "./static_jemalloc 4" "./churn 8" "redis-server --port $redis"; do
		# shellcheck disable=SC2086 # a word each
		start $program && pid=$started
		sleep 0.5
		options=(-r 64K)
		[[ $program != *static* ]] || options+=(--static)
		./attach_kill "$SEEP" "$pid" "$WORK/killed" "${KILL_STEP:-1}" "${options[@]}" 2>&1 | sed "s|^|${program%% *}: |"
		[ "${PIPESTATUS[0]}" = 0 ] && kill -0 "$pid" && ! grep -q error output || { failed=1; tail -3 output kill.log; }
		[[ $program != redis* ]] || [ "$(redis-cli -p "$redis" ping)" = PONG ] || { failed=1; echo "redis does not answer"; }
		kill "$pid"
		rm -rf "$WORK"/killed*
	done
fi
exit $failed
