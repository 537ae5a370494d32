#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `seep annotate`: source lines with the memory they hold, and the messages if there are none. At rate 1 every number is
# exact.
. "$(dirname "$0")/lib.sh"

# NAME: the sections of the text in $shown are as wanted (from standard input).
sections_are() { check_equal "$1" "$(cat)" "$(printf '%s\n' "$shown" | sed '1,/^flat: /d' | sed 1d)"; }

annotate() { shown=$("$SEEP" annotate "$@" 2>&1); }

# A program in C, built in a folder that moves afterwards.
mkdir -p tree/src
cat >tree/src/keep.c <<'END'
#include <stdlib.h>
#include <unistd.h>
void *kept[64];
static inline __attribute__((always_inline)) void *xmalloc(size_t bytes)
{
	return malloc(bytes);
}
static __attribute__((noinline)) void keep(int count)
{
	for (int i = 0; i < count; i++)
		kept[i] = malloc(1000);
	kept[63] = xmalloc(50000);
}
int main(int argc, char **argv)
{
	(void)argv;
	keep(20);
	if (argc > 1)
		keep(30);
	return 0;
}
END
gcc -g -O1 -fno-builtin -o program "$WORK/tree/src/keep.c"
"$SEEP" run -r 1 -i 1h -o rec -- ./program 2>/dev/null
annotate rec --context=1
sections_are "lines have flat and cumulative values, the functions that hold most come first" <<END
keep  68.4 KiB exact, 100.0 %
   $WORK/tree/src/keep.c
    flat [95 %]  line  source
                   10      for (int i = 0; i < count; i++)
19.5 KiB exact     11          kept[i] = malloc(1000);
48.8 KiB exact     12      kept[63] = xmalloc(50000);
                       -> xmalloc keep.c:6
                   13  }
END
annotate main rec --context=1 --sort=objects
sections_are "a function that is asked for, by objects" <<END
main  21 exact in what it calls
   $WORK/tree/src/keep.c
flat  cum [95 %]  line  source
                    16      (void)argv;
   .   21 exact     17      keep(20);
                    18      if (argc > 1)
END
annotate rec keep.c:11 --context=1
check_match "a line that is asked for" '^19.5 KiB +19.5 KiB exact +11 |^19.5 KiB exact +11 ' "$shown"
check_equal "and those around it" "10 11 12" "$(grep -oE ' (10|11|12)  ' <<<"$shown" | xargs)"
annotate rec nothing_of_this_name
check_equal "a name that no stack has ends in 3" "3 1" "$("$SEEP" annotate rec nothing_of_this_name >/dev/null 2>&1; echo $?) $(grep -c "no sampled stack passes through 'nothing_of_this_name'" <<<"$shown")"
check_equal "and in nothing but that line" "" "$("$SEEP" annotate rec nothing_of_this_name 2>/dev/null)"
annotate rec keep.c:9999
check_match "a line behind the file's end is said to be one" "the file has [0-9]+ lines" "$shown"
check_equal "no snapshot is a mistake of usage" 2 "$("$SEEP" annotate keep.c >/dev/null 2>&1; echo $?)"
check_equal "no line is longer than 80 columns" 0 "$("$SEEP" annotate rec | awk 'length > 80' | wc -l)"

# Two moments: growth.
cat >grow.c <<'END'
#include <stdlib.h>
#include <unistd.h>
#include <seep/seep.h>
void *kept[64];
int main(void)
{
	for (int i = 0; i < 20; i++)
		kept[i] = malloc(1000);
	if (seep_snapshot)
		seep_snapshot();
	for (int i = 0; i < 3000 && access("grown/000001.seep", F_OK) != 0; i++)
		usleep(10000);
	for (int i = 20; i < 50; i++)
		kept[i] = malloc(1000);
	free(kept[0]);
	return 0;
}
END
gcc -g -O1 -fno-builtin -I "$ROOT/include" -o grow grow.c
"$SEEP" run -r 1 -i 1h -o grown -- ./grow 2>/dev/null
mapfile -t snapshots < <(ls grown/*.seep)
annotate "${snapshots[0]}" "${snapshots[1]}" --context=1
check_match "growth stands at the line that grew" '^\+29.3 KiB exact +14 ' "$shown"
check_match "what shrank, too" '^ *-1000 B exact +8 ' "$shown"
check_equal "--base is the same" "$shown" "$("$SEEP" annotate --base="${snapshots[0]}" "${snapshots[1]}" --context=1 2>&1)"
"$SEEP" annotate --json "${snapshots[@]}" >d.json
check_equal "and so is the document" "29000 30000 30000" \
	"$(json_get d.json "' '.join(map(str, [d['total']] + [l[k] for s in d['sections'] for l in s['lines'] if l['line'] == 14 for k in ('flat', 'flat_high')]))")"

# C++: inlined code is listed under the line that called it; all instances of a template count at its one line.
cat >cache.cpp <<'END'
#include <vector>
template <class T> struct Cache {
	std::vector<T *> items;
	[[gnu::noinline]] void insert(T value)
	{
		items.push_back(new T(value));
	}
};
int main()
{
	Cache<long> longs;
	Cache<char> chars;
	for (int i = 0; i < 100; i++) {
		longs.insert(i);
		chars.insert('x');
	}
	_Exit(0);
}
END
sed -i '1i #include <cstdlib>' cache.cpp
g++ -g -O2 -fno-builtin -o cache cache.cpp
"$SEEP" run -r 1 -i 1h -o cached -- ./cache 2>/dev/null
annotate cached cache.cpp --context=1 --sort=objects
check_match "instances of a template are added up at its line" '^ +202 +202 (exact|at least) +7  .*push_back' "$shown"
check_match "inlined calls stand under their line" '-> std::vector<.*>::push_back stl_vector.h:[0-9]+$' "$shown"

# Sources that are somewhere else, are not there, or are not the right ones.
mv tree moved
annotate rec keep
check_match "a file that is not here is said, and what helps" 'the file is not here: --source-path=DIR or FROM=TO says where it is$' "$shown"
check_match "its lines keep their numbers and values" '^19.5 KiB exact +11$' "$shown"
for path in "moved" "$WORK/tree=moved" "$WORK/tree/=$WORK/moved/"; do
	check_match "--source-path=${path//$WORK/...} finds it" '^19.5 KiB exact +11 .*malloc' "$("$SEEP" annotate --source-path="$path" rec)"
done
touch moved/src/keep.c
check_match "a file that is newer than its program is read with a warning" 'the file is newer than program or its recording: lines may have moved' \
	"$("$SEEP" annotate --source-path=moved rec)"
head -n 5 moved/src/keep.c >short && mv short moved/src/keep.c
check_match "a file that is too short is said" 'the file ends before lines that were compiled' "$("$SEEP" annotate --source-path=moved rec)"
strip -o stripped program
"$SEEP" run -r 1 -i 1h -o bare -- ./stripped 2>/dev/null
check_match "a stripped program has no lines" 'no lines known: .*stripped' "$("$SEEP" annotate bare)"

# Debug information that names files which are not sources: nothing of them is ever shown.
secret=$WORK/secret
printf 'a secret\n%.0s' {1..20} >"$secret"
mkfifo pipe.c
mkdir folder.c
ln -s "$secret" link.c
ln -s /proc/self/environ environ.c
truncate -s 1G sparse.c
printf 'a secret\0\n%.0s' {1..20} >binary.c
export MARK="a secret"
names=(/etc/passwd "$secret" pipe.c folder.c link.c environ.c sparse.c binary.c /dev/zero /dev/stdin /proc/self/environ
	/proc/self/root/etc/passwd ../../../../../../../../etc/passwd /etc/shadow "$WORK/none/../secret")
{
	echo '#include <stdlib.h>'
	echo 'void *kept[100];'
	for i in "${!names[@]}"; do
		echo "#line 2 \"${names[i]}\""
		echo "static __attribute__((noinline)) void hostile_$i(void) { kept[$i] = malloc(100000); }"
	done
	echo '#line 1 "plain.c"'
	echo 'int main(void) {'
	for i in "${!names[@]}"; do echo "hostile_$i();"; done
	echo 'return 0; }'
} >plain.c
gcc -g -O1 -fno-builtin -o hostile plain.c
"$SEEP" run -r 1 -i 1h -o hostile.rec -- ./hostile 2>/dev/null
check_equal "files of no source tree: values are told" "0 ${#names[@]}" \
	"$(timeout 20 "$SEEP" annotate --top=50 hostile.rec >text 2>&1 </dev/null; echo $?) $(grep -cE '^97.7 KiB exact +2$' text)"
check_equal "for each is said why it is not read" "${#names[@]}" "$(grep -cE '^ +(not read: it|the file is not here)' text)"
timeout 20 "$SEEP" annotate --source-path=/ --source-path="$WORK" --json hostile.rec >document.json 2>&1 </dev/null
check_equal "in the document, too" "${#names[@]} 0" \
	"$(json_get document.json "' '.join(str(sum(check(s) for s in d['sections'] if s['function'] != 'main')) for check in (lambda s: bool(s['fault']), lambda s: any(l['text'] for l in s['lines'])))")"
# The data that a page carries, as text.
page_data() { /usr/bin/python3 -c 'import base64, gzip, re, sys
print(gzip.decompress(base64.b64decode(re.search("id=.seep-data.>([^<]*)<", open(sys.argv[1]).read()).group(1))).decode())' "$1"; }
timeout 20 "$SEEP" html --source-path=/ --source-path="$WORK" hostile.rec -o page.html 2>said </dev/null
page_data page.html >carried.json
check_equal "nor has a page any of their lines" "0 True" \
	"$(json_get carried.json "[str(sum(len(f['lines']) for f in files)) + ' ' + str(len(files) >= ${#names[@]} and all(f['fault'] for f in files)) for files in [[f for f in d['sources']['files'] if not f['name'].endswith('plain.c')]]][0]")"
cat carried.json >>text
"$SEEP" html --source-path=moved rec -o page.html 2>said
page_data page.html >carried.json
check_match "a page has lines of the sources that were found" 'the page has 4 lines of 1 source file \(--source=off withholds them\)' "$(cat said)"
check_match "as they are" '"lines":\["#include <unistd.h>",' "$(cat carried.json)"
"$SEEP" html --source=off --source-path=moved rec -o page.html 2>said
check_match "--source=off withholds them" '"sources":null' "$(page_data page.html)"
check_equal "nothing of the files is shown" 0 "$(sed 's/"arguments":"[^"]*"//' document.json | cat - text | grep -c 'a secret\|root:')"
# For a program that has given everything back there is nothing to show, and the command says so.
compile neat <<'END'
#include <stdlib.h>
int main(void) { for (int i = 0; i < 2000; i++) free(malloc(4000)); return 0; }
END
"$SEEP" run -r 4K -o neat.recording -- ./neat 2>err
check_match "where nothing is in use that is said" '^no line has any of it$' "$("$SEEP" annotate neat.recording)"
exit $cases_failed
