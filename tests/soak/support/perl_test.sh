#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one test file of perl's suite and prints one line: "FILE<tab>so many passed of so many, those that failed, how it ended".
#
#	perl_test.sh TREE FILE PREFIX...
tree=$1 file=$2
shift 2
case $file in
t/*) cd "$tree/t" && set -- "$@" ./perl -I../lib "${file#t/}" ;;
lib/*) cd "$tree/t" && set -- "$@" ./perl -I../lib "../$file" ;;
*/t/*) cd "$tree/${file%%/t/*}" && set -- "$@" "$tree/perl" -I"$tree/lib" "t/${file#*/t/}" ;;
esac || exit 1
# As t/TEST does it: switches on the first line are the test's.
switches=$(sed -nE '1s/^#!.*perl.* -([tTw]+).*/-\1/p' "$tree/$file")
[ -z "$switches" ] || set -- "${@:1:$#-1}" "$switches" "${!#}"
# These write to one file of a name that all of them share.
case $file in lib/DBM_Filter/*) set -- flock -o "$tree/dbm.lock" "$@" ;; esac
log=$(mktemp)
timeout -k 5 120 "$@" >"$log" 2>/dev/null </dev/null
status=$?
awk -v file="$file" -v status=$status -v OFS= '
	/^1\.\.[0-9]+/ { planned = substr($1, 4) }
	/^ok( |$)/ { passed++ }
	/^not ok( |$)/ { if (/# *TODO/) passed++; else failed = failed " " ($3 ~ /^[0-9]+$/ ? $3 : "?") }
	END { print file, "\t", passed + 0, " of ", planned + 0, failed ? ", not:" failed : "", ", exit ", status }' "$log"
rm -f "$log"
