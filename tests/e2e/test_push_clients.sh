#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pyroscope's and Parca's own clients, from npm: they push to the stand-in server that tests seep push, which shows that
# the stand-in is realistic, and they read what seep sends. time limit: 240 s
modules=$(cd "$(dirname "$0")/../.." && tests/deps.sh --modules tests/clients) # from the user's cache, not the tests'
. "$(dirname "$0")/lib.sh"

client() { timeout 100 node "$ROOT/tests/clients/clients.mjs" "$modules" "$@"; }
mkdir server server/bodies
background python3 "$ROOT/tests/e2e/support/collector.py" server >port 2>faults
wait_until 10 test -s port
address=http://127.0.0.1:$(cat port)
told() { # EXPRESSION over `taken`, `refused`
	python3 - "$1" <<'END_OF_SCRIPT'
import json, os, sys
def lines(name):
    return [json.loads(line) for line in open("server/" + name)] if os.path.exists("server/" + name) else []
taken, refused = lines("taken"), lines("refused")
print(eval(sys.argv[1]))
END_OF_SCRIPT
}

gcc -g -O1 -fno-optimize-sibling-calls -o grows "$ROOT/tests/e2e/programs/push_grows.c" || exit 1
"$SEEP" run -r 1 -i 100ms -o whole -- ./grows 30 0 2>/dev/null
"$SEEP" export --format=pprof whole -o whole.pb.gz 2>/dev/null
report=$("$SEEP" report --last --json whole)
totals=$(python3 -c 'import json, sys; t = json.load(sys.stdin)["totals"]; print(int(t["alloc_bytes"]), int(t["inuse_bytes"]))' <<<"$report")

check_equal "what @pyroscope/nodejs pushes is taken" "200 ingest real.client True []" \
	"$(client pyroscope "$address" 2>client.err) $(told '"%s %s %s %s" % (taken[0]["by"], taken[0]["labels"]["service_name"], taken[0]["sums"]["inuse_space"] > 0, refused)')"
check_equal "what @parca/client pushes is taken, with what is in use" "200 parca real client ${totals#* } []" \
	"$(client parca "$address" whole.pb.gz) $(told '"%s %s %d %s" % (taken[-1]["by"], taken[-1]["labels"]["job"], taken[-1]["sums"]["inuse_space"], refused)')"
sed 's/"normalized"/"normalised"/' "$(grep -l '"normalized"' server/bodies/*)" >wrong
check_equal "what it does not know is refused by the stand-in" 400 \
	"$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @wrong "$address/api/profiles/writeraw")"
check_match "as by the client itself" "unknown field" "$(client read wrong 2>&1)"

rm server/bodies/*
"$SEEP" push --label env=prod --service shop --state state --to "parca+$address" whole 2>/dev/null
check_equal "what seep sends is what @parca/client and pprof-format read: to the byte" "$totals memory shop prod True" \
	"$(client read server/bodies | python3 -c '
import json, sys
series = json.load(sys.stdin)
labels = series[-1]["labels"]
print(sum(each["sums"].get("alloc_space", 0) for each in series), series[-1]["sums"]["inuse_space"],
      labels["__name__"], labels["service_name"], labels["env"], all(each["normalized"] for each in series))')"
exit $cases_failed
