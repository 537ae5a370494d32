#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make bench-filter: libseep.so with other layouts of the filter, in turn on the same workloads over jemalloc, and what
# each adds to a pair of malloc and free, in ns of CPU (the median of LAYOUT_RUNS, 9, rounds).
set -eu
cd "$(dirname "$0")/../.."

BUILD=${BUILD:-build}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset LD_PRELOAD "${!SEEP_@}"
make --no-print-directory -s BUILD="$BUILD" all "$BUILD/bench/chain_plain.o"
gcc -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -fno-builtin-malloc -o "$BUILD/bench/pairs" \
	tests/bench/workloads/pairs.c "$BUILD/bench/chain_plain.o" -lpthread -lm

# NAME BITS FACTOR: a counter for each 2^(32 - BITS) / FACTOR bytes, 2^BITS counters
layouts=("16B-64K 16 4097" "256B-64K 16 257" "1K-64K 16 65" "256B-1M 20 17")
for layout in "${layouts[@]}"; do
	read -r name bits factor <<<"$layout"
	make --no-print-directory -s BUILD="$BUILD/filter-$name" \
		CFLAGS="-O2 -g -DFILTER_BITS=$bits -DFILTER_FACTOR=$factor" "$BUILD/filter-$name/libseep.so"
done
exec /usr/bin/python3 tests/bench/filter_layouts.py "$BUILD" "${layouts[@]%% *}"
