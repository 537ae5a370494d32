// SPDX-License-Identifier: Apache-2.0
// node build.mjs MODULES OUTPUT: bundles the page's script and style into OUTPUT, with the Content-Security-Policy that lets
// these two run and nothing else. MODULES is the node_modules that package-lock.json pins.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [modules, output] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(path.join(path.resolve(modules), "x.js"))("esbuild");

mkdirSync(output, { recursive: true });
await esbuild.build({
	entryPoints: [path.join(here, "main.js")], outfile: path.join(output, "page.js"), bundle: true, minify: true, format: "iife",
	target: ["chrome90", "firefox113", "safari16.4"], legalComments: "inline", charset: "ascii", nodePaths: [path.resolve(modules)], logLevel: "warning",
});
/* Inside of <script> and <style> nothing may end them. */
const script = readFileSync(path.join(output, "page.js"), "utf8").trim().replace(/<\/(script)/gi, "<\\/$1");
const style = readFileSync(path.join(output, "page.css"), "utf8").trim();
if (/<\/style/i.test(style)) throw new Error("the style sheet has </style in it");
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
writeFileSync(path.join(output, "page.js"), script);
writeFileSync(path.join(output, "page.css"), style);
writeFileSync(path.join(output, "page.policy"), `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`);
