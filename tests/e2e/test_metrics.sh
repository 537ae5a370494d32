#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# /metrics of seep serve: by the parsers of those who read them, by a Prometheus that scrapes and alerts by the shipped rules,
# and by VictoriaMetrics where it is installed (make check-scrape).
# time limit: 300 s
. "$(dirname "$0")/lib.sh"
export SEEP_STORE=$WORK/store
operations=$ROOT/docs/operations

compile leaker <<'END_OF_PROGRAM'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *volatile held;
__attribute__((noinline)) void leak_grow(void) { held = memset(malloc(1000), 1, 1000); }
int main(void) { for (;;) { leak_grow(); usleep(1000); } }
END_OF_PROGRAM
compile steady <<'END_OF_PROGRAM'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *volatile held[200];
__attribute__((noinline)) void keep(int i) { held[i] = memset(malloc(1000), 1, 1000); }
int main(void) { for (int i = 0; i < 200; i++) keep(i); for (int i = 0;; i = (i + 1) % 200) { free(held[i]); keep(i); usleep(1000); } }
END_OF_PROGRAM
hostile=$'st"\\\xff\ne'
cp steady "$hostile"
ask() { curl -s -H "Accept: ${2:-text/plain}" "${url}metrics" >"$1"; } # FILE [TYPE]
value() { grep -E -- "^$1" served | sed 's/.* //'; } # PATTERN
says() { ask served && [ "$(value "$1")" = "$2" ]; } # PATTERN VALUE
# A program's first blocks may look like a leak until some of them have died.
leaks() {
	ask served && grep -qE '^seep_leak_bytes_per_second\{.*command="leaker".*bound="low"\} [1-9]' served &&
		[ "$(grep -c '^seep_leak_bytes_per_second{.*bound="low"} 0$' served)" -eq 1 ]
}
serve() { # OPERAND
	rm -f url
	background "$SEEP" serve --cpu=100 --listen=127.0.0.1:0 "$1" >url 2>serve.err
	server=$background_pid
	wait_until 20 test -s url
	url=$(cat url)
}
read_by_prometheus_client() { # MODULE FILE: how many families; fails where they contradict the format
	python3 -c '
import importlib, sys
families = list(importlib.import_module(sys.argv[1]).text_string_to_metric_families(open(sys.argv[2]).read()))
print(len(families), len({family.name for family in families}))' "$@" 2>&1 | tail -n 1
}

(ulimit -v 16000000 && exec "$SEEP" run --service web -r 16K -i 250ms -- ./leaker) 2>/dev/null &
pids+=($!)
background "$SEEP" run --service web -r 16K -i 250ms -- "./$hostile" 2>/dev/null
wait_until 20 eval '[ "$(ls store/web | wc -l)" -eq 2 ]'
leaker=$(ls store/web | sed -n 's/^leaker\.//p')
serve store/web
check "a leak is seen with its lower bound, and no other" wait_until 40 leaks
check_equal "in every place of it" "leak_grow" "$(sed -n 's/^seep_place_leak_bytes_per_second{.*function="\([a-z_]*\)".*bound="low"}.*/\1/p' served | sort -u)"
check_equal "promtool has nothing against it" "0 " "$(promtool check metrics <served 2>&1; echo "$? ")"
count=$(grep -c '^# TYPE' served)
check_equal "nor has Prometheus' own client" "$count $count" "$(read_by_prometheus_client prometheus_client.parser served)"
ask open 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5'
check_equal "who asks for OpenMetrics gets it, by the strict parser" "$count $count # EOF" "$(read_by_prometheus_client prometheus_client.openmetrics.parser open) $(tail -n 1 open)"
check_match "with its content type" '^Content-Type: application/openmetrics-text; version=1\.0\.0; charset=utf-8' "$(curl -s -o /dev/null -D - -H 'Accept: application/openmetrics-text' "${url}metrics" | tr -d '\r')"
check_match "a service's recordings have its name" '^seep_rss_bytes\{recording="leaker\.[0-9]+",service="web",command="leaker",pid="[0-9]+"\} [1-9]' "$(cat served)"
check_match "there is a limit" '^seep_limit_bytes\{.*command="leaker".*\} 16384000000$' "$(cat served)"
check "with the time that is left; and all bounds are in order" eval 'python3 -c "
import re
text = open(\"served\").read()
for family in (\"limit_seconds\", \"growth_bytes_per_second\", \"leak_bytes_per_second\", \"inuse_bytes\"):
    at = {bound: float(value) for bound, value in re.findall(r\"^seep_\" + family + r\".*command=.leaker.*bound=.(\w+).} (.*)\", text, re.M)}
    assert 0 < at[\"low\"] <= at[\"estimate\"] <= at[\"high\"], (family, at)"'
check_match "and what seep itself costs" '^seep_serve_cpu_seconds_total\{\} 0\.[0-9]*[1-9]' "$(cat served)"
check_match "so does the keeper" '^seep_keeper_cpu_seconds_total\{.*command="leaker".*\} 0\.[0-9]*[1-9]' "$(cat served)"
check "running programs are targets for those who scrape profiles" eval 'curl -s "${url}targets" >targets && python3 -c "
import json
targets = json.load(open(\"targets\"))
assert [entry[\"labels\"][\"service_name\"] for entry in targets] == [\"web\", \"web\"], targets
assert all(entry[\"labels\"][\"__param_recording\"] and entry[\"targets\"] == [\"${url:7:-1}\"] for entry in targets), targets"'

# A Prometheus with the shipped rules.
check "the shipped rules are rules" promtool check rules "$operations/prometheus/seep.rules.yml"
check "they fire on a leak's lower bound, and are silent on the controls" promtool test rules "$operations/prometheus/seep.rules.test.yml"
cp "$operations"/prometheus/*.yml .
{ printf 'global: { evaluation_interval: 1s }\n' && sed "s/127.0.0.1:7337/${url:7:-1}/; s/scrape_interval: 30s/scrape_interval: 1s/" scrape.yml; } >prometheus.yml
check "the shipped scrape configuration is one" promtool check config prometheus.yml
prometheus=http://127.0.0.1:$(free_port)
background prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address="${prometheus#http://}" >prometheus.out 2>&1
answers() { curl -s -G --data-urlencode "query=$2" "$1/api/v1/query" >answer && json_get answer "[entry['metric'].get('command') for entry in d['data']['result']]" >results; } # SERVER QUERY
finds() { answers "$1" "$2" && [ "$(cat results)" = "$3" ]; } # SERVER QUERY COMMANDS
check "Prometheus scrapes it" wait_until 30 finds "$prometheus" 'seep_leak_bytes_per_second{bound="low"} > 0' "['leaker']"
pending() { curl -s "$prometheus/api/v1/alerts" >alerts && [ "$(json_get alerts "[(entry['labels']['alertname'], entry['labels']['command']) for entry in d['data']['alerts'] if entry['labels']['alertname'].startswith('SeepLeakS')]")" = "[('SeepLeakSuspected', 'leaker')]" ]; }
check "and begins to alarm, for the leak alone" wait_until 30 pending
check "the dashboard is what Grafana takes, and Prometheus answers all of it" python3 "$ROOT/tests/e2e/support/dashboard.py" "$operations/grafana/seep.json" "$ROOT/analyzer/render/metrics/families.c" "$prometheus"

if command -v victoria-metrics >/dev/null; then
	victoria=http://127.0.0.1:$(free_port)
	printf 'scrape_configs: [{ job_name: seep, scrape_interval: 1s, static_configs: [{ targets: ["%s"] }] }]\n' "${url:7:-1}" >victoria.yml
	background victoria-metrics -httpListenAddr="${victoria#http://}" -storageDataPath=victoria -promscrape.config=victoria.yml -search.latencyOffset=0s >victoria.out 2>&1
	check "VictoriaMetrics takes it" wait_until 30 finds "$victoria" 'seep_leak_bytes_per_second{bound="low"} > 0' "['leaker']"
else
	skip "VictoriaMetrics takes it" "victoria-metrics is not installed: make check-scrape"
fi

# A recording that has ended stays for a while, with the same numbers that seep leaks writes to a file.
kill -TERM "$leaker"
check "an ended program stays for a while" wait_until 30 says 'seep_recordings\{state="ended"\}' 1
differences() { grep -v '^#' file | sed "s/{service=/{recording=\"leaker.$leaker\",service=/" | grep -vxFf served | head -n 3; }
agrees() { "$SEEP" leaks --prometheus=file "store/web/leaker.$leaker" && says 'seep_recordings\{state="ended"\}' 1 && [ -z "$(differences)" ]; }
wait_until 30 agrees # one of the two may have looked before the last snapshot was there
check_equal "and has what seep leaks --prometheus writes" "" "$(differences)"
kill -TERM "$server"
wait "$server"
check_equal "SIGTERM ends it" 0 $?

# A name that is not UTF-8 would make readers refuse the whole document.
odd=odd/$'x\xff"\\\ny'
mkdir -p "$odd" && cp "store/web/$(ls store/web | grep -v leaker | head -n 1)/000001.seep" "$odd/"
serve odd
check "a recording whose name is no text has metrics" wait_until 20 says 'seep_recordings\{state="running"\}' 1
check_equal "which every parser reads" "0 x$(printf '\357\277\275')\"\\+y" "$(promtool check metrics <served >/dev/null 2>&1; echo $?) $(python3 -c '
from prometheus_client.parser import text_string_to_metric_families
print(next(sample.labels["recording"] for family in text_string_to_metric_families(open("served").read()) for sample in family.samples if "recording" in sample.labels).replace("\n", "+"))')"

# More recordings than get metrics; and one that can't be read.
mkdir many
for i in $(seq 258); do
	mkdir "many/$i" && cp "store/web/$(ls store/web | grep -v leaker | head -n 1)/000001.seep" "many/$i/"
done
mkdir many/broken && echo broken >many/broken/000001.seep
serve many
check "of too many recordings some are left out, which is said" wait_until 60 says 'seep_recordings_left_out' 2
check_equal "and the others are there" "256 258 1" "$(grep -c ^seep_lower_bound served) $(value 'seep_recordings\{state="running"\}') $(value 'seep_recordings\{state="broken"\}')"
exit $cases_failed
