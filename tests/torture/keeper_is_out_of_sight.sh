# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The keeper, the program and the process that asks for a snapshot do not all see each other: the program is in a pid
# namespace of its own, from inside which a snapshot is asked for; or /proc hides it from its own keeper (hidepid), as
# it does ssh-agent and its kind.
cat >hider.c <<'END'
#include "torture.h"
#include <sys/prctl.h>
int main(int argc, char **argv)
{
	if (argc > 2)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* as long as that, and until the snapshot that it waits for is there */
	for (int i = 0; i < 30 * atoi(argv[1]) || (argc > 3 && access(argv[3], F_OK) != 0 && i < 3000); i++) {
		torture_hold = malloc(100);
		allocate_and_free(10);
		usleep(33333);
	}
	return 3;
}
END
gcc -D_GNU_SOURCE -g -pthread -I"$torture" -I"$ROOT/tests/e2e/programs" -o bin/hider hider.c
snapshots() { compgen -G "$1/*.seep" | wc -l; }
has_more_than() { [ "$(snapshots "$1")" -gt "$2" ]; }
for options in $(ways_of -pf -rpf); do
	if ! unshare $options --mount-proc true 2>unshare.err; then
		skip "seep snapshot from inside (unshare $options)" "no namespaces here: $(cat unshare.err)"
		continue
	fi
	name=$WORK/inside$options
	rm -rf "$name"
	"$SEEP" run -r 1 -i 200ms -o "$name" -- unshare $options --kill-child --mount-proc "$WORK/bin/hider" 6 >/dev/null 2>run.err &
	runner=$!
	wait_until 20 has_more_than "$name" 1
	inner=$(pgrep -P "$(child_of $runner)")
	[ $options = -pf ] && enter=(nsenter -t "$inner" -p -m) || enter=(nsenter -t "$inner" -U --preserve-credentials -p -m)
	check "unshare $options: seep snapshot from inside is answered" "${enter[@]}" "$SEEP" snapshot "$name"
	before=$(snapshots "$name")
	check "and timer snapshots go on" wait_until 10 has_more_than "$name" $((before + 2))
	wait $runner
	check_equal "the program ends as ever" 3 $?
	check_match "by timer, asked for, by timer, and the last one" '(timer )+request (timer )+exit$' "$(triggers "$name")"
done

mkdir -p hidden && chmod 777 hidden && chmod 755 "$WORK" "$WORK/.." "$WORK/bin" 2>/dev/null
cp "$SHIM" "$SEEP" hidden/
inside=(unshare -pfm --kill-child sh -c "mount -t proc -o hidepid=2 proc /proc && cd $WORK/hidden &&
	exec setpriv --reuid=65534 --regid=65534 --clear-groups \"\$@\"" sh)
"${inside[@]}" "$WORK/bin/hider" 0 >/dev/null 2>unshare.err
if [ $? != 3 ]; then
	skip "a program that /proc hides" "not here: $(cat unshare.err)"
else
	for way in run preload; do
		name=$WORK/hidden/by.$way
		if [ $way = run ]; then
			observe "${inside[@]}" env HOME=/ SEEP_LIBRARY="$WORK/hidden/libseep.so" ./seep run -r 1 -i 200ms -o "$name" -- \
				"$WORK/bin/hider" 2 hide "$name/000005.seep"
		else
			observe "${inside[@]}" env LD_PRELOAD="$WORK/hidden/libseep.so" SEEP_RATE=1 SEEP_INTERVAL=200ms SEEP_OUTPUT="$name" \
				"$WORK/bin/hider" 2 hide "$name/000005.seep"
		fi
		check_equal "it is hidden from its keeper, by $way: it ends as ever" 3 "$(ended)"
		check_match "and its timer snapshots go on to the end" '^(timer ){4,}exit$' "$(triggers "$name")"
	done
fi
