#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 400 s
# Real programs under the shim: same output, same complaints, same exit status as without, on glibc and jemalloc at three
# rates, on tcmalloc and mimalloc at one, under seep run and by LD_PRELOAD alone. So too when they fail.
. "$(dirname "$0")/lib.sh"

libraries=/usr/lib/x86_64-linux-gnu
export PYTHONMALLOC=malloc PYTHONHASHSEED=0 PERL_HASH_SEED=0 TCMALLOC_LARGE_ALLOC_REPORT_THRESHOLD=0

cat >table.sql <<'END'
create table numbers(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000)
	insert into numbers select i, 'name ' || (i * 7919 % 4001), i * 0.5 from n;
create index by_name on numbers(name);
select count(*), sum(value), max(name) from numbers;
select name, value from numbers where name like 'name 1%' order by name desc limit 20;
update numbers set value = value * 2 where id % 3 = 0;
delete from numbers where id % 5 = 0;
select a.id, b.name from numbers a join numbers b on a.id + 1 = b.id order by b.name limit 10;
select group_concat(name) from (select name from numbers order by value limit 50);
vacuum;
pragma integrity_check;
END
cat >work.py <<'END'
import collections, json, re, sys, threading, zlib
words = re.findall(r"\w+", open(sys.argv[1]).read() * 7)
print(collections.Counter(words).most_common(5), file=sys.stderr)
tree = {word: [index for index in range(len(word))] for word in words}
text = json.dumps(tree, sort_keys=True)
assert json.loads(text) == tree
print(len(text), zlib.crc32(zlib.compress(text.encode())))
results = [0] * 4
def job(number):
    results[number] = sum(len(str(value)) for value in range(1000))
threads = [threading.Thread(target=job, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(results, 2 ** 5000 % 1000007)
try:
    [][1]
except IndexError as error:
    print(repr(error))
END
cat >work.pl <<'END'
use strict; use warnings;
my %count; my @lines;
for my $round (1 .. 5) {
	open my $file, '<', $ARGV[0] or die; my @all = <$file>; close $file;
	for (@all) { $count{$_}++ for /(\w+)/g; push @lines, join '|', reverse split /\s+/; }
}
print "$_ $count{$_}\n" for (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9];
my $text = join "\n", sort @lines; $text =~ s/(\w)(\w)/$2$1/g;
print length($text), " ", unpack("%32C*", $text), "\n";
warn "done\n";
END
cat >work.cpp <<'END'
#include <initializer_list>
template <int N> struct Sum { static constexpr int value = N + Sum<N - 1>::value; };
template <> struct Sum<0> { static constexpr int value = 0; };
template <typename T> struct Counter { T counts[40]; void add(T w) { counts[w % 40]++; } };
int main(int argc, char **argv)
{
	Counter<unsigned long> counter = {};
	for (auto each : {argv, argv + 1}) counter.add(each[0] ? each[0][0] : Sum<300>::value);
	return (int)counter.counts[7] - argc;
}
END
cat >wrong.cpp <<'END'
#include <vector>
int main() { std::vector<int> numbers = 5 + nothing; return numbers; }
END
cat >crash.c <<'END'
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *volatile hold;
static void on_segv(int signal) { static const char text[] = "handled\n"; if (write(2, text, sizeof text - 1)) _exit(signal); }
static void *exits(void *unused) { (void)unused; exit(23); }
int main(int argc, char **argv) {
	for (int i = 0; i < 500; i++) { hold = malloc((size_t)i * 3); if (i % 3) free(hold); }
	const char *way = argc > 1 ? argv[1] : "";
	printf("%s\n", way);
	fflush(stdout);
	if (!strcmp(way, "abort")) abort();
	if (!strcmp(way, "assert")) assert(argc > 5);
	if (!strcmp(way, "segv")) *(volatile int *)8 = 1;
	if (!strcmp(way, "handler")) { signal(SIGSEGV, on_segv); *(volatile int *)8 = 1; }
	if (!strcmp(way, "double-free")) { char *volatile twice = malloc(40); free(twice); free(twice); }
	if (!strcmp(way, "bad-free")) { char *volatile inside = calloc(1, 400); inside += 8; free(inside); }
	if (!strcmp(way, "_exit")) _exit(41);
	if (!strcmp(way, "quick_exit")) quick_exit(42);
	if (!strcmp(way, "term")) raise(SIGTERM);
	if (!strcmp(way, "kill")) raise(SIGKILL);
	if (!strcmp(way, "thread-exit")) { pthread_t t; pthread_create(&t, NULL, exits, NULL); pthread_join(t, NULL); }
	if (!strcmp(way, "pthread_exit")) pthread_exit(NULL);
	return 24;
}
END
cat >thrown.cpp <<'END'
#include <stdexcept>
#include <string>
int main() { throw std::runtime_error(std::string(50, '!')); }
END
compile crash "$WORK/crash.c"
g++ -O1 -o thrown thrown.cpp
cp "$ROOT/LICENSE" text

# Runs a command as NAME; its streams and status go to $NAME.out, .err and .status. Seep's own lines do not count, nor
# does the shell's message about a signal.
as() { # NAME COMMAND...
	local name=$1
	shift
	{ # the shell's own messages about signals are dropped
		timeout 60 "$@" >"$name.out" 2>"$name.all" </dev/null
		echo $? >"$name.status"
	} 2>/dev/null
	part_words "$name.all" said "$name.err"
}

same() { # LABEL: compares the run without seep with the run under it
	local part report=
	for part in status out err; do
		same_files alone.$part with.$part || report="$report$part: $(diff alone.$part with.$part | head -n 6)
"
	done
	check_equal "$1" "" "$report"
}

preload_of() { # ALLOCATOR
	case $1 in
	glibc) ;;
	tcmalloc) echo $libraries/libtcmalloc_minimal.so.4 ;;
	*) ls $libraries/lib"$1".so.[0-9] ;;
	esac
}

run_with() { # ALLOCATOR RATE COMMAND...
	local allocator=$1 rate=$2
	shift 2
	rm -rf recordings
	if [ "$allocator" = glibc ]; then
		as with "$SEEP" run -r "$rate" -o "$WORK/recordings/%c.%p" -- "$@"
	else
		as with "$SEEP" run -r "$rate" -o "$WORK/recordings/%c.%p" --allocator="$allocator" -- "$@"
	fi
}

run_alone() { # ALLOCATOR COMMAND...
	local library
	library=$(preload_of "$1")
	shift
	as alone env ${library:+LD_PRELOAD="$library"} "$@"
}

for allocator in glibc jemalloc tcmalloc mimalloc; do
	for program in "sqlite3 -batch :memory: -init /dev/null '.read table.sql'" "/usr/bin/python3 work.py text" "perl work.pl text"; do
		eval "set -- $program"
		name=$(basename "$1")
		run_alone $allocator "$@"
		check "$name on $allocator does some work" test "$(cat alone.status)" = 0 -a -s alone.out
		for rate in 512K 8K 1; do
			case $allocator:$rate in tcmalloc:512K | tcmalloc:1 | mimalloc:512K | mimalloc:1) continue ;; esac
			run_with $allocator $rate "$@"
			same "$name on $allocator at rate $rate"
		done
		check "and it was recorded: $name on $allocator" test -n "$(ls recordings/*/*.seep)"
		as with env LD_PRELOAD="$SHIM:$(preload_of $allocator)" SEEP_RATE=8K SEEP_OUTPUT="$WORK/recordings/preloaded.%p" "$@"
		same "$name on $allocator with LD_PRELOAD alone"
	done
	# The compiler and what it starts: the driver, cc1plus, as.
	run_alone $allocator g++ -O1 -g -c -o alone.o work.cpp
	for rate in 512K 8K 1; do
		[ $allocator = glibc ] || [ $rate = 8K ] || continue
		run_with $allocator $rate g++ -O1 -g -c -o with.o work.cpp
		same "g++ on $allocator at rate $rate"
		check "g++'s object code on $allocator at rate $rate is the same" cmp alone.o with.o
	done
done

for allocator in glibc jemalloc; do
	for way in abort assert segv handler double-free bad-free _exit quick_exit term kill thread-exit pthread_exit return; do
		# the effect of a damaged heap depends on its layout: only glibc tells the same story each time
		case $allocator:$way in jemalloc:double-free | jemalloc:bad-free) continue ;; esac
		run_alone $allocator ./crash $way
		run_with $allocator 1 ./crash $way
		case $way in
		abort | assert | double-free | bad-free) signal=6 ;;
		segv) signal=11 ;;
		term) signal=15 ;;
		kill) signal=9 ;;
		*) signal= ;;
		esac
		# env is replaced by the program, so that timeout sees the signal and says 128 + its number, as seep run does
		same "a program that ends by $way, on $allocator"
		[ -z "$signal" ] || check_equal "and by that signal: $way, on $allocator" $((128 + signal)) "$(cat with.status)"
		check "and leaves a recording: $way, on $allocator" "$SEEP" report --json "$(echo recordings/*)"
	done
	run_alone $allocator ./thrown
	run_with $allocator 1 ./thrown
	same "an exception that nobody catches, on $allocator"
done

run_failing() { # LABEL COMMAND...
	local label=$1
	shift
	run_alone glibc "$@"
	run_with glibc 8K "$@"
	same "$label"
	check "it is a failure: $label" test "$(cat alone.status)" != 0
}
run_failing "g++ and a source with errors" g++ -c -o wrong.o wrong.cpp
run_failing "python3 and an exception" /usr/bin/python3 -c 'import sys; print("a"); raise KeyError("b")'
run_failing "python3 and sys.exit(9)" /usr/bin/python3 -c 'import sys; sys.exit(9)'
run_failing "python3 out of memory" /usr/bin/python3 -c 'x = bytearray(1 << 62)'
run_failing "perl and die" perl -e 'my @a = (1) x 1000; die "no more\n"'
run_failing "sqlite3 and a wrong statement" sqlite3 -batch :memory: 'select nothing from nowhere;'
run_failing "a shell whose last command was ended by a signal" sh -c '/usr/bin/python3 -c "import os; os.abort()"'
exit $cases_failed
