// SPDX-License-Identifier: Apache-2.0
// node bench.mjs BUILD REPORT_MODULES TEST_MODULES BENCH_MODULES [PAGE...]: how fast our flame graph and those of others show 100,000
// frames in headless Chromium, and how fast whole pages can be used. Prints a row for each: medians of some runs. CPU is that
// of the page's main thread, which another load on the machine changes less.
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { callTree, functionName } from "./tree.js";

const [build, reportModules, testModules, benchModules, ...pages] = process.argv.slice(2);
const from = (folder, name) => createRequire(path.join(path.resolve(folder), "x.js"))(name);
const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(build, "bench", "page");
const RUNS = Number(process.env.BENCH_RUNS || 5);
const ZOOMS = 6;
const PATIENCE_MS = 120000;
mkdirSync(out, { recursive: true });

const browser = await from(testModules, "playwright-core").chromium.launch({
	executablePath: process.env.CHROMIUM || "/usr/bin/chromium-headless-shell", args: ["--no-sandbox", "--allow-file-access-from-files"],
});

async function open(url) {
	const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
	const session = await page.context().newCDPSession(page);
	await session.send("Performance.enable", { timeDomain: "threadTicks" });
	const cpu = async () => 1000 * (await session.send("Performance.getMetrics")).metrics.find((metric) => metric.name === "TaskDuration").value;
	page.setDefaultTimeout(120000);
	await page.goto(url);
	return { page, cpu, close: () => page.context().close() };
}

/** Calls a function of the page's, and waits until what it did has been drawn: Infinity where that takes too long. */
const timed = (page, name, argument) => Promise.race([called(page, name, argument), new Promise((done) => { setTimeout(done, PATIENCE_MS, Infinity); })]);

const called = (page, name, argument) => page.evaluate(async ([of, value]) => {
	const begun = performance.now();
	window[of](value);
	await new Promise((done) => { requestAnimationFrame(() => setTimeout(done, 0)); });
	return performance.now() - begun;
}, [name, argument]);

/** @param {number[]} values */
const median = (values) => values.slice().sort((a, b) => a - b)[values.length >> 1];

/** The median of each column. */
const medians = (rows) => rows[0].map((_, i) => median(rows.map((row) => row[i])));

async function graph(name) {
	const script = path.join(out, `${name}.js`);
	await from(reportModules, "esbuild").build({ entryPoints: [path.join(here, `${name}.js`)], outfile: script, bundle: true, minify: true, format: "iife", nodePaths: [path.resolve(benchModules)], logLevel: "error" });
	writeFileSync(path.join(out, `${name}.html`), `<!DOCTYPE html><meta charset="utf-8"><style>:root{--ink:#000;--soft:#ddd}</style><div id="chart" style="width:1280px"></div><script>${readFileSync(script, "utf8").replace(/<\/script/gi, "<\\/script")}</script>`);
	const rows = [];
	for (let run = 0; run < RUNS; run++) {
		const { page, cpu, close } = await open(pathToFileURL(path.join(out, `${name}.html`)).href);
		const before = await cpu();
		const first = await timed(page, "first");
		if (first === Infinity) return [first, NaN, NaN, NaN];
		const drawn = await cpu();
		const zooms = [];
		for (let i = 0; i < ZOOMS; i++) zooms.push(await timed(page, "zoom", i));
		rows.push([first, drawn - before, median(zooms), ((await cpu()) - drawn) / ZOOMS]);
		await close();
		if (first > 5000) break;
	}
	return medians(rows);
}

/** It is an application: from opening it with a file until the profile's name is its title. */
async function speedscope() {
	const tree = callTree(100000);
	const isLeaf = new Uint8Array(tree.parent.length).fill(1);
	for (let node = 1; node < tree.parent.length; node++) isLeaf[tree.parent[node]] = 0;
	const lines = [];
	for (let leaf = 1; leaf < isLeaf.length; leaf++) {
		const stack = [];
		for (let node = isLeaf[leaf] ? leaf : 0; node; node = tree.parent[node]) stack.push(functionName(tree.name[node]));
		if (stack.length) lines.push(`${stack.reverse().join(";")} ${tree.value[leaf]}`);
	}
	const folded = Buffer.from(lines.join("\n")).toString("base64");
	writeFileSync(path.join(out, "profile.js"), `speedscope.loadFileFromBase64("profile.txt", "${folded}");`);
	const release = path.join(path.resolve(benchModules), "speedscope", "dist", "release", "index.html");
	const rows = [];
	for (let run = 0; run < RUNS; run++) {
		const begun = performance.now();
		const { page, cpu, close } = await open(`${pathToFileURL(release).href}#localProfilePath=${path.resolve(out, "profile.js")}`);
		await page.waitForFunction(() => document.title.includes("profile.txt"));
		await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => setTimeout(done, 0)); }));
		rows.push([performance.now() - begun, await cpu(), NaN, NaN]);
		await close();
	}
	return medians(rows);
}

/** A page of ours: its size, until its first screen is there and can be used, until all of it is, and a step of a handle with all that follows. */
async function whole(file) {
	const rows = [];
	for (let run = 0; run < RUNS; run++) {
		const { page, cpu, close } = await open(pathToFileURL(path.resolve(file)).href);
		await page.waitForSelector("#seep[data-ready=true]");
		const [usable, complete] = await page.evaluate(() => [performance.getEntriesByName("usable")[0].startTime, performance.now()]);
		const loaded = await cpu();
		await page.evaluate(() => { window.move = (i) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "[" : "]", bubbles: true })); });
		const moves = [];
		for (let i = 0; i < 8; i++) moves.push(await timed(page, "move", i));
		rows.push([usable, complete, loaded, median(moves), ((await cpu()) - loaded) / 8]);
		await close();
	}
	return medians(rows);
}

const ms = (value) => (Number.isNaN(value) ? "–" : value === Infinity ? `> ${PATIENCE_MS} ms` : `${Math.round(value)} ms`);
const row = (name, size, times) => console.log(`| ${[name, size, ...times.map(ms)].join(" | ")} |`);
try {
	const only = process.env.BENCH_ONLY;
	if (only !== "pages") {
		console.log("| 100,000 frames | | first picture | CPU | zoom | CPU |\n|---|---|---|---|---|---|");
		if (!only || only === "seep") row("seep", "", await graph("ours"));
		if (!only || only === "flame-chart-js") row("flame-chart-js", "", await graph("flame_chart"));
		if (!only || only === "speedscope") row("speedscope (until loaded)", "", await speedscope());
		if (!only || only === "d3-flame-graph") row("d3-flame-graph", "", await graph("d3"));
		console.log("");
	}
	console.log("| page | size | usable | complete | CPU | a handle's step | CPU |\n|---|---|---|---|---|---|---|");
	for (const file of pages) row(path.basename(file, ".html"), `${(statSync(file).size / 2 ** 20).toFixed(2)} MiB`, await whole(file));
} finally {
	await browser.close();
}
