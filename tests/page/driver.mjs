// SPDX-License-Identifier: Apache-2.0
// One Chromium, that without a window, which takes a third of the CPU, and what the page's tests do with it. The importing script's first argument says
// where its modules are.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

const { chromium } = createRequire(path.join(path.resolve(process.argv[2]), "x.js"))("playwright-core");

/** The browser's complaints, and its requests. */
export const problems = [];
export const requests = [];
let file = "";

export function check(name, condition, seen) {
	console.log(`${condition ? "ok" : "not ok"} - ${name}`);
	if (!condition) console.log(`# seen: ${JSON.stringify(seen)}`);
}

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium-headless-shell", args: ["--no-sandbox"] });

export async function open(address = "", options = {}) {
	const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], viewport: { width: 1280, height: 900 }, colorScheme: "light", ...options });
	const page = await context.newPage();
	page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
	page.on("pageerror", (error) => problems.push(String(error)));
	page.on("request", (request) => requests.push(request.url()));
	await page.goto(`file://${path.resolve(file)}${address}`);
	await page.waitForSelector("#seep[data-ready=true]");
	return page;
}

export const text = (page, selector) => page.locator(selector).innerText();

/** The address, once it has all that was chosen. */
export async function hash(page) {
	await page.waitForSelector(":root:not([data-address-waits])", { state: "attached" });
	return page.evaluate(() => window.location.hash);
}

/** Makes another page with the same data except for `change`; returns its name. */
export function edited(change) {
	const [all, carried] = /id="seep-data">([^<]*)</.exec(readFileSync(file, "utf8"));
	const document = JSON.parse(gunzipSync(Buffer.from(carried, "base64")));
	change(document);
	writeFileSync("edited.html", readFileSync(file, "utf8").replace(all, () => all.replace(carried, gzipSync(JSON.stringify(document)).toString("base64"))));
	return "edited.html";
}

/** Opens this file's page while something is done. */
export async function meanwhile(name, act) {
	const before = file;
	file = name;
	await act();
	file = before;
}

export const graph = "canvas.flame:not(.callers)";

/** Clicks the frame whose label begins with a name; the page tells where the frame is. */
export async function frame(page, name, button = "left") {
	const box = await page.evaluate((wanted) => window.seepFrame(wanted), name);
	if (!box) throw new Error(`no frame ${name}`);
	await page.locator(graph).click({ position: box, button });
}

/** Where a frame is; null: it is not drawn. */
export const isDrawn = (page, name) => page.evaluate((wanted) => window.seepFrame(wanted) !== null, name);

/** The file that a button offers. */
export async function saved(page, name) {
	const waiting = page.waitForEvent("download");
	await page.locator(".exports button", { hasText: name }).click();
	const stream = await (await waiting).createReadStream();
	const chunks = [];
	for await (const chunk of stream) chunks.push(chunk);
	return Buffer.concat(chunks).toString("utf8");
}

/** Folded stacks as a map; values may differ by how they were rounded. */
export const folded = (content) => new Map(content.trim().split("\n").map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]));
