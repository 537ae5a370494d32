#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debug information from a debuginfod server: Debian's, on the loopback interface, with DEBUGINFOD_URLS set.
. "$(dirname "$0")/lib.sh"
export SEEP_CACHE=off
export HOME=$WORK no_proxy='*'
unset http_proxy HTTP_PROXY DEBUGINFOD_URLS

compile program <<'END_OF_PROGRAM'
#include <stdlib.h>
#include <string.h>
static inline __attribute__((always_inline)) void *fill_inlined(size_t n) { return memset(malloc(n), 1, n); }
void *kept[9000];
__attribute__((noinline)) static void leak_here(int i) { kept[i] = fill_inlined(1000); }
int main(void) { for (int i = 0; i < 9000; i++) leak_here(i); return 0; }
END_OF_PROGRAM
mkdir served
build_id=$(readelf -n program | sed -n 's/.*Build ID: //p')
objcopy --only-keep-debug program served/program.debug && strip program
"$SEEP" run -r 8K -i 0 -o recording -- ./program 2>/dev/null

modules=$("$SEEP" report --modules recording)
check_match "without a server the stripped program has no lines" '^ +stacks +[0-9]+ addresses, [0-9]+ named, 0 with a source line' "$modules"
check_match "and it is said what there is instead" '^ +symbols +no names in ' "$modules"
check "seep report names no function of it" bash -c "! '$SEEP' report recording | grep -q leak_here"

port=$(free_port)
background debuginfod -d "$WORK/debuginfod.sqlite" -p "$port" -F served >debuginfod.log 2>&1
fetched() { curl -sf --noproxy '*' -o fetched "http://127.0.0.1:$port/buildid/$build_id/debuginfo"; }
wait_until 30 fetched || not_ok "debuginfod serves" "$(tail -n 5 debuginfod.log)"
export DEBUGINFOD_URLS=http://127.0.0.1:$port DEBUGINFOD_CACHE_PATH=$WORK/cache
report=$("$SEEP" report recording)
check_match "with it functions have names, inlined ones, too" 'fill_inlined' "$report"
check_match "and lines" 'leak_here' "$report"
modules=$("$SEEP" report --modules recording)
check_match "and it is said where they came from" "symbols +DWARF from a debuginfod server, for .*/program" "$modules"
check "what was fetched is kept" test -s "cache/$build_id/debuginfo"
mv program elsewhere
DEBUGINFOD_CACHE_PATH=$WORK/second "$SEEP" report --modules recording >modules
check_match "where there is no program at all names come from it, too" '^ +stacks +[0-9]+ addresses, [0-9]+ named, [1-9][0-9]* with a source line' \
	"$(sed -n '1,/stacks/p' modules)"
check_match "inlined ones" 'fill_inlined' "$(DEBUGINFOD_CACHE_PATH=$WORK/second "$SEEP" report recording)"
mv elsewhere program
# Kept by seep itself.
kept() { env -u SEEP_CACHE XDG_CACHE_HOME="$WORK/names" "$@"; }
kept "$SEEP" report --json recording >fresh.json
check "names are kept by build id" test -s "names/seep/$build_id.names"
check_equal "for nobody else to read" 600 "$(stat -c %a "names/seep/$build_id.names")"
kill "$background_pid" && wait "$background_pid" 2>/dev/null
check_match "and is used when the server has gone" 'fill_inlined' "$("$SEEP" report recording)"
export DEBUGINFOD_CACHE_PATH=$WORK/empty
kept "$SEEP" report --json recording >again.json
check "without the server and what its client kept the report is the same" cmp fresh.json again.json
check_match "but with SEEP_CACHE=off" '^ +symbols +no names in ' "$("$SEEP" report --modules recording)"
env -u SEEP_CACHE -u XDG_CACHE_HOME HOME=/proc/self "$SEEP" report recording >out 2>err
check_equal "where nothing can be kept that is not an error" "0 0" "$? $(wc -l <err)"
"$SEEP" report recording >out 2>err
check_equal "without both it is a report without names, and no error" "0 0" "$? $(wc -l <err)"
# The server also has sources that are not here, as they were when the program was built. If it has none for a build,
# seep does not ask for all files of that build; and a file that is too large for a source is not read.
mkdir sources
for name in leak one two three four; do
	printf '#include <stdlib.h>\nvoid *%s_kept[1000];\n__attribute__((noinline)) void %s_here(void) {\n\tfor (int i = 0; i < 1000; i++)\n\t\t%s_kept[i] = malloc(1000); /* of %s */\n}\n' \
		$name $name $name $name >sources/$name.c
done
printf 'void leak_here(void), one_here(void), two_here(void), three_here(void), four_here(void);\nint main(void) { leak_here(); one_here(); two_here(); three_here(); four_here(); return 0; }\n' >sources/main.c
gcc -O1 -g -Wl,--build-id -o many "$WORK"/sources/*.c
"$SEEP" run -r 1K -i 0 -o many.recording -- ./many 2>/dev/null
mv sources elsewhere.sources
cat >server.py <<'END_OF_SERVER'
import http.server, os, sys, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, name = sys.argv[2], urllib.parse.unquote(self.path)
        print(name, flush=True)
        at = "elsewhere.sources/" + os.path.basename(name)
        if "/source/" not in name or kind == "none" or not os.path.exists(at):
            return self.send_error(404)
        body = open(at, "rb").read() if kind == "good" else b" " * (5 << 20)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END_OF_SERVER
for kind in good none large; do
	port=$(free_port)
	background /usr/bin/python3 server.py "$port" $kind >$kind.log
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$port" || not_ok "the server that is $kind"
	export DEBUGINFOD_URLS=http://127.0.0.1:$port DEBUGINFOD_CACHE_PATH=$WORK/cache-$kind
	timeout 100 "$SEEP" annotate leak_here many.recording >$kind.out 2>&1
	timeout 100 "$SEEP" html many.recording -o $kind.html >$kind.err 2>&1
done
check_match "a source file comes from the server" '_kept\[i\] = malloc\(1000\); /\* of leak \*/' "$(cat good.out)"
check "and is not called newer than the program" bash -c "! grep -q 'lines may have moved' good.out"
check_match "a page has its lines" 'the page has [0-9]+ lines of [1-9]' "$(cat good.err)"
check_match "without it they have values alone" 'the file is not here' "$(cat none.out)"
asked=$(grep -c "/source/.*/sources/" none.log)
check "and a server that has none is asked for three at most each time" test "$asked" -ge 1 -a "$asked" -le 6
check_match "what is larger than a source file is not read" 'is not a source file|more than such a file has' "$(cat large.out)"
exit $cases_failed
