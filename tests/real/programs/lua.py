# SPDX-License-Identifier: Apache-2.0
"""lua, an interpreter: 5.2.1 made the keys of the table of hooks weak (bug 5.2.0-1, memory hoarding when creating Lua hooks
for coroutines): before, each coroutine that ever had a hook lived on."""
import os

SOURCE = "lua5.4"
KIND = "interpreter"
PRODUCTS = ["src/lua"]
LISTENS = False # it reads its input, and ends with it
FIX = "5.2.1, bug 5.2.0-1: weak keys of the hooks' table, `db_sethook()`"
PLACES = r"^(luaB_cocreate|lua_newthread|stack_init|luaE_|luaD_|luaF_newLclosure|luaH_resize)" # parts of a thread
LOAD = "coroutines with a hook each, and strings, closures and tables that come and go"

SCRIPT = """
local live = {}
for line in io.lines() do
	local thread = coroutine.create(function(n)
		local sum = 0
		for i = 1, n do sum = sum + i; coroutine.yield(sum) end
		return sum
	end)
	debug.sethook(thread, function() end, "", 1000)
	for i = 1, 5 do coroutine.resume(thread, 10) end
	for i = 1, 20 do live[(tonumber(line) * 20 + i) % 5000] = { line .. i, { i }, ("x"):rep(i * 20) } end
end
"""


def take_out(tree):
    tree.replace_line("src/ldblib.c", r"^static int db_sethook ", r'lua_pushliteral\(L, "k"\);', by='    lua_pushliteral(L, "");')


def build(tree):
    tree.write("src/lua5.4-deb-multiarch.h", '#define DEB_HOST_MULTIARCH "x86_64-linux-gnu"\n')
    tree.sh("cd src && gcc -O2 -g -w -DLUA_COMPAT_5_3 -DLUA_USE_POSIX -I. -o lua $(ls *.c | grep -v '^luac') -lm -Wl,-E")


def command(products, service):
    service.write("script.lua", SCRIPT)
    return [os.path.join(products, "lua"), service.at("script.lua")]


def load(service):
    for number in service.ticks(250):
        service.input(b"%d\n" % number)
