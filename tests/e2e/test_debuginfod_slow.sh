#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# debuginfod servers that drip, never answer, or never end: the report still comes, says why it has no names, and takes
# them from the next server that has them.
. "$(dirname "$0")/lib.sh"
export SEEP_CACHE=off
export HOME=$WORK no_proxy='*'
unset http_proxy HTTP_PROXY DEBUGINFOD_URLS
compile program <<'END_OF_PROGRAM'
#include <stdlib.h>
void *kept[9000];
__attribute__((noinline)) static void leak_here(int i) { kept[i] = malloc(1000); }
int main(void) { for (int i = 0; i < 9000; i++) leak_here(i); return 0; }
END_OF_PROGRAM
objcopy --only-keep-debug program served.debug && strip program
"$SEEP" run -r 8K -i 0 -o recording -- ./program 2>/dev/null
mv program elsewhere
cat >server.py <<'END_OF_SERVER'
import http.server, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind = sys.argv[2]
        try:
            if kind == "silent":
                time.sleep(600)
            body = open("served.debug", "rb").read()
            self.send_response(200)
            if kind != "endless":
                self.send_header("Content-Length", str(len(body) if kind == "good" else 10**9))
            self.end_headers()
            while kind == "endless":
                self.wfile.write(bytes(1 << 20))
            if kind == "good":
                self.wfile.write(body)
            for _ in range(600 if kind == "drips" else 0):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(1)
        except OSError:
            pass
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END_OF_SERVER
declare -A url
for kind in drips silent good; do
	port=$(free_port)
	background /usr/bin/python3 server.py "$port" $kind
	url[$kind]=http://127.0.0.1:$port
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$port" || not_ok "the server that is $kind"
done
for kind in drips silent; do
	DEBUGINFOD_URLS=${url[$kind]} DEBUGINFOD_CACHE_PATH=$WORK/cache-$kind timeout 100 "$SEEP" report --modules recording >modules
	check_equal "a server that $kind does not hold a report" 0 $?
	check_match "which says so ($kind)" 'debuginfod: a server was too slow' "$(cat modules)"
done
DEBUGINFOD_URLS="${url[drips]} ${url[good]}" DEBUGINFOD_CACHE_PATH=$WORK/cache-both timeout 100 "$SEEP" report recording >report
check_match "the other server's names are taken" leak_here "$(cat report)"
exit $cases_failed
