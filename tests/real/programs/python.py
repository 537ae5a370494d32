# SPDX-License-Identifier: Apache-2.0
"""python's math module, an extension of an interpreter: 3.11.1 frees what math.dist() made of its points where they have
different dimensions (gh-98897). The module alone is built; Debian's python3.11 loads it."""
import os

SOURCE = "python3.11"
KIND = "interpreter's module"
PRODUCTS = ["math.so"]
LISTENS = False # it reads its input, and ends with it
FIX = "3.11.1, gh-98897: `goto error_exit` in `math_dist_impl()`"
PLACES = r"^(math_dist_impl|math_dist)$"
LOAD = "distances between points of 400 dimensions, one in ten of which have one fewer, and lists and dictionaries beside it"

SCRIPT = """
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.ExtensionFileLoader("math", sys.argv[1])
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("math", loader))
loader.exec_module(module)
live = {}
for number, line in enumerate(sys.stdin):
    points = [[float(i * number) for i in range(400)] for _ in range(10)]
    for i in range(9):
        module.dist(points[i], points[i + 1])
    for i in range(8):
        try:
            module.dist(points[i], points[i + 1][1:])
        except ValueError:
            pass
    live[number % 200] = [line * 40, {str(i): [i] * 90 for i in range(10)}]
"""


def take_out(tree):
    tree.replace_line("Modules/mathmodule.c", r"^math_dist_impl\(", r"^        goto error_exit;$", by="        return NULL;")


def build(tree):
    tree.sh("gcc -O2 -g -fPIC -shared -DPy_BUILD_CORE_MODULE -I/usr/include/python3.11 -I/usr/include/python3.11/internal "
            "-IModules -o math.so Modules/mathmodule.c")


def command(products, service):
    service.write("script.py", SCRIPT)
    return ["/usr/bin/python3.11", service.at("script.py"), os.path.join(products, "math.so")]


def load(service):
    for number in service.ticks(10):
        service.input(b"%d\n" % number)
