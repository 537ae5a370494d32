# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The recording goes to a file system that is too small for it, is full, or may not be written to: the program does not
# notice. Without space for the heap file, the recording is in memory only.
build "$torture/workload_program_for_scripts.c"
program=$WORK/bin/workload_program_for_scripts
for options in size=2m size=64k ro; do
	mkdir -p "small.$options"
	if ! mount -t tmpfs -o "$options" tmpfs "small.$options" 2>mount.err; then
		skip "the disk is full ($options)" "no mount here: $(cat mount.err)"
		continue
	fi
	for way in run preload; do
		if [ $way = run ]; then
			observe "$SEEP" run -r 1 -i 10ms -o "$WORK/small.$options/%p" -- "$program" 50
		else
			observe env LD_PRELOAD="$SHIM" SEEP_RATE=1 SEEP_INTERVAL=10ms SEEP_OUTPUT="$WORK/small.$options/%p" "$program" 50
		fi
		wanted="3 done as root"
		[ "$options,$way" != ro,run ] || wanted=3 # it is known beforehand
		check_equal "a disk with $options, by $way: the program ends as ever" "$wanted" "$(ended)"
		check_equal "and its own words are all there is" "" "$(cat err)"
		check "and it is said" test -s said
		for recording in small."$options"/*/; do
			[ -e "$recording/000001.seep" ] || continue
			check "what was written can be read" "$SEEP" report "$recording"
		done
		rm -rf "small.$options"/*/ 2>/dev/null
	done
	umount "small.$options"
done
