#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/operations/: units by systemd-analyze, manifests by the types of Kubernetes' client; and their commands are run
# here, with other paths: it records, serves, pushes, and leaves within a second. time limit: 240 s
. "$(dirname "$0")/lib.sh"
operations=$ROOT/docs/operations
export PYTHONDONTWRITEBYTECODE=1 SEEP_STORE=$WORK/store
compile leaker <<'END_OF_PROGRAM'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *volatile held;
__attribute__((noinline)) void leak_grow(void) { held = memset(malloc(1000), 1, 1000); }
int main(void) { for (;;) { for (int i = 0; i < 10; i++) leak_grow(); usleep(1000); } }
END_OF_PROGRAM
shop=shop$$ # others' programs are not to be joined
cp leaker "$shop"

# A file with the paths of this place: the program's, the library's, the store's.
placed() { sed "s,/usr/local/bin/seep,$SEEP,g; s,/usr/local/lib/seep/libseep.so,$SHIM,g; s,/seep/libseep.so,$SHIM,g; s,/var/lib/seep-push,$WORK/push-state,g; s,/var/lib/seep,$SEEP_STORE,g; s,/recordings,$SEEP_STORE,g" "$1"; }
commands_of() { placed "$operations/systemd/$1" | sed -n "s/%i/$2/g; s/%%/%/g; s/^$3=//p"; } # UNIT INSTANCE KEY
words_of() { commands_of "$1" "$2" ExecStart | tr ' ' '\n'; }                                 # UNIT INSTANCE
state_of() { "$SEEP" list "$SEEP_STORE/$1" | grep -c " $2 "; } # SERVICE STATE
has_states() { [ "$(state_of "$1" "$2")" -eq "$3" ]; } # SERVICE STATE COUNT

# Units.
mkdir -p units/web.service.d
for unit in seep-attach@ seep-serve@ seep-push@; do
	placed "$operations/systemd/$unit.service" >"units/$unit.service"
	cp "units/$unit.service" "units/${unit}web.service"
	check_equal "systemd-analyze has nothing against $unit.service" "0 " "$(systemd-analyze verify --man=no "units/${unit}web.service" 2>&1; echo "$? ")"
done
placed "$operations/systemd/seep.conf" >units/web.service.d/seep.conf
printf '[Service]\nExecStart=%s\n' "$WORK/leaker" >units/web.service
check_equal "nor against the drop-in" "0 " "$(systemd-analyze verify --man=no units/web.service 2>&1; echo "$? ")"
printf '[Service]\nSateDirectory=seep\n' >units/web.service.d/wrong.conf
check_match "which it would say" 'Unknown key .*SateDirectory' "$(systemd-analyze verify --man=no units/web.service 2>&1)"

# With the drop-in's variables the service is recorded, and a stop, which signals keeper and program alike, leaves a
# complete recording.
mapfile -t variables < <(placed "$operations/systemd/seep.conf" | sed -n 's/%p/web/g; s/^Environment=//p')
mkdir -p store/web
env "${variables[@]}" SEEP_STORE="$SEEP_STORE" SEEP_INTERVAL=250ms SEEP_RATE=16K ./leaker &
web=$!
pids+=("$web")
check "what the drop-in sets records the service" wait_until 20 test -e "store/web/leaker.$web/000002.seep"

# What serves it. Its port is in a file of variables.
port=$(free_port)
mapfile -t words < <(words_of seep-serve@.service web)
SEEP_LISTEN=127.0.0.1:$port background env SEEP_LISTEN="127.0.0.1:$port" bash -c 'words=("$@"); exec "${words[@]/\$\{SEEP_LISTEN\}/$SEEP_LISTEN}"' _ "${words[@]}" >served.out 2>&1
says_it() { curl -s "http://127.0.0.1:$port/metrics" | grep -q '^seep_inuse_bytes{.*service="web"'; }
check "the unit that serves a service does" wait_until 20 says_it

# What pushes it.
mkdir collected
background python3 "$ROOT/tests/e2e/support/collector.py" collected >collected/port 2>collected/faults
wait_until 10 test -s collected/port
mapfile -t words < <(words_of seep-push@.service web | grep -v SEEP_PUSH_OPTIONS)
words=("${words[@]/\$\{SEEP_PUSH_TO\}/pyroscope+http://127.0.0.1:$(cat collected/port)}")
background "${words[@]}" >pushed.out 2>&1
check "the unit that pushes a service does" wait_until 20 grep -q '"service_name"' collected/taken

for pid in $web $(pgrep -f "seep-keeper .*/store/web/leaker.$web"); do
	kill -TERM "$pid"
done
check "a stop leaves a whole recording" wait_until 20 has_states web ended 1

# Joined and left: nothing is restarted.
background "./$shop"
joined=$background_pid
mkdir -p "store/$shop"
mapfile -t words < <(words_of seep-attach@.service "$shop")
background "${words[@]}" --interval=250ms >attached.out 2>&1
attach=$background_pid
check "the unit that joins programs of a name joins them" wait_until 20 test -e "store/$shop/$shop.$joined/000002.seep"
began=$(date +%s%N)
while read -r command; do
	bash -c "${command//\$MAINPID/$attach}"
done < <(commands_of seep-attach@.service "$shop" ExecStop) 2>left.out
check_equal "a stop of it leaves them" 1 "$(state_of "$shop" ended)"
echo "# within $((($(date +%s%N) - began) / 1000000)) ms"
check "and they run on" kill -0 "$joined"
wait "$attach"

# Manifests.
check "Kubernetes' own types have nothing against the manifests" python3 "$ROOT/tests/e2e/support/manifests.py" "$operations"/kubernetes/*.yaml
sed 's/mountPath: \/seep,/mountPaht: \/seep,/; s/replicas: 1/replicas: one/' "$operations/kubernetes/sidecar.yaml" >wrong.yaml
check_equal "what is wrong would be said" "no field mountPaht 'one' is no int" "$(python3 "$ROOT/tests/e2e/support/manifests.py" wrong.yaml | grep -oE "no field mountPaht|'one' is no int" | sort | tac | tr '\n' ' ' | sed 's/ $//')"
placed "$operations/kubernetes/sidecar.yaml" >sidecar.yaml
placed "$operations/kubernetes/daemonset.yaml" >daemonset.yaml
mapfile -t variables < <(python3 "$ROOT/tests/e2e/support/manifests.py" --env shop sidecar.yaml)
env "${variables[@]}" SEEP_INTERVAL=250ms ./leaker &
pod=$!
pids+=("$pod")
check "what a pod's container gets records it" wait_until 20 test -e "store/shop/leaker.$pod/000001.seep"
says_pod() { curl -s "http://127.0.0.1:$port/metrics" | grep -q "^seep_inuse_bytes{.*service=\"shop\",command=\"leaker\",pid=\"$pod\""; }
for manifest in sidecar daemonset; do
	mapfile -t words < <(python3 "$ROOT/tests/e2e/support/manifests.py" --command seep $manifest.yaml)
	mapfile -t variables < <(python3 "$ROOT/tests/e2e/support/manifests.py" --env seep $manifest.yaml)
	port=$(free_port)
	words=("${words[@]/0.0.0.0:7337/127.0.0.1:$port}")
	background env "${variables[@]}" "$SEEP" "${words[@]:1}" >$manifest.out 2>&1
	check "and the server of $manifest.yaml serves that" wait_until 20 says_pod
done

# The image has everything that seep needs.
packages=$(grep -o 'apt-get install -y --no-install-recommends [a-z0-9. -]*' "$operations/container/Containerfile" | sed 's/.*recommends //')
mapfile -t libraries < <(objdump -p "$SEEP" | sed -n 's,^ *NEEDED *,*/x86_64-linux-gnu/,p')
dpkg-query -S "${libraries[@]}" 2>/dev/null >owners
missing=
for library in "${libraries[@]##*/}"; do
	package=$(sed -n "s,^\([^:]*\):.*/$library\$,\1,p" owners | grep -vx libc6-i386 | head -n 1)
	case " $packages libc6 " in *" $package "*) ;; *) missing="$missing $library($package)" ;; esac
done
check_equal "the image has every library that seep is linked to" "" "$missing"
for package in libmicrohttpd12 libcurl4; do
	check_match "and what serve and push load: $package" " $package " " $packages "
done
for file in $(sed -n 's,^COPY --from=build /out/usr/local/\([^ ]*\) .*,\1,p' "$operations/container/Containerfile"); do
	check_match "and copies what make install puts there: ${file##*/}" "(install -m 755|mv -f) .* \\$\(DESTDIR\)\\$\(PREFIX\)/$file( #|\$)" "$(cat "$ROOT/Makefile")"
done
# A node's volume has a shim already, with which programs run.
mkdir volume
put() { sed -n 's/^CMD //p' "$operations/container/Containerfile" | python3 -c '
import json, subprocess, sys
command = json.load(sys.stdin)
shim, volume = sys.argv[1:]
sys.exit(subprocess.call([word.replace("/usr/local/lib/seep/libseep.so", shim).replace("/seep/libseep.so", volume) for word in command]))
' "$SHIM" "$WORK/volume/libseep.so"; }
put
before=$(stat -c %i volume/libseep.so)
check "it puts the shim into a volume" cmp "$SHIM" volume/libseep.so
put
check "and another in place of one that programs may have mapped" test "$before" != "$(stat -c %i volume/libseep.so)"
exit $cases_failed
