#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s
# Programs of root that become another user: servers that drop their privileges, commands that execute as somebody else.
# Their recordings are root's and listed; nobody else can read them, or make some without being of the run.
. "$(dirname "$0")/lib.sh"

if [ "$(id -u)" -ne 0 ]; then
	skip "programs that become another user" "needs root"
	exit 0
fi
compile worker -D_GNU_SOURCE -I"$ROOT/include" "$ROOT/tests/e2e/programs/other_user.c"
# Others could not reach a build below a closed home; they get access to this directory only.
mkdir -m 755 bin && cp "$SEEP" "$SHIM" worker bin/ && chmod 711 "$WORK" && chmod 1777 "$TMPDIR"
SEEP=$WORK/bin/seep SHIM=$WORK/bin/libseep.so WORKER=$WORK/bin/worker
mkdir -m 700 private

# Prints "USERS MODES" of the files in a directory, if every recording in it is whole.
state_of() { # DIRECTORY
	local recording
	for recording in "$1"/*/; do
		"$SEEP" snapshot "$recording" >/dev/null 2>report.err || echo "$recording: $(cat report.err)"
	done
	echo "$(find "$1"/* -printf '%u\n' | sort -u | paste -sd,) $(find "$1"/* -printf '%y%m\n' | sort -u | paste -sd,)"
}

# ---- what commands become, under seep run
as_other() { # NAME COUNT COMMAND...
	local name=$1 wanted=$2
	shift 2
	mkdir -m 700 "private/$name"
	timeout 60 "$SEEP" run -r 32K -i 0 -o "$WORK/private/$name/%c.%p" -- "$@" >out 2>said
	check_equal "$name: the status comes back" 7 $?
	check_equal "$name: every recording is root's and closed" "root d700,f600" "$(state_of "private/$name")"
	check_equal "$name: what ran as the other user is recorded" "$wanted" "$(find "private/$name" -maxdepth 1 -name 'worker.*' | wc -l)"
	check_equal "$name: all of them are listed" "$(find "private/$name" -mindepth 1 -maxdepth 1 | wc -l)" \
		"$(grep -cE 'in use, .*allocated  |^seep: recorded in ' said)"
	check_equal "$name: nothing is said in the program's output" "" "$(cat out)"
}
as_other setpriv 1 setpriv --reuid=65534 --regid=65534 --clear-groups "$WORKER"
as_other runuser 1 runuser -u nobody -- "$WORKER"
as_other su 1 su -s /bin/sh nobody -c "$WORKER; exit 7"
as_other capsh 1 capsh --user=nobody -- -c "$WORKER; exit 7"
as_other umask 1 sh -c "umask 077; exec setpriv --reuid=65534 --regid=65534 --clear-groups '$WORKER'"
as_other forks-afterwards 4 setpriv --reuid=65534 --regid=65534 --clear-groups "$WORKER" forks
as_other fork-then-drop 4 "$WORKER" drop forks

# ---- by LD_PRELOAD alone: each that begins as root
mkdir -m 700 private/alone
timeout 60 env LD_PRELOAD="$SHIM" SEEP_RATE=32K SEEP_INTERVAL=0 SEEP_OUTPUT="$WORK/private/alone/%c.%p" "$WORKER" forks drop
check_equal "alone: the status comes back" 7 $?
# Where init is slow to reap, the keeper is a thread, and a worker's last snapshot is made of what it left.
check_equal "alone: the program and its workers are recorded" 4 "$(find private/alone -name heap | wc -l)"
check_equal "alone: every recording is root's and closed" "root d700,f600" "$(state_of private/alone)"

# ---- users who are not part of the run, and hostile ones who are
cat >hostile.sh <<-'END'
	for how in short stranger empty; do
		setpriv --reuid=65533 --regid=65533 --clear-groups /usr/bin/python3 -S ask_host.py $how
	done
	find "$3" -mindepth 1 -maxdepth 1 -name 'python3*' | wc -l
	export LD_PRELOAD=$1
	setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 -S ask_host.py idle 200 300 >held &
	while [ ! -s held ]; do sleep 0.05; done
	SECONDS=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$2"
	echo $? $((SECONDS < 200))
	kill %1
END
cp "$ROOT/tests/e2e/support/ask_host.py" . && chmod 755 ask_host.py
bytes=$(sed -n 's/^message //p' <<<"$("$WORKER" message)")
mkdir -m 700 private/hostile
MESSAGE_BYTES=$bytes timeout 400 "$SEEP" run -r 32K -i 0 -o "$WORK/private/hostile/%c.%p" -- \
	bash -c "shim=\$LD_PRELOAD; unset LD_PRELOAD; . ./hostile.sh \"\$shim\" '$WORKER' private/hostile" bash >out 2>said
check_equal "strangers and nonsense get nothing, a refusal has no file, and nothing is made; idle connections hold up nobody" \
	"False 0
False 0
True 0
0
7 1" "$(cat out)"
check_equal "the recordings are root's and closed" "root d700,f600" "$(state_of private/hostile)"

# ---- servers
conf() { # FILE: writes the input there, with the port filled in
	sed "s/PORT/$port/" >"$1" && chmod 644 "$1"
}
kept() { # HOW NAME COMMAND...: under seep run, or alone, until it serves; then ended by SIGTERM
	local how=$1 name=$2
	shift 2
	mkdir -m 700 "private/$name.$how"
	if [ "$how" = run ]; then
		background "$SEEP" run -r 64K -i 0 -o "$WORK/private/$name.run/%c.%p" -- "$@" >server.log 2>said
	else
		background env LD_PRELOAD="$SHIM" SEEP_RATE=64K SEEP_INTERVAL=0 SEEP_OUTPUT="$WORK/private/$name.$how/%c.%p" "$@" >server.log 2>&1
	fi
	wait_until 20 port_is_open
	serve_"$name"
	kill "$background_pid"
	wait "$background_pid"
}
port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
allocated() { # DIRECTORY: prints the megabytes of its largest recording
	local recording
	for recording in "$1"/*/; do
		"$SEEP" report --json "$recording" 2>/dev/null | /usr/bin/python3 -c 'import json, sys; print(int(json.load(sys.stdin)["totals"]["alloc_bytes"]) >> 20)'
	done | sort -n | tail -n 1
}

mkdir -m 777 web
serve_nginx() {
	for _ in 1 2 3 4 5 6 7 8; do curl -s -o page "http://127.0.0.1:$port/"; done
}
serve_mosquitto() {
	/usr/bin/python3 - "$port" <<-'END'
		import socket, struct, sys
		peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		peer.sendall(bytes([0x10, 16]) + b"\0\4MQTT\4\2\0\0" + b"\0\4test")
		assert peer.recv(4)[:1] == b"\x20"
		for number in range(40):  # 4 MB that the broker keeps
		    body = struct.pack(">H", 5) + b"t/%03d" % number + bytes(100000)
		    length, encoded = len(body), b""
		    while length:
		        encoded += bytes([length % 128 | (128 if length > 127 else 0)])
		        length //= 128
		    peer.sendall(b"\x31" + encoded + body)
		peer.sendall(b"\xc0\0")
		assert peer.recv(2) == b"\xd0\0"
	END
}
for how in run alone; do
	port=$(free_port)
	conf nginx.conf <<-END
		user www-data; worker_processes 2; daemon off; pid $WORK/web/pid; error_log $WORK/web/error;
		events { worker_connections 8192; }
		http { access_log off; client_body_temp_path $WORK/web/body; proxy_temp_path $WORK/web/proxy; fastcgi_temp_path $WORK/web/fastcgi;
		uwsgi_temp_path $WORK/web/uwsgi; scgi_temp_path $WORK/web/scgi; server { listen 127.0.0.1:PORT; location / { return 200 hello; } } }
	END
	kept $how nginx nginx -c "$WORK/nginx.conf"
	check_equal "nginx, $how: master and workers are recorded" 3 "$(find "private/nginx.$how" -mindepth 1 -maxdepth 1 -name 'nginx.*' | wc -l)"
	check_equal "nginx, $how: root's and closed" "root d700,f600" "$(state_of "private/nginx.$how")"
	[ $how = alone ] || check_match "nginx: all of them are listed" '^seep: 3 recordings' "$(cat said)"
	check "nginx, $how: with what its workers allocated" test "$(allocated "private/nginx.$how")" -ge 2
	port=$(free_port)
	conf mosquitto.conf <<-END
		listener PORT 127.0.0.1
		allow_anonymous true
		persistence false
		user nobody
	END
	kept $how mosquitto mosquitto -c "$WORK/mosquitto.conf"
	check_equal "mosquitto, $how: root's and closed" "root d700,f600" "$(state_of "private/mosquitto.$how")"
	[ $how = alone ] || check_match "mosquitto: it is listed" '^seep: recorded in' "$(cat said)"
	check "mosquitto, $how: with what it allocated as nobody" test "$(allocated "private/mosquitto.$how")" -ge 4
done

# ---- said beforehand
check_match "doctor: a login shell has another environment" '^fault +su - takes LD_PRELOAD' "$("$SEEP" doctor -- su - nobody -c true)"
check "doctor: su of root's is no fault" "$SEEP" doctor -- su nobody -c true
mkdir -m 700 closed && cp "$SHIM" closed/
check_match "doctor: a library that others can't reach" '^warning +only root can load .*closed/libseep.so' \
	"$(SEEP_LIBRARY=$WORK/closed/libseep.so "$SEEP" doctor)"
exit $cases_failed
