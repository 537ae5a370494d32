#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120 s
# short: yes
# allocator: own, PartitionAlloc is linked in
# Chromium without a window: one page (../support/page.html), its tree after its scripts, then its picture.
directory=$1
shift
page=$(realpath "$(dirname "$0")/../support/page.html")

prefix=("$@")
browse() { # NAME OPTION...
	local name=$1
	shift
	"${prefix[@]}" /usr/bin/chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --disable-extensions --disable-dev-shm-usage --hide-scrollbars \
		--window-size=500,400 --timeout=60000 --virtual-time-budget=30000 --user-data-dir="$directory/$name" "$@" "file://$page" \
		2>"$name.err"
}

browse tree --dump-dom
status=$?
[ -n "${SOAK_SHORT:-}" ] && exit $status
browse picture --screenshot="$directory/page.png" >/dev/null
echo "picture: exit $?, $(head -c 8 page.png | od -An -tx1 | tr -d ' '), $(sha256sum <page.png | cut -c1-16)"
exit $status
