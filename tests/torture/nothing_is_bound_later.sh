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
