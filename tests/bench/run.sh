#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make bench: installs the peers from Debian, builds the workloads into $BUILD/bench, measures seep beside the peers.
# measure.py tells what can be set in the environment.
set -eu
cd "$(dirname "$0")/../.."

BUILD=${BUILD:-build}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset LD_PRELOAD MALLOC_CONF
unset "${!SEEP_@}"
export SEEP_NAMES=off # a process in the background would be measured, too
tests/deps.sh build run bench
make --no-print-directory -s BUILD="$BUILD" all "$BUILD/bench/stack_bench"

bench=$BUILD/bench source=tests/bench/workloads
compile() { # OUTPUT ARGUMENT...
	local output=$1
	shift
	gcc -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -fno-builtin-malloc -o "$bench/$output" "$@"
}
compile pairs $source/pairs.c "$bench/chain_plain.o" -lpthread -lm
for name in fragment latency syncing_writer dlopen_loop measured; do
	compile $name $source/$name.c -lpthread -lm
done
compile plugin_first.so $source/plugin.c -shared -fPIC -DPLUGIN=first -DFRAME_BYTES=256
compile plugin_second.so $source/plugin.c -shared -fPIC -DPLUGIN=second -DFRAME_BYTES=512

exec /usr/bin/python3 tests/bench/measure.py "$BUILD"
