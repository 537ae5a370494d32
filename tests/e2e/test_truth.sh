#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300 s Programs that count for themselves what they allocate and leak, by site: in C, in C++ and in
# threads. Seep's output is compared with that: to the byte at rate 1, by its intervals and verdicts at other rates,
# over 2 runs (SEEP_RUNS).
runs=${SEEP_RUNS:-2}
. "$(dirname "$0")/lib.sh"

programs=$ROOT/tests/e2e/programs
# Not optimised: an unrolled loop calls a site from several places, and then it is several sites.
gcc -std=gnu11 -g -pthread -o leaking "$programs/leaking.c"
gcc -std=gnu11 -g -pthread -o leaking_threads "$programs/leaking_threads.c"
g++ -std=c++17 -g -o leaking_cxx "$programs/leaking.cpp"

truth() {
	/usr/bin/python3 "$ROOT/tests/e2e/support/truth.py" "$@" || cases_failed=1
}

for program in leaking leaking_cxx leaking_threads; do
	truth exact "$SEEP" "$WORK/$program"
	truth sampled "$SEEP" "$WORK/$program" 8K "$runs"
done
for allocator in jemalloc tcmalloc mimalloc; do
	truth exact "$SEEP" "$WORK/leaking_cxx" "--allocator=$allocator"
done
truth exact "$SEEP" "$WORK/leaking_threads" --allocator=jemalloc
exit $cases_failed
