# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the loader does for the shim it does before the program starts: a symbol that were bound at its first use, inside
# malloc, would take the loader's lock. Thread-local storage is static and small, and libc is all that is needed.
dynamic=$(readelf -dW "$SHIM")
check_match "all symbols are bound at load" 'FLAGS_1.* NOW' "$dynamic"
check_equal "of libraries the C library alone is needed" "libc.so.6" "$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" | paste -sd' ')"
check_match "thread-local storage is static" 'FLAGS.* STATIC_TLS' "$dynamic"
bytes=$(($(readelf -lW "$SHIM" | awk '$1 == "TLS" { print $6 }')))
check "and 64 bytes at most: $bytes" test "$bytes" -gt 0 -a "$bytes" -le 64
check_equal "no thread-local storage is found by a call" "" "$(readelf -rW "$SHIM" | grep -E 'DTPMOD|TLSDESC')"
# A program may define any of libc's functions itself, and the shim would call that one: a clock that waits for a lock, a
# write that counts. So no other than these are called: strings and memory, whose definitions nobody can tell apart; and
# what is called when the shim is loaded or a library is met for the first time, and not in a sample.
allowed='dl_iterate_phdr|dladdr|dladdr1|dlerror|dlopen|dlsym|_dl_find_object|getauxval|sigaction|getcontext|makecontext'
allowed+='|__register_atfork|__cxa_finalize|__errno_location|__gmon_start__|_ITM_(de)?registerTMCloneTable'
allowed+='|mem(chr|cmp|cpy|move|set)|str(chr|cmp|cspn|len|ncmp|nlen|rchr|str)'
check_equal "no function is called that a program may have as its own" "" \
	"$(nm -D --undefined-only "$SHIM" | awk '{ sub(/@.*/, "", $2); print $2 }' | grep -vxE "$allowed")"
