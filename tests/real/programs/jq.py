# SPDX-License-Identifier: Apache-2.0
"""jq, an interpreter: 1.6 put a free into f_current_line() (pull request 1303: input_line_number kept its input)."""
import os
import json

SOURCE = "jq"
KIND = "interpreter"
PRODUCTS = ["src/jq"]
LISTENS = False # it reads its input, and ends with it
FIX = "1.6, pull request 1303: `jv_free(a)` in `f_current_line()`"
PLACES = r"^(jv|token|found_|value|scan|check_literal|parser_|stream_)" # the functions that make values from its input
LOAD = "a stream of objects, of each its line number, length and keys"


def take_out(tree):
    tree.replace_line("src/builtin.c", r"^static jv f_current_line\(", r"^  jv_free\(a\);$")


def build(tree):
    tree.write("src/version.h", '#define JQ_VERSION "1.6"\n')
    tree.sh(r"""cd src && sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' builtin.jq >builtin.inc
        gcc -O2 -g -w -D_GNU_SOURCE -DIEEE_8087 -DHAVE_MEMMEM -DHAVE_TIMEGM -DHAVE_TM_TM_GMT_OFF -DHAVE_ISATTY -I. -I.. \
        -o jq $(ls *.c | grep -v inject_errors) -lm -lpthread""")


def command(products, service):
    return [os.path.join(products, "jq"), "-c",
            '[input_line_number, length, (.items | map(.name) | join("-") | length), (to_entries | length)]']


def load(service):
    for number in service.ticks(100):
        items = [{"name": f"item {number} {i}", "price": i, "tags": ["a", "b", str(number)]} for i in range(3)]
        service.input(json.dumps({"id": number, "text": "x" * (number * 31 % 700), "items": items}).encode() + b"\n")
