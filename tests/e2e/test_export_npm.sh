#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Exports in clients from npm: speedscope's own page in Chromium, and pprof-format's decoder. Needs npm and its registry;
# without them it is skipped.
. "$(dirname "$0")/lib.sh"
command -v npm >/dev/null || PATH=$PATH:/usr/local/bin

if ! command -v npm >/dev/null; then
	skip "clients from npm" "there is no npm"
	exit 0
fi
mkdir npm
if ! timeout 60 npm install --no-audit --no-fund --ignore-scripts --prefix npm --cache "$WORK/npm-cache" \
	speedscope@1 pprof-format@2 >npm.log 2>&1; then
	skip "clients from npm" "npm's registry can't be reached"
	exit 0
fi

compile program <<'END_OF_PROGRAM'
#include <stdlib.h>
#include <string.h>
static inline __attribute__((always_inline)) void *fill_inlined(size_t n) { return memset(malloc(n), 1, n); }
void *kept[30000];
__attribute__((noinline)) void leak_here(int i) { kept[i] = fill_inlined(1000); }
int main(void) { for (int i = 0; i < 30000; i++) leak_here(i); return 0; }
END_OF_PROGRAM
"$SEEP" run -r 8K -i 0 -o recording -- ./program 2>/dev/null
"$SEEP" export --format=speedscope recording -o profile.json 2>/dev/null
"$SEEP" export --format=pprof recording -o profile.pb.gz 2>/dev/null
"$SEEP" report --json recording >report.json

page=$(timeout 60 node "$ROOT/tests/e2e/support/speedscope_page.js" npm/node_modules/speedscope/dist/release profile.json 2>&1)
check_equal "speedscope's page opens what is exported" 0 $?
check_match "and lists our functions" 'fill_inlined' "$page"
check_match "with callers" 'leak_here' "$page"
check_match "in bytes" '[0-9.]+ ?MB' "$page"

cat >decode.js <<'END_OF_SCRIPT'
const {Profile} = require("./npm/node_modules/pprof-format");
const zlib = require("zlib"), fs = require("fs");
const profile = Profile.decode(zlib.gunzipSync(fs.readFileSync("profile.pb.gz")));
const text = number => profile.stringTable.strings[Number(number)];
const column = profile.sampleType.findIndex(type => text(type.type) === text(profile.defaultSampleType));
const ids = list => list.every((entry, index) => Number(entry.id) === index + 1);
if (!ids(profile.mapping) || !ids(profile.location) || !ids(profile.function) || text(0) !== "") throw new Error("ids");
console.log(String(profile.sample.reduce((sum, sample) => sum + BigInt(sample.value[column]), 0n)));
END_OF_SCRIPT
check_equal "pprof-format decodes our pprof, to the byte" "$(json_get report.json "d['totals']['inuse_bytes']")" "$(node decode.js 2>&1)"
exit $cases_failed
