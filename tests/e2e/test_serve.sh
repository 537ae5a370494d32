#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep serve: recordings that grow, end and are made anew; who may read them; clients that are slow, many or hostile.
# time limit: 300 s
modules=$(cd "$(dirname "$0")/../.." && tests/deps.sh --modules tests/page)
. "$(dirname "$0")/lib.sh"

# A line of input makes the program leak some more; the end of its input ends it.
compile program <<'END_OF_PROGRAM'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void *volatile held;
__attribute__((noinline)) void leak_grow(int blocks) { while (blocks--) held = memset(malloc(1000), 1, 1000); }
int main(void) { char line[80]; leak_grow(2000); while (fgets(line, sizeof line, stdin)) leak_grow(1000); return 0; }
END_OF_PROGRAM
record() { # RECORDING: its program's number in $program, its input on descriptor 7
	rm -f orders && mkfifo orders
	"$SEEP" run -r 16K -i 60s -o "$1" -- ./program <orders >/dev/null 2>&1 &
	pids+=($!)
	exec 7>orders
	wait_until 20 test -e "$1/heap"
	program=$(child_of $!)
	"$SEEP" snapshot "$program" >/dev/null
}
serve() { # OPTION...: its address in $url, its number in $server
	rm -f url
	"$SEEP" serve --cpu=100 "$@" >url 2>serve.err 7>&- &
	server=$!
	pids+=("$server")
	wait_until 20 test -s url
	url=$(cat url)
}
wanted() { # URL EXPRESSION: evaluates the expression over the JSON document `d` at the URL
	curl -s "$1" >wanted.json && [ "$(json_get wanted.json "$2")" = True ]
}
differs() { # TEXT URL
	[ "$(curl -s "$2")" != "$1" ]
}
ends() { # NAME: the server ends at once, with 0
	kill -TERM "$server"
	wait "$server"
	check_equal "$1" 0 $?
}

mkdir session '<img src=x>'
record session/first
cp -r session/first '<img src=x>/"&<b>'
serve session '<img src=x>' --listen=127.0.0.1:0
check_match "its address is one line" '^http://127\.0\.0\.1:[0-9]+/$' "$(cat url)"
wait_until 20 eval 'curl -s "$url" | grep -q "program <small>pid"'
python3 "$ROOT/tests/e2e/support/serve_client.py" "$url" "$server" first
[ $? -eq 0 ] || cases_failed=1

# The recording grows, ends, and is made anew; another one appears.
curl -s "${url}r/first/data" | gunzip >before.json
version=$(curl -s "${url}r/first/state")
echo more >&7
"$SEEP" snapshot "$program" >/dev/null
check "a new snapshot is seen" wait_until 20 differs "$version" "${url}r/first/state"
check "and comes with the data" wait_until 20 eval 'curl -s "${url}r/first/data" | gunzip >after.json &&
	[ "$(json_get after.json "len(d[\"moments\"][\"number\"])")" -gt "$(json_get before.json "len(d[\"moments\"][\"number\"])")" ]'
check "the process runs" wanted "${url}r/first/state" "d['state'] == 'running'"
cp -r session/first session/second
check "a recording that appears is in the list" wait_until 20 eval 'curl -s "$url" | grep -q "href=\"r/second/\""'
exec 7>&-
check "and its end is seen" wait_until 20 wanted "${url}r/first/state" "d['state'] == 'ended' and d['snapshots'] > 2"
rm -rf session/first
check "a recording that is removed is gone" wait_until 20 wanted "${url}r/first/state" "d['state'] == 'gone'"
record session/first
check "one that is made anew has the name" wait_until 20 eval 'curl -s "${url}r/first/data" | gunzip >anew.json && [ "$(json_get anew.json "d[\"process\"][\"pid\"]")" = "$program" ]'

# A recording with a damaged snapshot is served without that one. If all its snapshots are damaged it has no page, and
# the server says why; the other recordings stay.
head -c 300 session/second/000001.seep >damaged && mv damaged session/second/000001.seep
check "a snapshot that is damaged is left out" wait_until 20 eval 'curl -s "${url}r/second/data" | gunzip >rest.json &&
	[ "$(json_get rest.json "d[\"snapshots_damaged\"]")" = 1 ]'
for file in session/second/*.seep; do
	head -c 300 "$file" >damaged && mv damaged "$file"
done
check "what is damaged is said" wait_until 20 wanted "${url}r/second/state" "'000001.seep' in (d['fault'] or '')"
check "and the others are served" wanted "${url}r/first/state" "d['fault'] is None"

# In a browser.
node "$ROOT/tests/page/live.mjs" "$modules" "${url}r/first/" "$server" "'$SEEP' snapshot $program" >browser.out 2>&1 7>&-
cat browser.out
grep -q '^not ok' browser.out && cases_failed=1
kill -INT "$server" 2>/dev/null # where the browser did not come that far
wait "$server"
check_equal "SIGINT ends it with 0" 0 $?

# With a token.
echo 'correct-horse-battery-staple' >token
serve "$program" --listen=127.0.0.1:0 --token-file=token
check_match "a process's address is its page's" '^http://127\.0\.0\.1:[0-9]+/r/first/$' "$url"
code() { curl -s -o answer -D header -w '%{http_code}' "$@"; }
check_equal "without the token nothing is shown" 401 "$(code "$url")"
check_equal "nor with another" 401 "$(code -H 'Authorization: Bearer correct-horse-battery-stapl' "${url}state")"
check_equal "with it all is" "200 200" "$(code -H "Authorization: Bearer $(cat token)" "$url") $(code -H "Authorization: Bearer $(cat token)" "${url}state")"
check_equal "in the address it is taken once" 303 "$(code "$url?token=$(cat token)")"
check_match "for a cookie that scripts and other sites don't get" '^Set-Cookie: seep-[0-9]+=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict' "$(tr -d '\r' <header)"
check_match "and the address without it" '^Location: /r/first/$' "$(tr -d '\r' <header)"
cookie=$(sed -n 's/^Set-Cookie: \([^;]*\);.*/\1/p' header)
check_equal "the cookie is good for the rest" 200 "$(code -H "Cookie: $cookie" "${url}state")"
check_equal "but for nobody else's pages" 403 "$(code -H "Cookie: $cookie" -H 'Origin: http://evil.example' "${url}state")"
ends "SIGTERM ends it"
"$SEEP" serve session --listen=0.0.0.0:0 >out 2>err
check_equal "no other machine can connect without a token" "2 0 1" "$? $(wc -l <out) $(wc -l <err)"
SEEP_SERVE_TOKEN=short "$SEEP" serve session --listen=127.0.0.1:0 >out 2>err
check_equal "a poor token is refused" "3 0 1" "$? $(wc -l <out) $(wc -l <err)"
SEEP_SERVE_TOKEN=$(cat token) serve session --listen=0.0.0.0:0
check_equal "with one it can" "401 200" "$(code "http://127.0.0.1:${url##*:}") $(code -H "Authorization: Bearer $(cat token)" "http://127.0.0.1:${url##*:}")"
ends "and ends like any other"

# On a Unix socket; and addresses on which it can't listen.
serve session/first --listen=unix:socket
check_equal "a socket's file is its user's alone" "unix:socket 600" "$url $(stat -c %a socket)"
check_equal "it is served there" 200 "$(code --unix-socket socket http://localhost/r/first/)"
check_equal "its name alone leads there" "308 /r/first/" "$(code --unix-socket socket http://localhost/r/first) $(sed -n 's/^Location: //p' header | tr -d '\r')"
check_equal "an icon that browsers ask for is no mistake" 204 "$(code --unix-socket socket http://localhost/favicon.ico)"
cp -r session/first session/first.2
check "with what takes its name next" wait_until 20 eval 'curl -s --unix-socket socket http://localhost/ | grep -q "href=\"r/first.2/\""'
check_equal "and nothing else" 0 "$(curl -s --unix-socket socket http://localhost/ | grep -c second)"
"$SEEP" serve session --listen=unix:socket 2>err
check_equal "two can't listen there" "3 1" "$? $(wc -l <err)"
kill -KILL "$server" && wait "$server" 2>/dev/null
serve session/first --listen=unix:socket
check_equal "a socket that was left behind is replaced" 200 "$(code --unix-socket socket http://localhost/r/first/)"
ends "its end"
check "removes the socket" test ! -e socket
echo precious >file
"$SEEP" serve session --listen=unix:file 2>err
check_equal "another's file stays" "3 precious" "$? $(cat file)"
"$SEEP" serve nowhere 2>err
check_equal "what is not there is refused in one line" "3 1" "$? $(wc -l <err)"
"$SEEP" serve program 2>err
check_equal "and so is what is not a recording" "3 1" "$? $(wc -l <err)"
"$SEEP" serve --cpu=0 2>err
check_equal "some processor time is needed" "2 1" "$? $(wc -l <err)"
"$SEEP" serve --listen=example.org:80 2>err
check_equal "no name is looked up" "2 1" "$? $(wc -l <err)"
exec 7>&-
exit $cases_failed
