#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The house's rules that a compiler does not check: who may include whom, every folder's purpose written down, nothing
# at the top level that does not belong there, a licence line in every source. Prints a line a rule.
set -u
cd "$(dirname "$0")/.."

# Folder, then the folders whose headers it may include besides its own and include/seep.
floors='
preload/base
preload/heap      base
preload/keeper    base heap
preload/host      base
preload/sample    base host
preload/record    base heap keeper host sample
preload/hooks     base heap keeper host sample record
analyzer/base
analyzer/symbols    base
analyzer/reader     base
analyzer/profile    base reader symbols
analyzer/statistics base reader symbols profile
analyzer/compare    base reader symbols profile statistics tree
analyzer/tree       base reader symbols profile statistics compare
analyzer/leaks      base reader symbols profile statistics compare tree
analyzer/render     base reader symbols profile statistics compare tree leaks
analyzer/export     base reader symbols profile statistics compare tree leaks render
analyzer/process    base reader symbols profile statistics compare tree leaks render
analyzer/commands   base reader symbols profile statistics compare tree leaks render export process
analyzer/manual     base commands
analyzer            base reader symbols profile statistics compare tree leaks render export process commands
'
# A reader fills the model, so it sees the model's header, though it stands a floor lower.
exceptions='analyzer/reader profile/profile.h
analyzer/symbols profile/profile.h'

failed=0
verdict() { # NAME COMPLAINTS
	if [ -z "$2" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
		failed=1
	fi
}

# The sources of one folder, not of those below it.
sources_of() { find "$1" -maxdepth 1 -name '*.[ch]' 2>/dev/null; }

include_complaints() {
	local folder allowed own file included target
	while read -r folder allowed; do
		[ -n "$folder" ] || continue
		own=${folder#*/}
		for file in $(sources_of "$folder"); do
			sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file" |
				while read -r included; do
					target=${included%%/*}
					case " $own $allowed " in
					*" $target "*) [ "$included" != "$target" ] && continue ;;
					esac
					printf '%s\n' "$exceptions" | grep -qxF "$folder $included" && continue
					echo "$file includes \"$included\""
				done
		done
	done <<<"$floors"
}

unknown_folders() {
	find preload analyzer -mindepth 1 -maxdepth 1 -type d | while read -r folder; do
		[ -n "$(find "$folder" -name '*.[ch]')" ] || continue
		grep -qE "^$folder( |\$)" <<<"$floors" || echo "$folder has no floor in tests/check_layers.sh"
	done
}

verdict "a file includes only files of its own or a lower floor" "$(include_complaints; unknown_folders)"

verdict "preload and analyzer share include/ and nothing else" \
	"$(grep -nE '#[[:space:]]*include[[:space:]]*"\.\./' -r preload analyzer include --include='*.[ch]'
	grep -nE '#[[:space:]]*include[[:space:]]*"(preload|analyzer)/' -r preload analyzer include --include='*.[ch]')"

verdict "include/ knows neither of the two" \
	"$(grep -nE '#[[:space:]]*include[[:space:]]*"' -r include --include='*.h')"

undocumented() {
	local folder text
	for folder in $(git ls-files preload analyzer include tests | sed -n 's|/[^/]*$||p' | sort -u); do
		case $folder in
		include/seep | tests/*/*) continue ;; # what stands above them covers them
		tests/*) text="\`${folder#tests/}/\`" ;;
		*) text="$folder/" ;;
		esac
		grep -qF "$text" docs/ARCHITECTURE.md 2>/dev/null || echo "docs/ARCHITECTURE.md does not say what $folder/ is for"
	done
}
verdict "docs/ARCHITECTURE.md says what each folder is for" "$(undocumented)"

verdict "the top level holds only what belongs there" \
	"$(git ls-files | cut -d/ -f1 | sort -u | grep -vxE 'preload|analyzer|include|tests|docs|Makefile|README\.md|LICENSE|\..*')"

unlicensed() {
	git ls-files '*.c' '*.h' '*.cc' '*.sh' '*.js' '*.css' '*.py' '*.map' Makefile | while read -r file; do
		[ ! -e "$file" ] || head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file"
	done
}
verdict "every source names its licence" "$(unlicensed)"

exit $failed
