// SPDX-License-Identifier: Apache-2.0
// node live.mjs MODULES URL SERVER COMMAND: looks at a served recording in Chromium while it grows, which COMMAND makes it do, and while
// the process SERVER ends. Prints "ok - ..." or "not ok - ..." for each thing seen. Waits are for conditions.
import { execSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

const [modules, url, server, command] = process.argv.slice(2);
const { chromium } = createRequire(path.join(path.resolve(modules), "x.js"))("playwright-core");
const origin = new URL(url).origin;

function check(name, condition, seen) {
	console.log(`${condition ? "ok" : "not ok"} - ${name}`);
	if (!condition) console.log(`# seen: ${JSON.stringify(seen)}`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium-headless-shell", args: ["--no-sandbox"] });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 500 } })).newPage();
page.setDefaultTimeout(60000);
const problems = [];
const requests = [];
let isEnding = false;
page.on("console", (message) => ["error", "warning"].includes(message.type()) && !isEnding && problems.push(message.text()));
page.on("pageerror", (error) => problems.push(String(error)));
page.on("request", (request) => requests.push(request.url()));

const text = (selector) => page.locator(selector).innerText();
const snapshots = async () => Number(/snapshots\s*(\d+)/.exec(await text(".facts"))[1]);
const after = async () => Number(/AFTER is snapshot (\d+)/.exec(await text(".timeline .caption"))[1]);
const grow = async () => {
	const before = await snapshots();
	execSync(command, { stdio: "ignore" });
	const deadline = Date.now() + 60000;
	while ((await snapshots()) <= before && Date.now() < deadline) await page.waitForTimeout(100);
};

try {
	await page.goto(url);
	await page.waitForSelector("#seep[data-ready=true]");
	check("the page of a recording that grows says so", /^live; data of \d\d:\d\d:\d\d/.test(await text(".live span")), await text(".live"));
	check("and is named after the program", (await page.title()) === "seep: program", await page.title());

	await page.click("[data-preset='from the start']");
	const box = await page.evaluate(() => window.seepFrame("leak_grow"));
	await page.locator("canvas.flame:not(.callers)").click({ position: box });
	await page.fill("input[aria-label='filter rows']", "leak");
	await page.evaluate(() => document.querySelector(".frames").scrollIntoView());
	const zoomed = await text(".crumbs");
	const first = await after();
	const top = () => page.evaluate(() => document.querySelector(".frames").getBoundingClientRect().top);
	const scrolled = await top();
	await grow();
	check("a new snapshot comes by itself, and AFTER follows it", (await after()) > first, [first, await after()]);
	check("zoom stays", /leak_grow/.test(zoomed) && /leak_grow/.test(await text(".crumbs")), [zoomed, await text(".crumbs")]);
	check("so do the filter and what has the focus", (await page.inputValue("input[aria-label='filter rows']")) === "leak" && (await page.evaluate(() => document.activeElement.getAttribute("aria-label"))) === "filter rows", await page.evaluate(() => document.activeElement.className));
	check("and the place on the page", Math.abs((await top()) - scrolled) < 2, [scrolled, await top()]);
	await page.keyboard.type("_grow");
	check("typing goes on", (await page.inputValue("input[aria-label='filter rows']")) === "leak_grow", await page.inputValue("input[aria-label='filter rows']"));

	const seen = await text(".crumbs");
	await page.reload();
	await page.waitForSelector("#seep[data-ready=true]");
	check("loading it again shows the same", (await text(".crumbs")) === seen, [seen, await text(".crumbs")]);
	const newest = await after();
	await grow();
	check("and AFTER goes on following", (await after()) > newest && /BEFORE is snapshot 1 /.test(await text(".timeline .caption")), [newest, await text(".timeline .caption")]);

	await page.locator("h1").click();
	await page.keyboard.press("{");
	const chosen = await after();
	await grow();
	check("a handle that does not stand at the end stays", (await after()) === chosen, [chosen, await after()]);

	const link = await page.getAttribute(".live a", "href");
	const list = await page.context().newPage();
	await list.goto(new URL(link, url).href);
	await list.waitForSelector("a[href='r/first/']");
	check("it links to the list", (await list.locator("tbody tr").count()) > 1, await list.locator("body").innerText());
	for (const width of [1280, 390]) {
		await list.setViewportSize({ width, height: 800 });
		const wide = await list.evaluate(() => document.scrollingElement.scrollWidth);
		check(`whose ${width} pixels suffice`, wide <= width, wide);
	}
	await list.close();

	isEnding = true;
	process.kill(Number(server), "SIGINT");
	await page.waitForSelector(".live[data-kind=lost]");
	check("a lost connection is said, with the age of what is shown", /^connection lost, last data of \d\d:\d\d:\d\d/.test(await text(".live span")), await text(".live"));
	check("and the page stays usable", /leak_grow/.test(await text(".crumbs")), await text(".crumbs"));
	check("nothing is asked of any other server", requests.every((asked) => asked.startsWith(`${origin}/`) || asked.startsWith("data:")), requests.filter((asked) => !asked.startsWith(origin)));
	check("the browser complains of nothing", problems.length === 0, problems);
} catch (error) {
	check("the browser could do all of it", false, String(error.stack).slice(0, 600));
} finally {
	await browser.close();
}
