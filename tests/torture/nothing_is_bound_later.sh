# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The loader does its work for the shim before the program starts: a symbol that was bound at its first use, inside malloc,
# would take the loader's lock. Thread-local storage is static and small, and libc is all that is needed.
dynamic=$(readelf -dW "$SHIM")
check_match "all symbols are bound at load" 'FLAGS_1.* NOW' "$dynamic"
check_equal "of libraries the C library and its loader alone are needed" "libc.so.6 ld-linux-x86-64.so.2" "$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" | paste -sd' ')"
check_match "thread-local storage is static" 'FLAGS.* STATIC_TLS' "$dynamic"
bytes=$(($(readelf -lW "$SHIM" | awk '$1 == "TLS" { print $6 }')))
check "and 64 bytes at most: $bytes" test "$bytes" -gt 0 -a "$bytes" -le 64
check_equal "no thread-local storage is found by a call" "" "$(readelf -rW "$SHIM" | grep -E 'DTPMOD|TLSDESC')"
# A program may define any of libc's functions itself, and what the shim does not bind by itself would call that one: a clock
# that waits for a lock, a memcpy that counts. So it refers to nothing that it calls (preload/shim/libc/): to the loader's list
# of modules, a variable; to a function that nobody calls, for its version; and as the start and end of every library do, which
# gcc adds.
allowed='_r_debug|pthread_create|__cxa_finalize|__gmon_start__|_ITM_(de)?registerTMCloneTable'
check_equal "no function is called that a program may have as its own" "" \
	"$(nm -D --undefined-only "$SHIM" | awk '{ sub(/@.*/, "", $2); print $2 }' | grep -vxE "$allowed")"
# The same of our own exported functions, which a program may have, too: we call them by no name. seep fills in seep_join.
check_equal "no exported function of ours is called by its name" "" \
	"$(comm -12 <(nm -D --defined-only "$SHIM" | awk '{ print $3 }' | sort -u) \
		<(readelf -rW "$SHIM" | awk '$4 ~ /^[0-9a-f]+$/ { sub(/@.*/, "", $5); print $5 }' | sort -u) | grep -vx seep_join)"
