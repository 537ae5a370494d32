// SPDX-License-Identifier: Apache-2.0
// node build.mjs MODULES OUTPUT: bundles the pages' scripts and styles into OUTPUT, with a Content-Security-Policy that
// allows these and nothing else. MODULES is the node_modules that package-lock.json pins.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [modules, output] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(path.join(path.resolve(modules), "x.js"))("esbuild");

/* The page of a recording, and the list of a server's recordings. */
const bundles = { page: "main.js", list: "live/list.js" };

mkdirSync(output, { recursive: true });
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

for (const [name, entry] of Object.entries(bundles)) {
	const file = (suffix) => path.join(output, `${name}.${suffix}`);
	await esbuild.build({
		entryPoints: [path.join(here, entry)], outfile: file("js"), bundle: true, minify: true, format: "iife",
		target: ["chrome90", "firefox113", "safari16.4"], legalComments: "inline", charset: "ascii", nodePaths: [path.resolve(modules)], logLevel: "warning",
	});
	/* The text must not end <script> or <style>. */
	const script = readFileSync(file("js"), "utf8").trim().replace(/<\/(script)/gi, "<\\/$1");
	const style = readFileSync(file("css"), "utf8").trim();
	if (/<\/style/i.test(style)) throw new Error(`the style sheet of ${name} has </style in it`);
	writeFileSync(file("js"), script);
	writeFileSync(file("css"), style);
	writeFileSync(file("policy"), `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`);
}
