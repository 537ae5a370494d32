// SPDX-License-Identifier: Apache-2.0
// What a reader does with the page of tests/e2e/test_html.sh's program, view by view.
import { readFileSync } from "node:fs";
import { fitted, withoutParameters } from "../../analyzer/report/numbers/names.js";
import { check, edited, folded, frame, graph, hash, isDrawn, meanwhile, open, saved, text } from "./driver.mjs";

async function choosesTimes(page) {
	const headline = await text(page, ".headline");
	const leaks = readFileSync("leaks.out", "utf8");
	const [pace] = /[\d.]+ [KMG]iB \[[\d., ]+\] a \w+/.exec(leaks) ?? [leaks];
	check("the first sentence says how many places leak, which, and how fast as seep leaks does", /^One place leaks: .*\. It is leak_grow \(program\.c:\d+\)\. /.test(headline) && headline.includes(pace), [headline, pace]);
	check("the first row is the leak, with its rate's interval", /^leak\s+[\d.]+ [KMG]?i?B \[.*\] an? (hour|minute|second).*leak_grow/s.test(await text(page, ".places tbody tr:first-child")), await text(page, ".places tbody tr:first-child"));
	check("the head has when it was recorded", /recorded\s*[\d.]+ s from 20\d\d-\d\d-\d\d \d\d:\d\d UTC/.test(await text(page, ".facts")), await text(page, ".facts"));
	check("the head has what was lost", /lost\s*\S/.test(await text(page, ".facts")), await text(page, ".facts"));

	const rowsNow = () => text(page, ".rows tbody");
	await page.click("[data-preset='from the start']");
	const whole = await rowsNow();
	check("a preset stands in the address", /from=1(&|$)/.test(await hash(page)), await hash(page));
	await page.keyboard.press("}");
	for (let i = 0; i < 20 && (i < 2 || (await rowsNow()) === whole); i++) await page.keyboard.press("{"); /* the program may have stood still for a while */
	check("keys move a handle, and the table follows", (await rowsNow()) !== whole, whole);
	const apart = await hash(page);
	await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "]", ctrlKey: true, altKey: true, bubbles: true })));
	check("also where a keyboard has them behind AltGr", (await hash(page)) !== apart, apart);
	const plot = await page.locator(".timeline .u-over").boundingBox();
	await page.mouse.move(plot.x + 2, plot.y + 40);
	await page.mouse.down();
	await page.mouse.move(plot.x + plot.width / 2, plot.y + 40, { steps: 4 });
	await page.mouse.up();
	check("dragging moves BEFORE", Number(/from=(\d+)/.exec(await hash(page))?.[1]) > 0, await hash(page));

	await page.click("[data-preset='start to peak']");
	check("what led to the peak is one click", /from=1(&|$)/.test(await hash(page)), await hash(page));
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
	const names = [["std::map<int, std::less<int> >::operator[]", 16], ["ns::Set<A, B>::operator<", 14], ["<V<T> as c::Clone>::clone", 8], ["python3.11+0x52e790", 11]].map(([name, room]) => fitted(name, room));
	check("where a name has no room, templates go first, then what it is in", names.join(" ") === "map::operator[] Set::operator< clone pytho…2e790", names);
	const bare = ["listen(int)::{lambda(auto:1)#3}::operator()<int>(int) const", "f(int)::{lambda()#1}::operator()() const::Local::make()", "main::$_1::operator()(int) const", "Set<f(int)>::operator<(Set const&) const", "(anonymous namespace)::add(int)"].map(withoutParameters);
	check("a lambda is named after the function around it", bare.join(" ") === "listen::{lambda#3}<int> f::{lambda}::Local::make main::{lambda#2} Set<f(int)>::operator< (anonymous namespace)::add", bare);
	await page.evaluate(() => { window.location.hash = "hide=leak_grow"; });
	await page.waitForFunction(() => window.seepFrame("leak_grow") === null);
	await page.hover(graph, { position: await page.evaluate(() => window.seepFrame("work")) });
	check("a tooltip says what a function asked for by itself", /asked for by itself: [\d.]+ [KM]iB/.test(await text(page, ".frames .tip")), await text(page, ".frames .tip"));
	await page.evaluate(() => { window.location.hash = ""; });
	await page.waitForFunction(() => window.seepFrame("leak_grow") !== null);
	const all = (await text(page, ".crumbs")).match(/[\d.]+ [KM]iB/)[0];
	await page.click("text=inverted");
	await page.hover(graph, { position: await page.evaluate(() => window.seepFrame("main")) });
	check("and what all frames of a function have together", (await text(page, ".frames .tip")).includes(`all its frames together: ${all}`), [all, await text(page, ".frames .tip")]);
	await page.click("text=inverted");
	await page.selectOption("select[aria-label='colour by']", "verdict");
	check("colours are explained", /The verdict on most of it: leak, growing/.test(await text(page, ".frames > .caption")), await text(page, ".frames > .caption"));
	await page.selectOption("select[aria-label='show']", "growth");
	check("of growth, too, which has its own", /red grew, blue shrank, grey may be chance/.test(await text(page, ".frames > .caption")) && (await page.isDisabled("select[aria-label='colour by']")), await text(page, ".frames > .caption"));
	check("the graph is told in words", /^flame graph, \+[\d.]+ [KM]iB growth \(bytes\), [\d.]+ % through leak_grow;/.test(await page.getAttribute(graph, "aria-label")), await page.getAttribute(graph, "aria-label"));
	check("another metric is one choice", /metric=growth/.test(await hash(page)), await hash(page));
	await page.selectOption("select[aria-label='show']", "inuse");
	await frame(page, "leak_grow");
	check("a click zooms, and the crumbs say where", /leak_grow/.test(await text(page, ".crumbs")), await text(page, ".crumbs"));
	await page.keyboard.press("?");
	check("the graph that was clicked leaves the page its keys", await page.locator("dialog").isVisible(), null);
	await page.keyboard.press("Escape");
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
	check("the table follows the zoom", /^1 row of what the flame graph shows\.$/.test(await text(page, ".rows .caption")), await text(page, ".rows .caption"));
	await page.fill("input[aria-label='search']", "(");
	check("a bad expression is said", /is not a regular expression/.test(await text(page, ".status")), await text(page, ".status"));
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
	check("a row of the answer chooses its place everywhere", /row=\w+/.test(await hash(page)) && /only the place leak_grow/.test(await text(page, ".filters")), await text(page, ".filters"));

	const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
	await page.emulateMedia({ colorScheme: "dark" });
	await page.waitForSelector(":root[data-theme=dark]");
	await page.emulateMedia({ colorScheme: "light" });
	await page.waitForSelector(":root[data-theme=light]");
	await page.keyboard.press("d");
	check("it is dark where the system turns dark, and d makes it so", (await theme()) === "dark", await theme());
	await page.getByRole("button", { name: "dark or light" }).click();
	check("without keys a button does", (await theme()) === "light", await theme());
	await page.keyboard.press("d");
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
	const page = await open("", { viewport: { width: 390, height: 800 }, colorScheme: "dark", hasTouch: true });
	const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
	check("at a phone's width nothing is cut off", wide <= 390, wide);
	await page.locator(graph).tap({ position: await page.evaluate(() => window.seepFrame("leak_grow")) });
	check("a finger that zooms gets what a pointer is told", /leak_grow.*objects \[/s.test(await text(page, ".frames .tip")), await text(page, ".frames .tip"));
	await page.locator("h1").tap();
	check("until it goes elsewhere", await page.locator(".frames .tip").isHidden(), null);
	await page.getByRole("button", { name: "more of this frame" }).click();
	await page.getByRole("menuitem", { name: "only stacks through this" }).click();
	check("what a right click offers can be had without one", /only \^leak_grow/.test(await text(page, ".filters")), await text(page, ".filters"));
	check("dark where the reader's system is", (await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", null);
	await page.context().close();
}

/** Addresses that somebody wrote by hand, or that are of another recording. */
async function addresses() {
	const page = await open("#metric=nonsense&fold=__proto__&by=x&sort=constructor&row=999&around=5&zoom=a.b&from=-1&to=1e9&rss=x");
	check("an address's nonsense is not heeded", (await page.inputValue("select[aria-label='show']")) === "inuse" && (await page.inputValue("select[aria-label='fold by']")) === "function" && (await text(page, ".filters")) === "" && (await text(page, ".crumbs")).startsWith("all") && /rows\.$/.test(await text(page, ".rows .caption")), await text(page, "#seep"));
	await frame(page, "leak_grow");
	await page.locator(".places tbody tr:first-child").click();
	const link = await hash(page);
	const caption = () => text(page, ".timeline .caption");
	await page.evaluate(() => { window.location.hash = "from=3&to=100000"; });
	await page.waitForFunction(() => /^BEFORE is snapshot 3 /.test(document.querySelector(".timeline .caption").innerText));
	check("moments are named by their snapshots: the nearest there is", (await caption()).includes(`AFTER is snapshot ${/snapshots\s*(\d+)/.exec(await text(page, ".facts"))[1]} `), await caption());
	const [calls, allowed] = await page.evaluate(() => {
		const [replace, begun] = [window.history.replaceState, performance.now()];
		const field = document.querySelector("input[aria-label='filter rows']");
		let made = 0;
		window.history.replaceState = (...all) => {
			made++;
			replace.apply(window.history, all);
		};
		for (let i = 0; i < 300; i++) {
			field.value = `x${i}`;
			field.dispatchEvent(new Event("input"));
		}
		return [made, 21 + (performance.now() - begun) / 400];
	});
	check("browsers refuse an address that changes too often: the last of many choices comes a little later", calls <= allowed && /filter=x299/.test(await hash(page)), [calls, allowed, await hash(page)]);
	await page.context().close();
	await meanwhile("killed.html", async () => {
		const second = await open(link);
		check("a link shows the same of another recording of the program", /leak_grow/.test(await text(second, ".crumbs")) && /only the place leak_grow/.test(await text(second, ".filters")), [link, await text(second, ".frames")]);
		await second.context().close();
	});
}

/** As functions of a program without symbols may. */
async function placesThatReadAlike() {
	const name = edited(({ leaks: { places } }) => {
		for (const part of ["function", "file", "line", "module"]) places[1][part] = places[0][part];
	});
	await meanwhile(name, async () => {
		const page = await open();
		await page.click(".places tbody tr[data-row='1']");
		const link = await hash(page);
		await page.reload();
		await page.waitForSelector("#seep[data-ready=true]");
		const chosen = await page.locator(".places tr.chosen").evaluateAll((rows) => rows.map((row) => row.dataset.row));
		check("of two places that read alike the address has the one that was chosen", chosen.join() === "1", [link, chosen]);
		await page.context().close();
	});
}

/** The first place in order need not be the one that leaks most. */
async function firstOfSeveral() {
	for (const [times, words] of [[1.5, /Most comes from leak_grow /], [4, /The first is leak_grow /]]) {
		const name = edited(({ leaks }) => {
			leaks.totals.leak = 2;
			leaks.totals.leak_bytes_per_s = times * leaks.sites[0].leak_bytes_per_s;
		});
		await meanwhile(name, async () => {
			const page = await open();
			check(`of several leaks the first is said to be most where it is: one in ${times}`, words.test(await text(page, ".headline")), await text(page, ".headline"));
			await page.context().close();
		});
	}
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
export async function full() {
	const page = await open();
	await choosesTimes(page);
	await drawsFrames(page);
	await filters(page);
	await tells(page);
	await page.context().close();
	await showsSource();
	await addresses();
	await firstOfSeveral();
	await placesThatReadAlike();
	await prints();
	await narrow();
}
