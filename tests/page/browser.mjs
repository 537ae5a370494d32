// SPDX-License-Identifier: Apache-2.0
// node browser.mjs MODULES KIND:PAGE...: drives pages in one Chromium, and prints "ok - ..." or "not ok - ..." for each thing that
// they do. Kinds: full (tests/e2e/test_html.sh's program), hostile, and what else a page may be about. Waits are for conditions.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { signedBytes } from "../../analyzer/report/numbers/words.js";

const [modules, ...pages] = process.argv.slice(2);
const { chromium } = createRequire(path.join(path.resolve(modules), "x.js"))("playwright-core");

const problems = [];
const requests = [];
let file = "";

function check(name, condition, seen) {
	console.log(`${condition ? "ok" : "not ok"} - ${name}`);
	if (!condition) console.log(`# seen: ${JSON.stringify(seen)}`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });

async function open(address = "", options = {}) {
	const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], viewport: { width: 1280, height: 900 }, colorScheme: "light", ...options });
	const page = await context.newPage();
	page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
	page.on("pageerror", (error) => problems.push(String(error)));
	page.on("request", (request) => requests.push(request.url()));
	await page.goto(`file://${path.resolve(file)}${address}`);
	await page.waitForSelector("#seep[data-ready=true]");
	return page;
}

const text = (page, selector) => page.locator(selector).innerText();
const hash = (page) => page.evaluate(() => window.location.hash);
/** Clicks the frame whose label begins with a name; the page is asked where it lies. */
const graph = "canvas.flame:not(.callers)";
async function frame(page, name, button = "left") {
	const box = await page.evaluate((wanted) => window.seepFrame(wanted), name);
	if (!box) throw new Error(`no frame ${name}`);
	await page.locator(graph).click({ position: box, button });
}

/** Where a frame is; null: it is not drawn. */
const isDrawn = (page, name) => page.evaluate((wanted) => window.seepFrame(wanted) !== null, name);

/** What a button offers as a file. */
async function saved(page, name) {
	const waiting = page.waitForEvent("download");
	await page.locator(".exports button", { hasText: name }).click();
	const stream = await (await waiting).createReadStream();
	const chunks = [];
	for await (const chunk of stream) chunks.push(chunk);
	return Buffer.concat(chunks).toString("utf8");
}

async function choosesTimes(page) {
	const headline = await text(page, ".headline");
	const [pace] = /[\d.]+ [KMG]iB \[[\d., ]+\] a \w+/.exec(readFileSync("leaks.out", "utf8"));
	check("the first sentence says how many places leak, which, and how fast as seep leaks does", /^One place leaks: .*\. It is leak_grow \(program\.c:\d+\)\. /.test(headline) && headline.includes(pace), [headline, pace]);
	check("the first row is the leak, with its rate's interval", /^leak\s+[\d.]+ [KMG]?i?B \[.*\] an? (hour|minute|second).*leak_grow/s.test(await text(page, ".places tbody tr:first-child")), await text(page, ".places tbody tr:first-child"));
	check("the head has what was lost", /lost\s*\S/.test(await text(page, ".facts")), await text(page, ".facts"));

	const rowsNow = () => text(page, ".rows tbody");
	await page.click("[data-preset='from the start']");
	const whole = await rowsNow();
	check("a preset stands in the address", /from=0/.test(await hash(page)), await hash(page));
	await page.keyboard.press("}");
	await page.keyboard.press("{");
	await page.keyboard.press("{");
	check("keys move a handle, and the table follows", (await rowsNow()) !== whole, whole);
	const plot = await page.locator(".timeline .u-over").boundingBox();
	await page.mouse.move(plot.x + 2, plot.y + 40);
	await page.mouse.down();
	await page.mouse.move(plot.x + plot.width / 2, plot.y + 40, { steps: 4 });
	await page.mouse.up();
	check("dragging moves BEFORE", Number(/from=(\d+)/.exec(await hash(page))?.[1]) > 0, await hash(page));

	await page.click("[data-preset='start to peak']");
	check("what led to the peak is one click", /from=0&to=\d+/.test(await hash(page)), await hash(page));
	await page.hover(".timeline .u-over");
	check("a snapshot under the pointer tells its numbers and its trigger", /snapshot \d+, .* \(\w+\).*in use .*\[.*leak_grow/s.test(await text(page, ".timeline .tip")), await text(page, ".timeline .tip"));
	await page.click(".legend [data-lines]");
	check("RSS can be taken away, where the heap is a small part of it", (await page.getAttribute(".legend [data-lines]", "aria-pressed")) === "false" && /rss=/.test(await hash(page)), await hash(page));
	await page.click(".legend [data-lines]");
	await page.click(".legend .layer >> nth=0");
	const one = await text(page, ".frames .filters");
	check("a layer of the time line chooses its place everywhere", /only the place /.test(one), one);
	await page.click(".legend button >> nth=0");
	check("and all come back", (await page.locator(".legend .layer").count()) >= 3 && !/row=/.test(await hash(page)), await hash(page));
}

async function drawsFrames(page) {
	await page.selectOption("select[aria-label='colour by']", "verdict");
	check("colours are explained", /The verdict on most of it: leak, growing/.test(await text(page, ".frames > .caption")), await text(page, ".frames > .caption"));
	await page.selectOption("select[aria-label='show']", "growth");
	check("of growth, too, which has its own", /red grew, blue shrank, grey may be chance/.test(await text(page, ".frames > .caption")) && (await page.isDisabled("select[aria-label='colour by']")), await text(page, ".frames > .caption"));
	check("the graph is told in words", /^flame graph, \+[\d.]+ [KM]iB growth \(bytes\), [\d.]+ % through leak_grow;/.test(await page.getAttribute(graph, "aria-label")), await page.getAttribute(graph, "aria-label"));
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
	await page.fill("input[aria-label='search']", "^(leak_grow|table_fill) ");
	await page.press("input[aria-label='search']", "Enter");
	const first = await text(page, ".crumbs");
	await page.press("input[aria-label='search']", "Enter");
	check("Enter walks from match to match", /^2\/2: 2 frames match/.test(await text(page, ".status")) && (await text(page, ".crumbs")) !== first, await text(page, ".status"));
	await page.press("input[aria-label='search']", "Shift+Enter");
	check("and back", /^1\/2/.test(await text(page, ".status")) && (await text(page, ".crumbs")) === first, await text(page, ".status"));
	check("the table follows the zoom", /^1 of 1 rows of what the flame graph shows match/.test(await text(page, ".rows .caption")), await text(page, ".rows .caption"));
	await page.fill("input[aria-label='search']", "(");
	check("a bad expression is said", /is no regular expression/.test(await text(page, ".status")), await text(page, ".status"));
	await page.fill("input[aria-label='search']", "");
	await page.press("input[aria-label='search']", "Escape");
	await page.evaluate(() => document.activeElement?.blur());
	await page.keyboard.press("0");
	const box = await page.evaluate(() => window.seepFrame("leak_grow"));
	await page.hover(graph, { position: box });
	const tip = await text(page, ".frames .tip");
	check("a tooltip has bytes, objects, intervals and shares", /leak_grow.*program\.c:\d+.*[KM]iB \[.*objects \[.*% of all, .*% of its caller/s.test(tip), tip);
}

async function filters(page) {
	await frame(page, "table_fill", "right");
	await page.getByRole("menuitem", { name: "without stacks through this" }).click();
	check("stacks can be left out", !(await isDrawn(page, "table_fill")), null);
	await page.locator(".filters .filter").first().click();
	check("and come back", await isDrawn(page, "table_fill"), null);
	await frame(page, "leak_grow", "right");
	await page.getByRole("menuitem", { name: "copy stack" }).click();
	const copied = await page.evaluate(() => navigator.clipboard.readText());
	check("a stack is copied, outermost first", /main\nwork\nleak_grow$/.test(copied), copied);
	await frame(page, "work", "right");
	await page.getByRole("menuitem", { name: "hide this" }).click();
	await frame(page, "leak_grow", "right");
	await page.getByRole("menuitem", { name: "copy stack" }).click();
	const without = await page.evaluate(() => navigator.clipboard.readText());
	check("a frame that is hidden leaves its callees to its caller", /main\nleak_grow$/.test(without), without);
	await page.evaluate(() => { window.location.hash = "hide=."; });
	const [nothing] = [folded(await saved(page, "folded"))];
	check("where all are hidden their value is not lost", nothing.size === 1 && nothing.get("[hidden]") > 1e6, [...nothing]);
	await page.locator(".filters .filter").first().click();
	await frame(page, "leak_grow", "right");
	await page.getByRole("menuitem", { name: "callers: who leads to this" }).click();
	check("callers of a function stand below it", /callers of leak_grow/.test(await text(page, ".filters")) && (await isDrawn(page, "work")), await text(page, ".filters"));
	await page.locator(".filters .filter").first().click();
	await frame(page, "work", "right");
	await page.getByRole("menuitem", { name: "between callers and callees" }).click();
	check("a function stands between its callers and its callees", /around work/.test(await text(page, ".filters")) && (await isDrawn(page, "leak_grow")) && !(await isDrawn(page, "main")) && (await page.locator("canvas.callers").isVisible()), await text(page, ".filters"));
	const { height } = await page.locator("canvas.callers").boundingBox();
	await page.locator("canvas.callers").hover({ position: { x: 60, y: height - 8 } });
	check("the caller next to it is the lowest", /^main\n/.test(await text(page, ".frames .tip")), await text(page, ".frames .tip"));
	check("both are in the picture that is saved", /main<\/text>.*work<\/text>.*leak_grow<\/text>/s.test(await saved(page, "SVG")), null);
	await page.locator("canvas.callers").click({ position: { x: 60, y: height - 8 } });
	check("a click on a caller puts that into the middle", /around main/.test(await text(page, ".filters")), await text(page, ".filters"));
	await page.selectOption("select[aria-label='fold by']", "module");
	check("which ends where frames are folded by another rule", (await page.locator(".filters .filter").count()) === 0, await text(page, ".filters"));
	await page.selectOption("select[aria-label='fold by']", "line");
	await page.selectOption("select[aria-label='show']", "allocated");
	const lines = await saved(page, "SVG");
	await page.selectOption("select[aria-label='show']", "inuse");
	check("frames that are lines tell them, without parameters", />load program\.c:\d+<\/text>/.test(lines), lines.match(/<text[^>]*>[^<]*/g));
	await page.selectOption("select[aria-label='fold by']", "function");
	await page.click("text=inverted");
	await page.click("text=fold recursion");
	await page.click(".frames h2");
}

async function tells(page) {
	await page.click(".rows button[data-by=line]");
	await page.fill("input[aria-label='filter rows']", "leak_grow");
	check("rows by line can be filtered", /^1 of \d+ rows match/.test(await text(page, ".rows .caption")), await text(page, ".rows .caption"));
	await page.click(".rows th[data-sort=growth]");
	check("and sorted", (await page.getAttribute(".rows th[data-sort=growth]", "aria-sort")) === "descending", null);
	await page.fill("input[aria-label='filter rows']", "");
	await page.click(".rows th[data-sort=verdict]");
	await page.click(".rows tbody tr:first-child");
	check("a row marks its frames", /^\d+ frames match/.test(await text(page, ".status")), await text(page, ".status"));
	await page.keyboard.press("Escape");
	await page.click(".places tbody tr:first-child");
	check("a row of the answer chooses its place everywhere", /row=0/.test(await hash(page)) && /only the place leak_grow/.test(await text(page, ".filters")), await text(page, ".filters"));

	await page.keyboard.press("d");
	check("d makes it dark", (await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", null);
	await page.keyboard.press("?");
	check("? tells the keys", await page.locator("dialog").isVisible(), null);
	await page.keyboard.press("Escape");
	for (const [name, pattern] of [["folded", /^.*leak_grow.* \d+$/m], ["SVG", /<svg [^]*leak_grow/], ["PNG", /^\uFFFDPNG/]]) {
		const content = await saved(page, name);
		check(`the view is saved as ${name}`, pattern.test(content), content.slice(0, 80));
	}
}

/** From a page that nobody has touched. */
async function showsSource() {
	const page = await open();
	const name = () => text(page, ".source h2");
	const valued = (row) => text(page, `.source tr.flat >> nth=${row}`);
	check("the source of what leaks is there at first", /^Source of leak_grow$/.test(await name()), await name());
	check("its line has value and interval beside the text", /^[\d.]+ [KM]iB \[[\d.]+, [\d.]+\]\s.*\s\d+\s.*held = BLOCK\(1000\);/s.test(await valued(0)), await valued(0));
	check("lines around it are there, too", /table_fill\(void\)/.test(await text(page, ".source tbody")), await text(page, ".source tbody"));
	await page.selectOption("select[aria-label='show']", "growth");
	check("it follows the metric", /^\+[\d.]+ [KM]iB \[\+/.test(await valued(0)), await valued(0));
	await page.locator(".rows tbody tr", { hasText: "table_fill" }).click();
	check("a row of the table shows its source", /^Source of table_fill$/.test(await name()), await name());
	await page.selectOption("select[aria-label='show']", "inuse");
	await frame(page, "work");
	check("so does a frame", /^Source of work$/.test(await name()) && /source=work/.test(await hash(page)), await name());
	await page.locator(".source .call", { hasText: "load" }).click();
	check("and what a line calls", /^Source of load$/.test(await name()), await name());
	await page.locator(".source tr.flat").first().click();
	check("a line marks its frames", /^1 frames match/.test(await text(page, ".status")), await text(page, ".status"));
	await page.context().close();
}

async function narrow() {
	const page = await open("", { viewport: { width: 390, height: 800 }, colorScheme: "dark" });
	const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
	check("at a phone's width nothing is cut off", wide <= 390, wide);
	await frame(page, "leak_grow");
	await page.getByRole("button", { name: "more of this frame" }).click();
	await page.getByRole("menuitem", { name: "only stacks through this" }).click();
	check("what a right click offers can be had without one", /only \^leak_grow/.test(await text(page, ".filters")), await text(page, ".filters"));
	check("dark where the reader's system is", (await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", null);
	await page.context().close();
}

/** On paper it is dark on white, and no wider than that. */
async function prints() {
	const page = await open("#metric=inuse", { colorScheme: "dark" });
	const looks = (event) => page.evaluate((name) => {
		window.dispatchEvent(new Event(name));
		const canvases = [...document.querySelectorAll(".uplot canvas, canvas.flame:not(.callers)")];
		return [document.documentElement.dataset.theme, Math.max(...canvases.map((canvas) => canvas.getBoundingClientRect().width))];
	}, event);
	const [paper, screen] = [await looks("beforeprint"), await looks("afterprint")];
	check("it is printed light, and as wide as paper", paper[0] === "light" && paper[1] > 500 && paper[1] <= 700, paper);
	check("and then as before", screen[0] === "dark" && screen[1] > 1000, screen);
	await page.context().close();
}

async function full() {
	const page = await open();
	await choosesTimes(page);
	await drawsFrames(page);
	await filters(page);
	await tells(page);
	await page.context().close();
	await showsSource();
	await prints();
	await narrow();
}

async function hostile() {
	const page = await open();
	check("markup in a name is text", (await page.evaluate(() => document.body.innerText)).includes("<script>document.title='owned'</script>"), null);
	check("and does nothing", !(await page.title()).includes("owned") && (await page.locator("img").count()) === 0, await page.title());
	await page.context().close();
}

/** Folded stacks as a map; values may differ by how they were rounded. */
const folded = (content) => new Map(content.trim().split("\n").map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]));

async function flame() {
	const page = await open();
	const [ours, theirs] = [folded(await saved(page, "folded")), folded(readFileSync("flame.folded", "utf8"))];
	const differs = [...theirs].filter(([stack, value]) => !(Math.abs(ours.get(stack) - value) <= 2));
	check("seep flame's page has the stacks and values of its folded form", theirs.size > 2 && ours.size === theirs.size && differs.length === 0, [...ours].slice(0, 5));
	check("it has no answer and no time line, but a table", (await page.locator(".headline, .timeline").count()) === 0 && /table_fill/.test(await text(page, ".rows tbody")), await text(page, "#seep"));
	await page.selectOption("select[aria-label='show']", "allocated");
	check("of one snapshot, allocated is all until then", /^all\s+[\d.]+ MiB/.test(await text(page, ".crumbs")), await text(page, ".crumbs"));
	await page.context().close();
}

async function growth() {
	const page = await open();
	const { totals } = JSON.parse(readFileSync("growth.json", "utf8"));
	const expected = signedBytes(totals.growth_bytes);
	check("with --base it opens with growth, which is seep diff's", (await page.inputValue("select[aria-label='show']")) === "growth" && (await text(page, ".crumbs")).includes(expected), [await text(page, ".crumbs"), expected]);
	check("with intervals", /\+[\d.]+ [KM]iB \[\+[\d.]+, \+[\d.]+\]/.test(await text(page, ".rows tbody")), await text(page, ".rows tbody"));
	await page.context().close();
}

async function pprof() {
	const page = await open();
	check("another tool's profile is drawn, too", await isDrawn(page, "leak_grow"), await text(page, "#seep"));
	await page.context().close();
}

/** What is expected of the first sentence and of the time line. */
const OTHERS = {
	short: [/^No verdict\. Ended with 0 snapshots by the timer, 3 are needed: record longer/, /^BEFORE is snapshot \d+ /],
	one: [/^No verdict\. One snapshot only/, /^The only one is snapshot 3 /],
	thousand: [/places? leak|No verdict|Nothing leaks/, /^BEFORE is snapshot 250 .*AFTER is snapshot 1000 /],
	many: [/places? leak|No verdict|Nothing leaks/, /^BEFORE is snapshot 16 .*AFTER is snapshot 64 /],
	empty: [/^No verdict\. /, /^The only one is snapshot 1 /],
	killed: [/leak/, /^BEFORE is snapshot \d+ /],
	withheld: [/leak/, /^BEFORE is snapshot \d+ /],
};

/** The classes of memory, of a recording every other snapshot of which has them: a heap of 64 MiB, and what grows 64 KiB a snapshot. */
async function classes() {
	const page = await open();
	const caption = () => text(page, ".memory .caption");
	check("classes: the page begins with what grew where RSS did and the heap did not", /^RSS grew by 31\.\d MiB .* it grew elsewhere: unexplained \+31\.\d MiB/.test(await text(page, ".elsewhere")), await text(page, ".elsewhere"));
	check("classes: the legend has each at AFTER, and what it grew since BEFORE", /^heap 64\.0 MiB$/.test(await text(page, ".memory [data-class=heap]")) && /^unexplained 62\.4 MiB \(\+46\.9 MiB\)$/.test(await text(page, ".memory [data-class=unexplained]")), await text(page, ".memory .legend"));
	check("classes: it is said which snapshots have them", /of snapshot 999, and .* since snapshot 249\. 500 of 1000 snapshots have the classes/.test(await caption()), await caption());
	check("classes: bands are drawn", (await page.locator(".memory canvas").count()) === 1 && (await page.getAttribute(".memory .plot", "aria-label")) === "most of RSS is heap, 64.0 MiB", await page.getAttribute(".memory .plot", "aria-label"));
	await page.click("[data-preset='from the start']");
	check("classes: they follow the handles", /since snapshot 1\./.test(await caption()) && /\+62\.4 MiB/.test(await text(page, ".memory .legend")), await caption());
	await page.hover(".memory .u-over");
	check("classes: a snapshot under the pointer tells all of them", /snapshot \d+, .*all .*unexplained .*heap 64\.0 MiB/s.test(await text(page, ".memory .tip")), await text(page, ".memory .tip"));
	await page.context().close();
}

/** A recording of so many sites that the page has not each of them. */
async function leavesOut(page) {
	const notes = await text(page, ".notes");
	const [, left] = /There is no room for all 11,000 sites: the ([\d,]+) with least memory are one here, with [\d.]+ % of what is in use\./.exec(notes) ?? [];
	check("many: what was left out for want of room stands in the head", Number(left?.replace(",", "")) > 1000, notes);
	await page.fill("input[aria-label='filter rows']", "smaller sites");
	check("many: and is a row of the table", new RegExp(`\\[${left} smaller sites\\]`).test(await text(page, ".rows tbody")), await text(page, ".rows"));
}

const KINDS = { hostile, flame, growth, pprof };

async function other(kind) {
	const page = await open();
	const [first, line] = OTHERS[kind];
	check(`${kind}: the first sentence is right`, first.test(await text(page, ".headline")), await text(page, ".headline"));
	check(`${kind}: so is the time line's`, line.test(await text(page, ".timeline .caption")), await text(page, ".timeline .caption"));
	if (kind === "many") await leavesOut(page);
	if (kind === "short") check("short: each place says why it can't be told", /^unknown\s.*leak_grow.*too short to tell/s.test(await text(page, ".places tbody tr:first-child")), await text(page, ".places"));
	if (kind === "withheld") check("withheld: it is said, and lines keep their values", /without lines of source/.test(await text(page, ".source .caption")) && /iB \[/.test(await text(page, ".source tr.flat")), await text(page, ".source"));
	await page.selectOption("select[aria-label='show']", "growth");
	await page.context().close();
	if (kind === "thousand") await classes();
}

try {
	for (const of of pages) {
		const kind = of.slice(0, of.indexOf(":"));
		file = of.slice(kind.length + 1);
		if (kind === "full") await full();
		else if (KINDS[kind]) await KINDS[kind]();
		else await other(kind);
	}
	check("nothing is asked of any server", requests.every((url) => /^(file|blob|data):/.test(url)), requests);
	check("the browser complains of nothing", problems.length === 0, problems);
} catch (error) {
	check("the browser could do all of it", false, String(error.stack).slice(0, 600));
} finally {
	await browser.close();
}
