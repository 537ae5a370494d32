#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# More leaks than a screen has room for, in functions that differ only by their template arguments: the screen fits, its
# rows read differently, and none seems surer than it is.
. "$(dirname "$0")/lib.sh"

cat >many.cpp <<'END'
#include <cstdlib>
#include <cstring>
#include <unistd.h>
struct Price {};
template <class T, int N> struct RepositoryOfEverythingThatWasEverAsked {
	__attribute__((noinline)) void keep_something_for_ever() {
		void *kept = malloc(3000 + N);
		memset(kept, 1, 3000 + N);
		asm volatile("" ::"r"(kept) : "memory");
	}
};
template <int N> static void work() {
	for (int i = 0; i < 20; i++) RepositoryOfEverythingThatWasEverAsked<Price, N>().keep_something_for_ever();
	if constexpr (N > 0) work<N - 1>();
}
int main(int argc, char **argv) {
	(void)argc;
	for (int round = 0; round < 3000 && access(argv[1], F_OK) != 0; round++) { work<24>(); usleep(20000); }
	_exit(0);
}
END
g++ -std=c++17 -O1 -g -fno-builtin-malloc -o many many.cpp
"$SEEP" run -r 4K -i 250ms -o recording -- ./many recording/000014.seep 2>run.log
screen=$("$SEEP" leaks recording)
fits() { python3 -c 'import sys; lines = sys.stdin.read().split("\n"); sys.exit(len(lines) > 24 or max(map(len, lines)) > 80)' <<<"$1"; }
check "the answer fits a screen of 24 by 80" fits "$screen"
check_match "rows have the arguments that tell them apart" '^ *1 .* many.cpp:[0-9]+  <Price, [0-9]+> Repo.*for_ever$' "$screen"
rows() { sed -nE 's/.* (many.cpp:[0-9]+  )/\1/p'; }
check_equal "no two rows of the screen read alike" "" "$(grep -E '^ *[0-9]+ ' <<<"$screen" | rows | sort | uniq -d)"
for command in report diff "leaks -v"; do
	# shellcheck disable=SC2086
	check_equal "nor of seep $command" "" "$("$SEEP" $command recording | grep -F '<Price, ' | rows | sort | uniq -d)"
done
check_match "rows without their caution are told not to be sure" '^    not for sure: .*[0-9], [0-9]+ \(-v says why\)$' "$screen"
# A path that is longer than a line and must not be cut.
long=$(printf 'far%.0s' $(seq 60))
mkdir "$long" && mv recording "$long/"
check_equal "a path over several lines leaves the screen's rows room" 23 "$("$SEEP" leaks "$long/recording" | python3 -c '
import sys
print(min(23, 46 - sum(max(1, (len(line) + 79) // 80) for line in sys.stdin.read().splitlines())))')"
exit $cases_failed
