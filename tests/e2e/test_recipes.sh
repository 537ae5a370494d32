#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The recipes of docs/CI.md for CTest, Meson, pytest and GitHub Actions, as they stand there: each lets a sound program pass and fails one that
# loses memory or is over its budget.
modules=$(cd "$(dirname "$0")/../.." && tests/deps.sh --modules tests/ci) # from the user's cache, not the tests'
. "$(dirname "$0")/lib.sh"

recipe() { # LANGUAGE: prints its block of docs/CI.md
	awk -v begin="\`\`\`$1" '$0 == "```" { inside = 0 } inside { print } $0 == begin { inside = 1 }' "$ROOT/docs/CI.md"
}
is_there() { # TOOL COMMAND...: can it be run here?
	if "${@:2}" >tool.out 2>&1; then return; fi
	echo "# skipped: $1 is not here (tests/deps.sh test installs it)"
	false
}
mkdir bin
ln -s "$SEEP" bin/seep
export PATH=$PWD/bin:$PATH
check "seep is found as the recipes look for it" seep --version

cat >program.h <<'END'
#include <stdlib.h>
#include <string.h>
static void *kept;
static __attribute__((noinline)) void lose(void) { for (int i = 0; i < 50; i++) *(volatile char *)malloc(1000) = 1; }
static __attribute__((noinline)) void keep(size_t bytes) { kept = memset(malloc(bytes), 1, bytes); }
static __attribute__((noinline)) void scrub(void) { volatile char room[65536]; memset((void *)room, 0, sizeof room); }
END
echo '#include "program.h"
int main(void) { (void)lose; keep(1 << 20), scrub(); return kept == NULL; }' >sound.c
echo '#include "program.h"
int main(void) { lose(), keep(1 << 20), scrub(); return kept == NULL; }' >losing.c
echo '#include "program.h"
int main(void) { (void)lose; keep(3 << 20), scrub(); return kept == NULL; }' >large.c
echo '{"schema": "seep.budgets/1", "budgets": [{"name": "peak", "measure": "peak", "most": "2M"}]}' >budgets.json

if is_there cmake cmake --version; then
	{
		printf '%s\n' 'cmake_minimum_required(VERSION 3.13)' 'project(gate C)' 'enable_testing()' 'add_compile_options(-g -fno-builtin)'
		recipe cmake
		for name in sound losing large; do printf '%s\n' "add_executable($name $name.c)" "add_gated_test($name)"; done
	} >CMakeLists.txt
	check "CTest: the recipe is one of CMake" cmake -S . -B by_cmake
	check "CTest: it builds" cmake --build by_cmake
	(cd by_cmake && ctest --output-on-failure >../ctest.out 2>&1)
	check_equal "CTest: what is sound passes, what is not does not" "sound Passed losing ***Failed large ***Failed" \
		"$(grep -E '^ *[0-9]/[0-9] Test' ctest.out | sed -E 's/.*Test +#[0-9]+: (\w+) \.* *(\**\w+).*/\1 \2/' | xargs)"
	check_match "CTest: the place is told" 'losing.c|program.h:[0-9]+ +lose lost' "$(cat ctest.out)"
	check_match "CTest: and the budget" 'FAIL  peak' "$(cat ctest.out)"
fi

if is_there meson meson --version && is_there ninja ninja --version; then
	mkdir by_meson
	cp program.h ./*.c budgets.json by_meson
	meson_test() { # PROGRAM: runs the recipe's test of it
		{
			printf '%s\n' "project('gate', 'c', default_options: ['debug=true', 'optimization=1'])" "server = executable('$1', '$1.c', c_args: '-fno-builtin')"
			recipe meson
		} >by_meson/meson.build
		meson setup "by_meson/$1" by_meson >"$1.setup" 2>&1 && meson test -C "by_meson/$1" --print-errorlogs >"$1.out" 2>&1
	}
	meson_test sound
	check_equal "Meson: what is sound passes" 0 $?
	meson_test losing
	check_equal "Meson: what loses memory does not" 1 $?
	check_match "Meson: the place is told" 'lose lost 48.8 KiB' "$(cat losing.out)"
	meson_test large
	check_match "Meson: nor what is over its budget" 'FAIL  peak' "$(cat large.out)"
	printf '%s\n' "project('gate', 'c')" "test('plain', executable('sound', 'sound.c'))" "test('worse', executable('losing', 'losing.c'))" >by_meson/meson.build
	meson setup by_meson/plain by_meson >plain.setup 2>&1
	meson test -C by_meson/plain --wrapper 'seep run --leaks-at-exit --' >plain.out 2>&1
	check_equal "Meson: a whole suite is held by a wrapper" "plain OK worse FAIL" "$(grep -oE '(plain|worse) +(OK|FAIL)' plain.out | sort -u | xargs)"
fi

if is_there pytest /usr/bin/python3 -m pytest --version; then
	for name in sound losing large; do gcc -g -O1 -fno-builtin -o $name $name.c; done
	recipe python >conftest.py
	printf 'def test_%s(gated):\n    gated("./%s")\n\n\n' sound sound losing losing large large >test_gate.py
	/usr/bin/python3 -m pytest -q -p no:cacheprovider test_gate.py >pytest.out 2>&1
	check_equal "pytest: what is sound passes, what is not does not" "FAILED test_gate.py::test_large FAILED test_gate.py::test_losing 2 failed, 1 passed" \
		"$(grep -oE '^FAILED \S+' pytest.out | sort | xargs) $(grep -oE '^[0-9]+ failed, [0-9]+ passed' pytest.out)"
	check_match "pytest: the place is told" 'lose lost' "$(cat pytest.out)"
fi

recipe yaml >memory.yml
validator=$modules/@action-validator/cli/cli.mjs
if [ -e "$validator" ]; then
	check "GitHub Actions: the workflow is what its schema says" node "$validator" memory.yml
	sed 's/runs-on:/run-on:/' memory.yml >wrong.yml
	check_equal "GitHub Actions: another one is not" 1 "$(node "$validator" wrong.yml >/dev/null 2>&1; echo $?)"
else
	not_ok "the validator of workflows is there" "tests/deps.sh test installs it: $validator"
fi
# Its steps run here, too, with what GitHub sets.
python3 - <<'END'
import yaml
steps = yaml.safe_load(open("memory.yml"))["jobs"]["gate"]["steps"]
for name in ("Record both", "Gate"):
    open(name.split()[0] + ".sh", "w").write(next(step["run"] for step in steps if step.get("name") == name))
END
mkdir project
cp program.h budgets.json project
printf 'all:\n\tgcc -g -O1 -fno-builtin -o server server.c\n' >project/Makefile
commit() { # SOURCE
	cp "$1" project/server.c
	git -C project add server.c program.h budgets.json Makefile
	git -C project -c user.name=x -c user.email=x@example.com commit -qm "$1"
	git -C project rev-parse HEAD
}
git init -q project
base=$(commit sound.c) head=$(commit large.c)
mkdir temporary
export RUNNER_TEMP=$PWD/temporary GITHUB_STEP_SUMMARY=$PWD/summary.md BASE=$base HEAD=$head
sed -i 's/seep run -o/seep run -r 4K -o/' Record.sh # for such a small program
(cd project && bash -e ../Record.sh >../record.out 2>&1 && bash -e ../Gate.sh >../gate.out 2>&1)
check_equal "GitHub Actions: what is over its budget fails the step" 1 $?
check_match "GitHub Actions: and is annotated" '^::error .*title=peak' "$(cat gate.out)"
check_match "GitHub Actions: the summary has the table" '\| \*\*fail\*\* \| peak' "$(cat summary.md)"
check "GitHub Actions: what is uploaded is there" test -s project/memory.sarif
exit $cases_failed
