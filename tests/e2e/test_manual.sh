#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The manual: docs/CLI.md agrees with the tables and has every variable that the sources ask for; pages and completions
# are well-formed and work; and the commands' JSON matches the schemas.
. "$(dirname "$0")/lib.sh"

manual=$BUILD/manual
check "docs/CLI.md is what the commands' tables say (make docs)" cmp "$manual/CLI.md" "$ROOT/docs/CLI.md"

# The variables' names in the sources: those in the shim's table and in calls of getenv().
grep -rhoE '"SEEP_[A-Z_]+"|getenv\("[A-Z_]+"' "$ROOT/preload" "$ROOT/analyzer" --include='*.c' --include='*.h' --exclude-dir=manual |
	grep -oE '[A-Z][A-Z_]+' | grep -vxE 'PATH|HOME|TERM|LD_PRELOAD|SEEP_' | sort -u >asked
grep -oE '^\| `[A-Z_]+`' "$manual/CLI.md" | grep -oE '[A-Z_]+' | sort -u >told
check_equal "every variable that is asked for is in the manual, and no other" "" "$(diff asked told)"

for page in "$manual"/man1/*.1 "$manual"/man7/*.7; do
	check_equal "$(basename "$page") has no fault that groff sees" "" "$(groff -man -Tutf8 -ww -z "$page" 2>&1)"
done
check_match "a page names its options" '--interval=TIME' "$(groff -man -Tascii -P-cbou "$manual/man1/seep-run.1")"

complete_in_bash() { # WORD...: the completions of the last word
	bash -c 'compopt() { :; }; . "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _seep; echo "${COMPREPLY[*]}"' - \
		"$manual/completions/bash" "$@"
}
check_equal "bash completes a command" report "$(complete_in_bash seep rep)"
check_equal "bash completes an option" "--interval=" "$(complete_in_bash seep run --int)"
check_equal "bash completes the words that an option takes" none "$(complete_in_bash seep run --follow = n)"
check_equal "bash completes a directory" "$TMPDIR" "$(complete_in_bash seep run -o "${TMPDIR%p}")"
check "zsh reads its completion" zsh -n "$manual/completions/zsh"
check "fish reads its completion" fish -n "$manual/completions/fish"
check_match "fish completes an option" '^--interval' \
	"$(HOME=$WORK fish -c "source $manual/completions/fish; complete -C 'seep run --int'" 2>&1)"

"$SEEP" run -r 1 -i 100ms -o rec -- perl -e 'for (1 .. 12) { push @kept, "x" x 9000; my @gone = (1) x 5000; select undef, undef, undef, 0.1 }' 2>/dev/null
first=$(ls rec/*.seep | head -n 1)
validates report-1.json "$SEEP" report --json rec
validates report-1.json "$SEEP" report --json --by=function rec
validates report-1.json "$SEEP" export --format=json rec
validates list-1.json "$SEEP" list --json .
validates modules-1.json "$SEEP" report --modules --json rec
validates diff-1.json "$SEEP" diff --json rec
validates diff-1.json "$SEEP" export --format=json --base "$first" rec
validates annotate-1.json "$SEEP" annotate --json rec
validates annotate-1.json "$SEEP" annotate --json "$first" rec main
validates leaks-2.json "$SEEP" leaks --json rec
validates leaks-2.json "$SEEP" leaks --json --by=module rec
validates doctor-1.json "$SEEP" doctor --json
validates doctor-1.json "$SEEP" doctor --json -- perl
printf 'heap profile: 1: 8 [ 2: 16] @ heap_v2/1\n1: 8 [2: 16] @ 0x1234\n\nMAPPED_LIBRARIES:\n' >foreign
validates report-1.json "$SEEP" report --json foreign
validates annotate-1.json "$SEEP" annotate --json --base foreign foreign
validates report-1.json "$SEEP" report --json foreign rec
sed -i 's/"inuse_bytes":[0-9]*/"inuse_bytes":"many"/' document.json
check_equal "a document that is not like that is refused" 1 "$(validates report-1.json cat document.json | grep -c '^not ok')"
for schema in "$ROOT"/docs/schema/*.json; do
	case $(basename "$schema") in common-1.json) continue ;; esac
	check_match "$(basename "$schema") is in the manual" "$(basename "$schema")" "$(cat "$manual/CLI.md")"
done
exit $cases_failed
