# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A program that is not position-independent takes malloc's address, so its symbol table has malloc at an entry of its
# own, as Debian's python3 does. That is not a malloc of its own: nothing is said about one.
gcc -g -O1 -fno-builtin -fno-pie -no-pie -o bin/addresses -x c - <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	int main(void)
	{
		void *(*volatile ask)(size_t) = malloc;
		void (*volatile give_back)(void *) = free;
		for (int i = 0; i < 1000; i++)
			give_back(ask(100 + i));
		puts("done");
		return 3;
	}
END
check_match "the program has an entry for malloc that is no definition" ' UND malloc' \
	"$(readelf --dyn-syms -W bin/addresses | awk '$2 !~ /^0+$/')"
observe "$SEEP" run -r 1 -o "$WORK/addresses" -- "$WORK/bin/addresses"
check_equal "a program that takes malloc's address ends as ever" "3 done" "$(ended)"
check_equal "and it is not taken for one that has its own malloc" "" "$(grep bypassed said)"
check "and is recorded" "$SEEP" report "$WORK/addresses"
