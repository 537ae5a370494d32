#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/page/check.sh lint|types: what eslint says of the page's sources, or whether the types in their comments hold (tsc). The modules
# are in the user's cache (tests/deps.sh), so the type checker is told where by a file in $BUILD.
set -eu
cd "$(dirname "$0")/../.."
modules=$(tests/deps.sh --modules tests/page)
case ${1:-} in
lint) PAGE_TEST_MODULES=$modules node "$modules/eslint/bin/eslint.js" -c tests/page/eslint.config.mjs --max-warnings 0 analyzer/report tests/page tests/bench/page ;;
types)
	build=$(realpath "${BUILD:-build}")
	mkdir -p "$build/page"
	cat >"$build/page/tsconfig.json" <<-END
		{
			"compilerOptions": {
				"allowJs": true, "checkJs": true, "noEmit": true, "strict": true, "noUnusedLocals": true, "noImplicitReturns": true,
				"target": "ES2022", "module": "ESNext", "moduleResolution": "bundler", "lib": ["ES2023", "DOM", "DOM.Iterable"], "types": [],
				"paths": { "uplot": ["$(tests/deps.sh --modules analyzer/report)/uplot"] }
			},
			"include": ["$PWD/analyzer/report/*/*.js", "$PWD/analyzer/report/*.js"]
		}
	END
	node "$modules/typescript/bin/tsc" -p "$build/page/tsconfig.json"
	;;
*) echo "usage: check.sh lint|types" >&2 && exit 2 ;;
esac
