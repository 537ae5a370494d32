# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A setuid program started by somebody else: the loader takes no preload from a stranger's environment, and where an
# administrator has put the shim in its place the shim trusts no variable and records nothing.
build "$torture/workload_program_for_scripts.c"
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
	skip "a privileged program is left alone" "needs root and setpriv"
else
	chmod 755 "$WORK" "$(dirname "$WORK")" bin
	cp bin/workload_program_for_scripts bin/privileged && chmod 4755 bin/privileged
	cp "$SHIM" bin/shim.so && chmod 4755 bin/shim.so # setuid itself: ld.so demands this of a library in secure mode
	mkdir -m 777 forbidden
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	observe "${nobody[@]}" env LD_PRELOAD="$WORK/bin/shim.so" SEEP_RATE=1 SEEP_OUTPUT="$WORK/forbidden/%p" "$WORK/bin/privileged"
	check_equal "a setuid program with a preload from outside ends as ever" "3 done as root" "$(ended)"
	check_equal "and is not recorded" "" "$(ls forbidden)"
	cp "$SHIM" /lib/x86_64-linux-gnu/libseep-torture.so && chmod 4755 /lib/x86_64-linux-gnu/libseep-torture.so
	observe "${nobody[@]}" env LD_PRELOAD=libseep-torture.so SEEP_RATE=1 SEEP_OUTPUT="$WORK/forbidden/%p" "$WORK/bin/privileged"
	rm -f /lib/x86_64-linux-gnu/libseep-torture.so
	check_equal "a setuid program with the shim in the system's place ends as ever" "3 done as root" "$(ended)"
	check_equal "and is not recorded either" "" "$(ls forbidden)"
	observe "${nobody[@]}" env LD_PRELOAD="$WORK/bin/shim.so" SEEP_RATE=1 SEEP_OUTPUT="$WORK/forbidden/%p" "$WORK/bin/workload_program_for_scripts"
	check_equal "the same program without privileges is recorded" 1 "$(ls -d forbidden/*/heap | wc -l)"
fi
