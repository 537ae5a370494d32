// SPDX-License-Identifier: Apache-2.0
// node browser.mjs MODULES PAGE [hostile]: drives a page in Chromium, and prints "ok - ..." or "not ok - ..." for each thing that
// it does. Waits are for conditions.
import { createRequire } from "node:module";
import path from "node:path";

const [modules, file, kind] = process.argv.slice(2);
const { chromium } = createRequire(path.join(path.resolve(modules), "x.js"))("playwright-core");

const problems = [];
const requests = [];

function check(name, condition, seen) {
	console.log(`${condition ? "ok" : "not ok"} - ${name}`);
	if (!condition) console.log(`# seen: ${JSON.stringify(seen)}`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });

async function open(hash = "", options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", ...options });
	const page = await context.newPage();
	page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
	page.on("pageerror", (error) => problems.push(String(error)));
	page.on("request", (request) => requests.push(request.url()));
	await page.goto(`file://${path.resolve(file)}${hash}`);
	await page.waitForSelector("#seep[data-ready=true]");
	return page;
}

const text = (page, selector) => page.locator(selector).innerText();
const hash = (page) => page.evaluate(() => window.location.hash);
/** Clicks the frame whose label begins with a name; the page is asked where it lies. */
async function frame(page, name, button = "left") {
	const box = await page.evaluate((wanted) => window.seepFrame(wanted), name);
	if (!box) throw new Error(`no frame ${name}`);
	await page.locator("canvas.flame").click({ position: box, button });
}

async function everyInteraction(page) {
	check("the first sentence says how many places leak, and which", /^One place leaks\. It is leak_grow \(program\.c:\d+\): /.test(await text(page, ".headline")), await text(page, ".headline"));
	check("the first row is the leak, with its rate's interval", /^leak\s+[\d.]+ [KMG]?i?B an? (hour|second) \[.*leak_grow/s.test(await text(page, ".places tbody tr:first-child")), await text(page, ".places tbody tr:first-child"));
	check("the head has what was lost", /lost\s*\S/.test(await text(page, ".facts")), await text(page, ".facts"));

	const growth = () => text(page, ".rows tbody");
	await page.click("[data-preset='from the start']");
	const whole = await growth();
	check("a preset stands in the address", /from=0/.test(await hash(page)), await hash(page));
	await page.keyboard.press("}");
	await page.keyboard.press("{");
	await page.keyboard.press("{");
	check("keys move a handle, and the table follows", (await growth()) !== whole, whole);
	const plot = await page.locator(".timeline .u-over").boundingBox();
	await page.mouse.move(plot.x + 2, plot.y + 40);
	await page.mouse.down();
	await page.mouse.move(plot.x + plot.width / 2, plot.y + 40, { steps: 4 });
	await page.mouse.up();
	check("dragging moves BEFORE", Number(/from=(\d+)/.exec(await hash(page))?.[1]) > 0, await hash(page));

	await page.selectOption("select[aria-label='show']", "growth");
	check("another metric is one choice", /metric=growth/.test(await hash(page)), await hash(page));
	await page.selectOption("select[aria-label='show']", "inuse");
	await frame(page, "leak_grow");
	check("a click zooms, and the crumbs say where", /leak_grow/.test(await text(page, ".crumbs")), await text(page, ".crumbs"));
	const link = await hash(page);
	await page.keyboard.press("Escape");
	check("Escape goes back by one", !/leak_grow/.test(await text(page, ".crumbs")), await text(page, ".crumbs"));
	const again = await open(link);
	check("a link opens the same view", (await hash(again)) === link && /leak_grow/.test(await text(again, ".crumbs")), await text(again, ".crumbs"));
	await again.context().close();
	await page.keyboard.press("0");

	await page.fill("input[aria-label='search']", "program\\.c:");
	check("a search tells frames and share", /^\d+ frames match, 100\.0 % of all$/.test(await text(page, ".status")), await text(page, ".status"));
	await page.fill("input[aria-label='search']", "(");
	check("a bad expression is said", /is no regular expression/.test(await text(page, ".status")), await text(page, ".status"));
	await page.fill("input[aria-label='search']", "");

	await frame(page, "table_fill", "right");
	await page.getByRole("menuitem", { name: "without stacks through this" }).click();
	check("stacks can be left out", (await page.evaluate(() => window.seepFrame("table_fill"))) === null, null);
	await page.locator(".filters .filter").first().click();
	check("and come back", (await page.evaluate(() => window.seepFrame("table_fill"))) !== null, null);
	await frame(page, "leak_grow", "right");
	await page.getByRole("menuitem", { name: "callers: who leads to this" }).click();
	check("callers of a function stand below it", /callers of leak_grow/.test(await text(page, ".filters")) && (await page.evaluate(() => window.seepFrame("work"))) !== null, await text(page, ".filters"));
	await page.selectOption("select[aria-label='fold by']", "module");
	check("which ends where frames are folded by another rule", (await page.locator(".filters .filter").count()) === 0, await text(page, ".filters"));
	await page.selectOption("select[aria-label='fold by']", "function");
	await page.click("text=inverted");
	await page.click("text=fold recursion");

	await page.click(".rows button[data-by=line]");
	await page.fill("input[aria-label='filter rows']", "leak_grow");
	check("rows by line can be filtered", /^1 of \d+ rows match/.test(await text(page, ".rows .caption")), await text(page, ".rows .caption"));
	await page.click(".rows th[data-sort=growth]");
	check("and sorted", (await page.getAttribute(".rows th[data-sort=growth]", "aria-sort")) === "descending", null);
	await page.click(".places tbody tr:first-child");
	check("a row of the answer chooses its place everywhere", /row=0/.test(await hash(page)) && /only the place leak_grow/.test(await text(page, ".filters")), await text(page, ".filters"));

	await page.keyboard.press("d");
	check("d makes it dark", (await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", null);
	await page.keyboard.press("?");
	check("? tells the keys", await page.locator("dialog").isVisible(), null);
	await page.keyboard.press("Escape");
	for (const [name, pattern] of [["folded", /^.*leak_grow.* \d+$/m], ["SVG", /<svg [^]*leak_grow/], ["PNG", /^\uFFFDPNG/]]) {
		const waiting = page.waitForEvent("download");
		await page.locator(".exports button", { hasText: name }).click();
		const stream = await (await waiting).createReadStream();
		const chunks = [];
		for await (const chunk of stream) chunks.push(chunk);
		const content = Buffer.concat(chunks).toString("utf8");
		check(`the view is saved as ${name}`, pattern.test(content), content.slice(0, 80));
	}
}

async function narrow() {
	const page = await open("", { viewport: { width: 390, height: 800 }, colorScheme: "dark" });
	const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
	check("at a phone's width nothing is cut off", wide <= 390, wide);
	check("dark where the reader's system is", (await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", null);
	await page.context().close();
}

async function hostile(page) {
	check("markup in a name is text", (await page.evaluate(() => document.body.innerText)).includes("<script>document.title='owned'</script>"), null);
	check("and does nothing", !(await page.title()).includes("owned") && (await page.locator("img").count()) === 0, await page.title());
}

try {
	const page = await open();
	if (kind === "hostile") await hostile(page);
	else if (kind === "plain") check("it opens", true);
	else {
		await everyInteraction(page);
		await narrow();
	}
	check("nothing is asked of any server", requests.every((url) => url.startsWith("file:") || url.startsWith("blob:") || url.startsWith("data:")), requests);
	check("the browser complains of nothing", problems.length === 0, problems);
} catch (error) {
	check("the browser could do all of it", false, String(error.stack).slice(0, 600));
} finally {
	await browser.close();
}
