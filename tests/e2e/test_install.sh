#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make install into a DESTDIR, use from there, make uninstall.
. "$(dirname "$0")/lib.sh"

stage=$WORK/stage
umask 077
mkdir -p "$stage/opt/seep/bin" # an empty directory that was there before stays
chmod 755 "$stage/opt" "$stage/opt/seep" "$stage/opt/seep/bin"
check "make install" make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$stage" PREFIX=/opt/seep install
for file in bin/seep lib/seep/libseep.so share/doc/seep/README.md share/doc/seep/LICENSE; do
	check "$file is there" test -f "$stage/opt/seep/$file"
done
for file in man/man1/seep.1 man/man1/seep-leaks.1 man/man7/libseep.7 bash-completion/completions/seep zsh/site-functions/_seep \
	fish/vendor_completions.d/seep.fish doc/seep/CLI.md doc/seep/schema/leaks-2.json; do
	check "share/$file is there" test -f "$stage/opt/seep/share/$file"
done
check_equal "programs and libraries are 755, all else is 644, whatever the umask" "" \
	"$(find "$stage" -type f \( -name seep -path '*/bin/*' -o -name libseep.so \) ! -perm 755
	find "$stage" -type f ! -name libseep.so ! -path '*/bin/seep' ! -perm 644)"
check_equal "all may enter its directories" "" "$(find "$stage/opt" -type d ! -perm 755)"
check_equal "nothing lands elsewhere" "opt" "$(ls "$stage")"
installed=$stage/opt/seep/bin/seep
check_match "the installed command finds its library" "libseep.so is $stage/opt/seep/lib/seep/libseep.so" "$("$installed" doctor)"
check_equal "and runs a program" hello "$("$installed" run -- echo hello 2>/dev/null)"
check_match "with the library preloaded" "^$stage/opt/seep/lib/seep/libseep.so" \
	"$("$installed" run -- sh -c 'echo $LD_PRELOAD' 2>/dev/null)"
mkdir 'moved there' && cp "$installed" 'moved there/seep'
check_match "without its library it says so" "libseep.so is neither in" "$('moved there/seep' run -- true 2>&1)"
check_equal "SEEP_LIBRARY names it" "yes" "$(SEEP_LIBRARY=$SHIM 'moved there/seep' run -- echo yes 2>/dev/null)"
cp "$SHIM" 'moved there/libseep.so'
check_match "a path that LD_PRELOAD can't name is refused" "a blank, a colon or " "$('moved there/seep' run -- true 2>&1)"
mv 'moved there' 'moved$LIB'
check_match "and one that the loader would change" "a blank, a colon or " "$('moved$LIB/seep' run -- true 2>&1)"
check "make uninstall" make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$stage" PREFIX=/opt/seep uninstall
check_equal "leaves nothing but what was there before" "$stage/opt/seep/bin" "$(find "$stage" -mindepth 3)"
exit $cases_failed
