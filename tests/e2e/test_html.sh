#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep html: a recording as one page. Its numbers are those of seep diff, and in Chromium it does what it offers.
# time limit: 600 s
modules=$(cd "$(dirname "$0")/../.." && tests/deps.sh --modules tests/page) # from the user's cache, not the tests'
. "$(dirname "$0")/lib.sh"

# A table that is filled once, load that comes and goes, and a leak.
cat >program.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define BLOCK(size) memset(malloc(size), 1, size)
void *volatile held;
static const char *last; /* snapshot that there must be before the end, on a machine that has little time for us */
__attribute__((noinline)) void table_fill(void) { for (int i = 0; i < 8000; i++) held = BLOCK(1000); }
__attribute__((noinline)) void leak_grow(void) { for (int i = 0; i < 400; i++) held = BLOCK(1000); }
void load(int round) __asm__("_Z4loadi"); /* named as C++ does, with parameters */
__attribute__((noinline)) void load(int round) {
	static void *window[3000];
	for (int i = 0; i < 1000; i++) { int at = (round * 1000 + i) % 3000; free(window[at]); window[at] = BLOCK(700); }
}
__attribute__((noinline)) void work(int rounds) {
	table_fill();
	for (int i = 0; i < rounds || (last && access(last, F_OK) != 0 && i < 5000); i++) { leak_grow(); load(i); usleep(20000); }
}
int main(int argc, char **argv) { last = argc > 2 ? argv[2] : NULL; work(argc > 1 ? atoi(argv[1]) : 1); _exit(0); }
END
compile program program.c
"$SEEP" run -r 16K -i 200ms -o recording -- ./program 200 recording/000016.seep 2>run.err
said=$("$SEEP" html recording -o page.html 2>&1)
check_match "the command says what it wrote" '^seep: wrote page.html \([0-9.]+ KiB\)$' "$said"
"$SEEP" html recording -o again.html 2>again.err
check "two pages of one recording are equal" cmp page.html again.html
differences=$(node "$ROOT/tests/page/numbers.mjs" page.html "$SEEP" recording 4 2>&1)
check_match "growth and its intervals at any pair are those of seep diff" '^[1-9][0-9]+ numbers compared$' "$(echo "$differences" | head -n 1)"
check_equal "lines hold at any pair what seep annotate says" "" \
	"$(node "$ROOT/tests/page/lines.mjs" page.html "$SEEP" recording 2 2>&1 | grep -vE '^[1-9][0-9]+ numbers compared$')"
"$SEEP" html --source=off recording -o withheld.html 2>withheld.err
"$SEEP" leaks recording >leaks.out 2>&1

# Other inputs: no snapshot by the timer, one snapshot, a bundle, a killed program, a recording without a sample,
# another tool's profile.
"$SEEP" run -r 16K -i 60s -o short -- ./program 40 2>short.err
"$SEEP" html short -o short.html 2>short.err
"$SEEP" html recording/000003.seep -o one.html 2>one.err
"$SEEP" bundle recording -o all.bundle 2>bundle.err
"$SEEP" html all.bundle -o bundle.html 2>bundle.err
check_match "a bundle has the same numbers" '^[1-9][0-9]+ numbers compared$' "$(node "$ROOT/tests/page/numbers.mjs" bundle.html "$SEEP" recording 2 | head -n 1)"
"$SEEP" run -r 16K -i 100ms -o killed -- ./program 100 2>killed.err &
pids+=($!)
until [ -e killed/000004.seep ]; do sleep 0.05; done
kill -KILL "$(pgrep -P $! -x program)"
wait $!
"$SEEP" html killed -o killed.html 2>killed.err
printf '#include <stdlib.h>\nint main(void) { void *volatile block = malloc(1 << 20); free(block); return 0; }' >empty.c
compile empty empty.c
"$SEEP" run -r 1K -o empty.recording -- ./empty 2>empty.err
"$SEEP" html empty.recording -o empty.html 2>empty.err
make -s -C "$ROOT" BUILD="$BUILD" "$BUILD/bench/make_snapshots" && mkdir thousand && "$BUILD/bench/make_snapshots" 30 1000 thousand series
"$SEEP" html thousand -o thousand.html 2>thousand.err
mkdir many && "$BUILD/bench/make_snapshots" 11000 64 many series
"$SEEP" html many -o many.html 2>many.err
check_equal "where sites are left out, growth of all is that of seep diff" "3 numbers compared" "$(node "$ROOT/tests/page/numbers.mjs" many.html "$SEEP" many 1 2>&1)"
"$SEEP" export --format=pprof recording -o other.pb.gz 2>export.err
"$SEEP" html other.pb.gz -o other.html 2>other.err
check_equal "another format is refused" "3 0" "$? $(ls other.html 2>/dev/null | wc -l)"
check_match "in one line" "^seep: other.pb.gz: .*seep's own recordings" "$(cat other.err)"
"$SEEP" html nowhere 2>nowhere.err
check_equal "what is not there, too" "3 1" "$? $(wc -l <nowhere.err)"

compile maps_memory "$ROOT/tests/e2e/programs/maps_memory.c"
"$SEEP" run -o mapping.recording --interval 250ms -- ./maps_memory 16 2>run.err
"$SEEP" html mapping.recording -o mapped.html 2>html.err

# Names that a hostile binary may contain.
cat >hostile.c <<'END'
#include <stdlib.h>
#include <string.h>
void *evil(void) __asm__("\"<script>document.title='owned'</script>\"");
void *quoted(void) __asm__("\"]]></title><img src=x onerror=document.title='owned'>&amp;\"");
void *lengthy(void) __asm__(NAME);
void *volatile held;
__attribute__((noinline)) void *evil(void) { return memset(malloc(1000), 1, 1000); }
__attribute__((noinline)) void *quoted(void) { return memset(malloc(1000), 1, 1000); }
__attribute__((noinline)) void *lengthy(void) { return memset(malloc(1000), 1, 1000); }
int main(void) { for (int i = 0; i < 3000; i++) { held = evil(); held = quoted(); held = lengthy(); } return 0; }
END
gcc -O1 -g0 -DNAME="\"$(printf '%065536d' 0 | tr 0 o)\"" -o hostile hostile.c && "$SEEP" run -r 16K -o hostile.recording -- ./hostile 2>run.err
"$SEEP" html hostile.recording -o hostile.html 2>html.err

# seep flame writes the page's flame graph: its stacks and values are those of the other forms.
"$SEEP" flame recording/000009.seep -o flame.html 2>flame.err
"$SEEP" flame recording/000009.seep -o flame.folded 2>flame.err
"$SEEP" flame --base recording/000002.seep recording/000009.seep -o growth.html 2>flame.err
"$SEEP" diff --json --by=stack recording/000002.seep recording/000009.seep >growth.json 2>flame.err
"$SEEP" flame other.pb.gz -o pprof.html 2>flame.err
"$SEEP" flame hostile.recording -o hostile.flame.html 2>flame.err

# All pages in one browser.
node "$ROOT/tests/page/browser.mjs" "$modules" full:page.html short:short.html one:one.html thousand:thousand.html many:many.html empty:empty.html killed:killed.html withheld:withheld.html \
	hostile:hostile.html flame:flame.html growth:growth.html pprof:pprof.html mapped:mapped.html hostile:hostile.flame.html >browser.out 2>&1
cat browser.out
grep -q '^not ok' browser.out && cases_failed=1
exit $cases_failed
