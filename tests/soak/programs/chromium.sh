#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120 s
# allocator: own, PartitionAlloc is linked in
# recordings: any, chromium defines malloc itself (only what its start script calls is recorded)
# says: bypassed, unless it passes calls on: /usr/lib/chromium/chromium
# Chromium without a window: one page (../support/page.html) from a server on the loopback interface, its results after its
# scripts have run, then its picture.
directory=$1
shift
prefix=("$@")
support=$(realpath "$(dirname "$0")/../support")

/usr/bin/python3 "$support/page_server.py" "$support/page.html" "$directory/port" &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 100); do
	[ -e port ] && break
	sleep 0.1
done

browse() { # NAME OPTION...
	local name=$1
	shift
	"${prefix[@]}" /usr/bin/chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --disable-extensions --disable-dev-shm-usage --hide-scrollbars \
		--window-size=500,400 --timeout=60000 --user-data-dir="$directory/$name" "$@" "http://127.0.0.1:$(cat port)/" \
		2>"$name.err"
	local status=$?
	cat "$name.err" >&2
	return $status
}

browse tree --dump-dom >tree.html
status=$?
grep -oE '<li>[^<]*|<title>[^<]*' tree.html | sed 's/^<[a-z]*>//; s/: /\t/'
printf 'odd boxes\t%s\n' "$(grep -o 'class="odd"' tree.html | wc -l)"
browse picture --screenshot="$directory/page.png" >picture.out
printf 'picture\texit %s, %s, %s\n' $? "$(head -c 8 page.png | od -An -tx1 | tr -d ' ')" "$(sha256sum <page.png | cut -c1-16)"
exit $status
