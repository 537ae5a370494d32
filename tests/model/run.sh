#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks every model here in all interleavings with spin. Fails on an assertion, a deadlock or a search cut short.
set -u
models=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
for model in "$models"/*.pml; do
	name=$(basename "$model" .pml)
	if spin -a "$model" >log 2>&1 && gcc -O2 -DSAFETY -DCOLLAPSE -DMEMLIM=1024 -o pan pan.c >>log 2>&1 &&
		timeout 60 ./pan -m1000000 >>log 2>&1 && grep -q 'errors: 0' log &&
		! grep -Eq 'not completed|max search depth too small|out of memory' log; then
		echo "ok - $name: $(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log) states"
	else
		echo "not ok - $name"
		cat log
		failed=1
	fi
done
exit $failed
