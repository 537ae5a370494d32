// SPDX-License-Identifier: Apache-2.0
// node browser.mjs MODULES KIND:PAGE...: drives pages in one Chromium, and prints "ok - ..." or "not ok - ..." for each
// thing that they do. Kinds: full (tests/e2e/test_html.sh's program), hostile, and the other contents that a page may
// have. Waits are for conditions.
import { readFileSync } from "node:fs";
import { signedBytes } from "../../analyzer/report/numbers/words.js";
import { browser, check, folded, isDrawn, meanwhile, open, problems, requests, saved, text } from "./driver.mjs";
import { full } from "./views.mjs";

const pages = process.argv.slice(3);

async function hostile() {
	const page = await open();
	check("markup in a name is text", (await page.evaluate(() => document.body.innerText)).includes("<script>document.title='owned'</script>"), null);
	const heights = await page.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
	check("a name of 64 KiB fills no screen", heights.length > 1 && Math.max(...heights) < 160, heights);
	check("and does nothing", !(await page.title()).includes("owned") && (await page.locator("img").count()) === 0, await page.title());
	await page.context().close();
}
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

/** A program that leaks mappings, and no heap. */
async function mapped() {
	const page = await open();
	check("mappings that leak are said, with their pace", /^What is mapped past malloc leaks: 1 place, [\d.]+ MiB .* a (minute|second)$/.test(await text(page, ".mapped p")), await text(page, "#seep"));
	check("and their place, without what is never touched", /^leak.*leaking .*mappings older than .* are still alive/s.test(await text(page, ".mapped tbody")) && (await page.locator(".mapped tbody tr").count()) === 1, await text(page, ".mapped"));
	check("before the heap, which does not leak", /Nothing of the heap leaks.*What is mapped past malloc leaks.*Over time/s.test(await text(page, "#seep")), await text(page, "#seep"));
	await page.context().close();
}

async function growth() {
	const page = await open();
	const { totals } = JSON.parse(readFileSync("growth.json", "utf8"));
	const expected = signedBytes(totals.growth_bytes);
	check("with --base it opens with growth, which is seep diff's", (await page.inputValue("select[aria-label='show']")) === "growth" && (await text(page, ".crumbs")).includes(expected), [await text(page, ".crumbs"), expected]);
	check("and growth in the table", /growth/.test(await text(page, ".rows thead")), await text(page, ".rows thead"));
	check("with intervals", /\+[\d.]+ [KM]iB \[\+[\d.]+, \+[\d.]+\]/.test(await text(page, ".rows tbody")), await text(page, ".rows tbody"));
	await page.context().close();
}

async function pprof() {
	const page = await open();
	check("another tool's profile is drawn, too", await isDrawn(page, "leak_grow"), await text(page, "#seep"));
	await page.context().close();
}

/** Checks the first sentence and the time line. */
const OTHERS = {
	short: [/^No verdict\. (Ended with 0 snapshots by the timer, 3 are needed: record longer|One of its \d snapshots can be judged)/, /^BEFORE is snapshot \d+ /],
	one: [/^No verdict\. One snapshot only/, /^The only one is snapshot 3 /],
	thousand: [/places? leak|No verdict|Nothing leaks/, /^BEFORE is snapshot 250 .*AFTER is snapshot 1000 /],
	many: [/places? leak|leaks in many places|No verdict|Nothing leaks/, /^BEFORE is snapshot 16 .*AFTER is snapshot 64 /],
	empty: [/^No verdict\. One snapshot only/, /^The only one is snapshot 1 /],
	killed: [/leak/, /^BEFORE is snapshot \d+ /],
	withheld: [/leak/, /^BEFORE is snapshot \d+ /],
};

/** The classes of memory in a recording whose every other snapshot has them: a heap of 64 MiB, and a class that grows by 64 KiB a snapshot. */
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

/** A recording with so many sites that the page does not have all of them. */
async function leavesOut(page) {
	const notes = await text(page, ".notes");
	const [, left] = /There is no room for all 11,000 sites: the ([\d,]+) with least memory are one here, with [\d.]+ % of what is in use\./.exec(notes) ?? [];
	check("many: what was left out for want of room stands in the head", Number(left?.replace(",", "")) > 1000, notes);
	await page.fill("input[aria-label='filter rows']", "smaller sites");
	check("many: and is a row of the table", new RegExp(`\\[${left} smaller sites\\]`).test(await text(page, ".rows tbody")), await text(page, ".rows"));
}
const KINDS = { full, hostile, flame, growth, pprof, mapped };

async function other(kind) {
	const page = await open();
	const [first, line] = OTHERS[kind];
	check(`${kind}: the first sentence is right`, first.test(await text(page, ".headline")), await text(page, ".headline"));
	check(`${kind}: so is the time line's`, line.test(await text(page, ".timeline .caption")), await text(page, ".timeline .caption"));
	if (kind === "many") await leavesOut(page);
	/* on a machine with much to do it takes long enough for snapshots at a peak, and then there are no places */
	if (kind === "short" && /^No verdict\. Ended/.test(await text(page, ".headline"))) check("short: each place says why it can't be told", /^unknown\s.*leak_grow.*too short to tell/s.test(await text(page, ".places tbody tr:first-child")), await text(page, ".places"));
	if (kind === "withheld") check("withheld: it is said, and lines keep their values", /without lines of source/.test(await text(page, ".source .caption")) && /iB \[/.test(await text(page, ".source tr.flat")), await text(page, ".source"));
	if (kind === "one" || kind === "empty") {
		check(`${kind}: of one moment no growth is told, and none is drawn`, !/growth|BEFORE/.test(await text(page, ".rows thead")) && (await page.locator(".timeline canvas").count()) === 0, await text(page, ".rows thead"));
		const widths = [];
		for (const metric of ["allocated", "inuse", "churn"]) {
			await page.selectOption("select[aria-label='show']", metric);
			widths.push([...folded(await saved(page, "folded")).values()].reduce((sum, value) => sum + value, 0));
		}
		check(`${kind}: freed again is what was allocated and is not in use`, Math.abs(widths[0] - widths[1] - widths[2]) <= 1e-3 * widths[0], widths);
	}
	await page.selectOption("select[aria-label='show']", "growth");
	await page.context().close();
	if (kind === "thousand") await classes();
}

try {
	for (const of of pages) {
		const kind = of.slice(0, of.indexOf(":"));
		await meanwhile(of.slice(kind.length + 1), KINDS[kind] ?? (() => other(kind)));
	}
	check("nothing is asked of any server", requests.every((url) => /^(file|blob|data):/.test(url)), requests);
	check("the browser complains of nothing", problems.length === 0, problems);
} catch (error) {
	check("the browser could do all of it", false, String(error.stack).slice(0, 600));
} finally {
	await browser.close();
}
