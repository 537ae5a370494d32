#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A service: all its recordings go to one directory, whoever starts its processes, and however often. time limit: 120 s
. "$(dirname "$0")/lib.sh"

export SEEP_STORE=$WORK/store XDG_STATE_HOME=$WORK/state
grows=(/usr/bin/python3 -c 'x = [str(i) * 50 for i in range(20000)]')
by_preload() { LD_PRELOAD=$SHIM SEEP_RATE=64K SEEP_INTERVAL=0 "$@"; }
recordings() { (cd "$1" 2>/dev/null && ls -d -- */000001.seep) | wc -l; }

"$SEEP" run -r 64K -i 0 --service web -- "${grows[@]}" 2>err
check_equal "seep run records in the service's directory" 1 "$(recordings store/web)"
check_match "its end line says where" "recorded in store/web/python3\.[0-9]+" "$(cat err)"
SEEP_SERVICE=web "$SEEP" run -r 64K -i 0 -- "${grows[@]}" 2>/dev/null
check_equal "the environment may name it" 2 "$(recordings store/web)"
SEEP_SERVICE=web by_preload "${grows[@]}"
check_equal "LD_PRELOAD alone records there, too" 3 "$(recordings store/web)"
check_equal "others may look into it, not into the recordings" "755 700" \
	"$(stat -c %a store/web) $(stat -c %a store/web/python3.* | sort -u)"
(umask 077 && SEEP_SERVICE=dark by_preload "${grows[@]}")
check_equal "whatever the umask" "755" "$(stat -c %a store/dark)"
SEEP_SERVICE=web "$SEEP" run -r 64K -i 0 -o here -- "${grows[@]}" 2>/dev/null
check_equal "what is given counts more than the environment" "3 1" "$(recordings store/web) $(ls -d here/heap | wc -l)"
"$SEEP" run --service web -o there -- true 2>err
check_equal "a service and a directory are one too many" "2 1" "$? $(wc -l <err)"

for name in ../etc a/b .hidden -x '' "$(printf 'x%.0s' {1..65})" 'a b' 'a%c'; do
	"$SEEP" run "--service=$name" -- true 2>err
	check_equal "no service has the name '${name:0:12}'" "2 1" "$? $(wc -l <err)"
done
(mkdir plain && cd plain && SEEP_SERVICE=../etc by_preload "${grows[@]}" 2>../err)
check_match "libseep.so ignores such a name with its one warning" 'ignored SEEP_SERVICE=\.\./etc: that is not a service' "$(cat err)"
check_equal "and records as ever" 1 "$(recordings plain)"
check_equal "nothing was made of the bad names" "dark web" "$(cd store && echo *)"
LD_PRELOAD=$SHIM SEEP_RATE=1G SEEP_STORE=relative SEEP_SERVICE=x /usr/bin/true 2>err
check_match "a store is an absolute path" 'ignored SEEP_STORE=relative: that is not an absolute path' "$(cat err)"

mkdir -p "$WORK/elsewhere" && ln -s "$WORK/elsewhere" store/linked && mkdir -m 777 store/open
for name in linked open; do
	SEEP_SERVICE=$name by_preload "${grows[@]}" 2>err
	check_match "$name: a link or a directory that anybody may write to is no service's" 'not recording.*its service has no directory' "$(cat err)"
	"$SEEP" run --service "$name" -- true 2>err
	check_equal "$name: seep run says it, and starts nothing" "3 1" "$? $(wc -l <err)"
done
check_equal "nothing was put there" "" "$(ls -A elsewhere)$(ls -A store/open)"
if [ "$(id -u)" = 0 ]; then
	mkdir store/foreign && chown 65534 store/foreign
	SEEP_SERVICE=foreign by_preload "${grows[@]}" 2>err
	check_equal "nor in another user's" "" "$(ls -A store/foreign)"
fi

background "$SEEP" serve --service live --listen unix:live.socket >/dev/null 2>awaited
background "$SEEP" push --follow --service live --to otlp+http://127.0.0.1:9 2>pushed
check "what serves a service may be there before it" wait_until 20 test -S live.socket
check_match "and says so" '^seep: there is no service live in .*store yet' "$(cat awaited)"
SEEP_RATE=64K background "$SEEP" run -i 100ms --service live -- /usr/bin/python3 -c 'import time; x = bytearray(1 << 20); time.sleep(100)' 2>/dev/null
wait_until 20 compgen -G 'store/live/*/000002.seep'
check_match "of a service that runs its memory is shown" 'heap|RSS' "$("$SEEP" memory --service live 2>&1)"
check_equal "nothing is said of a time" "" "$("$SEEP" report --service live 2>&1 >/dev/null)"
is_served() { curl -s --unix-socket live.socket http://localhost/ | tr -d '\n' | grep -qE 'python3\.[0-9]+'; }
check "its pages are served" wait_until 20 is_served
check "and its profiles are pushed" wait_until 20 grep -q 'are sent again' pushed
"$SEEP" push --service nowhere --to otlp+http://127.0.0.1:9 >/dev/null 2>err
check_equal "what is not there can't be pushed" "3 1" "$? $(wc -l <err)"
exit $cases_failed
