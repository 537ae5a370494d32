// SPDX-License-Identifier: Apache-2.0
// eslint's rules for the page's sources and their tests. Unknown names are left to the type checker.
import { createRequire } from "node:module";
import path from "node:path";

const js = createRequire(path.join(path.resolve(process.env.PAGE_TEST_MODULES ?? "node_modules"), "x.js"))("@eslint/js");

export default [
	js.configs.recommended,
	{
		linterOptions: { reportUnusedDisableDirectives: "error" },
		rules: {
			"no-undef": "off",
			"array-callback-return": "error", "complexity": ["error", 16], "consistent-return": "error", "eqeqeq": "error", "max-depth": ["error", 4],
			"max-lines": ["error", 400], "max-lines-per-function": ["error", 60], "max-params": ["error", 6], "no-else-return": "error",
			"no-eval": "error", "no-implicit-coercion": "error", "no-implied-eval": "error", "no-new-func": "error", "no-param-reassign": "off",
			"no-promise-executor-return": "error", "no-restricted-properties": ["error",
				{ property: "innerHTML", message: "names are texts: make()" }, { property: "outerHTML", message: "names are texts: make()" },
				{ property: "insertAdjacentHTML", message: "names are texts: make()" }, { object: "document", property: "write", message: "names are texts: make()" }],
			"no-self-compare": "error", "no-shadow": "error", "no-template-curly-in-string": "error", "no-unused-private-class-members": "error",
			"no-useless-return": "error", "no-var": "error", "object-shorthand": "error", "prefer-arrow-callback": "error", "prefer-const": "error",
			"require-atomic-updates": "off",
		},
	},
];
