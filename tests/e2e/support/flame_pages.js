// SPDX-License-Identifier: Apache-2.0
// Opens the flame graphs that test_flame.sh has made in Chromium and uses them as a reader does. Prints a line a case.
//
//	node flame_pages.js DIRECTORY	holds single.svg, difference.svg, hostile.svg, large.svg
"use strict";
const fs = require("fs");
const path = require("path");
const {open_browser} = require("./browser.js");

const directory = path.resolve(process.argv[2]);
const address = file => "file://" + path.join(directory, file);
let failed = 0;

function check(name, passed, seen) {
	console.log((passed ? "ok - " : "not ok - ") + name);
	if (!passed) {
		failed = 1;
		console.log("# seen: " + JSON.stringify(seen));
	}
}

// What a page shows, as read in the page.
const page_state = `(() => {
	const root = document.querySelector("svg.seep-flame"), box = root.getBoundingClientRect();
	const tip = root.querySelector(".tip");
	return {
		frames: root.getAttribute("data-ready"),
		zoom: root.getAttribute("data-zoom"),
		matched: root.getAttribute("data-matched"),
		status: root.querySelector(".status").textContent,
		labels: [...root.querySelectorAll(".frames text")].map(text => text.textContent),
		tip: tip.parentNode.getAttribute("visibility") === "visible" ? tip.innerText : "",
		matches: root.querySelectorAll(".frames .match").length,
		gone: root.querySelectorAll(".frames .gone").length,
		output: root.querySelector(".tools output").textContent,
		focused: document.activeElement?.localName,
		scroll_width: document.documentElement.scrollWidth, width: box.width,
		text: root.textContent.length,
	};
})()`;

// Where the frame with this label is, in the window.
const place_of = name => `(() => {
	const root = document.querySelector("svg.seep-flame"), box = root.getBoundingClientRect();
	const label = [...root.querySelectorAll(".frames text")].find(text => text.textContent === ${JSON.stringify(name)});
	return label ? [box.left + Number(label.getAttribute("x")) + 3, box.top + Number(label.getAttribute("y")) - 4] : null;
})()`;

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

// Tries until the page is as wanted.
async function settled(browser, wanted) {
	let state;
	for (let i = 0; i < 100; i++) {
		state = await browser.evaluate(page_state);
		if (wanted(state))
			break;
		await sleep(20);
	}
	return state;
}

async function place(browser, name) {
	const at = await browser.evaluate(place_of(name));
	if (!at)
		throw new Error("no frame is labelled " + name);
	return at;
}

async function pointer_and_keys(browser, file) {
	await browser.open(address(file));
	let state = await browser.evaluate(page_state);
	check(file + ": the frames are there", state.labels.includes("main") && state.labels.includes("table_fill"), state);

	await browser.move(...await place(browser, "table_fill"));
	state = await settled(browser, s => s.tip);
	check(file + ": the pointer brings function, source, module, bytes, objects and shares",
		/^table_fill\n/.test(state.tip) && /program\.c:\d+/.test(state.tip) && /\/program\n/.test(state.tip) &&
		/in use\s+[\d.]+ MiB\s+[\d,]+ bytes/.test(state.tip) && /objects\s+[\d,]+/.test(state.tip) &&
		/[\d.]+ % of all\s+[\d.]+ % of caller/.test(state.tip), state.tip);
	check(file + ": and the status line", /^table_fill .* objects?, [\d.]+ % of all$/.test(state.status), state.status);

	await browser.click(...await place(browser, "table_fill"));
	state = await settled(browser, s => s.zoom !== "0");
	check(file + ": a click zooms in and keeps the callers",
		state.zoom !== "0" && state.labels.includes("main") && state.labels.includes("table_fill") &&
		!state.labels.includes("cache_fill"), state);
	const hash = await browser.evaluate("location.hash");
	check(file + ": the address remembers it", hash === "#zoom=" + state.zoom, hash);
	await browser.click(...await place(browser, "main"));
	state = await settled(browser, s => s.labels.includes("cache_fill"));
	check(file + ": a click on a caller zooms out to it", state.labels.includes("cache_fill"), state.labels);
	await browser.press("Escape");
	state = await settled(browser, s => s.zoom === "0");
	check(file + ": Escape shows everything again", state.zoom === "0" && state.labels.includes("all"), state);

	const touched = await place(browser, "table_fill");
	await browser.tap(...touched);
	state = await settled(browser, s => s.tip.includes("table_fill"));
	check(file + ": a tap shows details and stays", state.tip.includes("table_fill") && state.zoom === "0", state);
	await browser.tap(...touched);
	state = await settled(browser, s => s.zoom !== "0");
	check(file + ": a second one zooms", state.zoom !== "0", state.zoom);
	await browser.press("Escape");
	await settled(browser, s => s.zoom === "0");

	await browser.press("f", {ctrl: true});
	state = await settled(browser, s => s.focused === "input");
	check(file + ": Ctrl+F leads to the search", state.focused === "input", state.focused);
	await browser.type("^table_(fill|drop)$");
	state = await settled(browser, s => s.matches);
	const share = Number((state.matched || "").replace(" %", ""));
	check(file + ": a regular expression marks what it matches, and the share is told",
		state.matches === 1 && share > 20 && share < 80 && state.output.includes(state.matched), state);
	await browser.evaluate("document.querySelector('.tools input').select()");
	await browser.type("work|table_fill");
	state = await settled(browser, s => s.matched !== share + " %");
	check(file + ": a match below another match is not counted twice",
		Number(state.matched.replace(" %", "")) <= 100, state.matched);
	await browser.evaluate("document.querySelector('.tools input').select()");
	await browser.type("table_fill(");
	state = await settled(browser, s => s.output.endsWith("no match"));
	check(file + ": what is not a regular expression is taken as it stands, which is said",
		state.output === "no regular expression, taken as text: no match", state.output);
	await browser.evaluate("document.querySelector('.tools input').select()");
	await browser.type("program\\.c:[0-9]+$");
	state = await settled(browser, s => s.matches > 0);
	check(file + ": files and lines are searched, too", state.matches > 0 && state.output.startsWith("matched"), state);
	await browser.press("Escape");
	state = await settled(browser, s => !s.matches && s.focused !== "input");
	check(file + ": Escape ends the search", state.matches === 0 && state.output === "", state);

	await browser.open(address(file));
	for (let i = 0; i < 20; i++) {
		await browser.press("ArrowDown");
		state = await browser.evaluate(page_state);
		if (state.status.startsWith("work "))
			break;
	}
	await browser.press("ArrowDown");
	const heaviest = (await browser.evaluate(page_state)).status.split(" ")[0];
	await browser.press("ArrowRight");
	const next = (await browser.evaluate(page_state)).status.split(" ")[0];
	await browser.press("ArrowLeft");
	const back = (await browser.evaluate(page_state)).status.split(" ")[0];
	check(file + ": arrow keys walk through the frames", heaviest === "table_fill" && next === "cache_fill" &&
		back === "table_fill", [heaviest, next, back]);
	await browser.press("Enter");
	state = await settled(browser, s => s.zoom !== "0");
	check(file + ": Enter zooms", state.zoom !== "0" && !state.labels.includes("cache_fill"), state);

	await browser.open(address(file) + "#zoom=" + state.zoom + "&search=main");
	const again = await browser.evaluate(page_state);
	check(file + ": an address brings zoom and search back", again.zoom === state.zoom && again.matched === "100.0 %",
		again);
}

async function difference(browser) {
	await browser.open(address("difference.svg"));
	let state = await browser.evaluate(page_state);
	check("what vanished is drawn, with an outline of its own",
		state.labels.includes("cache_fill") && state.gone === 1, state);
	await browser.move(...await place(browser, "cache_fill"));
	state = await settled(browser, s => s.tip);
	check("its tooltip has before, after and change",
		/before\s+after\s+change/.test(state.tip) && /in use\s+[\d.]+ MiB\s+0 B\s+-[\d.]+ MiB/.test(state.tip),
		state.tip);
	await browser.move(...await place(browser, "leak_grow"));
	state = await settled(browser, s => s.tip.startsWith("leak_grow"));
	check("what is new has a change with a plus", /in use\s+0 B\s+[\d.]+ MiB\s+\+[\d.]+ MiB/.test(state.tip),
		state.tip);
	const legend = await browser.evaluate("document.querySelector('.legend').textContent");
	check("the legend explains the colours", /new\s*grown\s*unchanged\s*shrunk\s*vanished/.test(legend), legend);
}

async function windows(browser) {
	for (const width of [600, 1000, 1600]) {
		await browser.resize(width, 700);
		for (const file of ["single.svg", "difference.svg"]) {
			await browser.open(address(file));
			const state = await browser.evaluate(page_state);
			check(file + " fills a window of " + width + " pixels and no more",
				state.scroll_width <= width && state.width <= width && state.width > width - 20, state);
		}
	}
	await browser.resize(1200, 800);
	await browser.open(address("single.svg"));
	await browser.resize(700, 800);
	const state = await settled(browser, s => s.width <= 700);
	check("the drawing follows the window", state.width <= 700 && state.width > 680, state.width);
	await browser.resize(1200, 800);
}

async function without_script(browser) {
	await browser.open(address("single.svg"), {script: false});
	await browser.screenshot(path.join(directory, "static.png"));
	await browser.open(address("single.svg"));
	// The evaluation itself needs script, so the file's own text is asked.
	const text = fs.readFileSync(path.join(directory, "single.svg"), "utf8");
	check("without script there are labels and tooltips", />table_fill<\/text>/.test(text) &&
		/<title>table_fill\n.*program\.c:\d+\n/.test(text), text.length);
	check("and it is a picture", fs.statSync(path.join(directory, "static.png")).size > 5000);

	fs.writeFileSync(path.join(directory, "guest.html"), "<!DOCTYPE html><title>mine</title><h1>Mine</h1>" +
		"<img id='image' src='single.svg'><div id='place' style='width: 700px'></div>" +
		"<iframe id='frame' src='single.svg' width=900 height=400></iframe>");
	await browser.open(address("guest.html"));
	check("it is an image for other pages",
		await browser.evaluate("document.getElementById('image').naturalWidth") === 1200);

	const inline = text.replace(/<svg/, "</h1><div style='width: 700px'><svg") + "</div>";
	fs.writeFileSync(path.join(directory, "inline.html"), "<!DOCTYPE html><title>mine</title><h1>Mine" + inline);
	await browser.open(address("inline.html") + "#zoom=3");
	const state = await browser.evaluate(page_state);
	check("inside another page it keeps to its place", state.width === 700 && state.zoom === "0", state);
	check("and leaves that page its title's text", await browser.evaluate("document.querySelector('h1').textContent") ===
		"Mine");
}

async function hostile(browser) {
	for (const file of ["hostile.svg"]) {
		await browser.open(address(file));
		const state = await browser.evaluate(page_state);
		const names = await browser.evaluate(
			"[...document.querySelectorAll('.frames text')].map(text => text.textContent).join('\\n')");
		check(file + ": a name that is markup is shown as text",
			names.includes("<script>document.title='owned'"), names);
		await browser.move(...await place(browser, state.labels.find(label => label.includes("<script>"))));
		await settled(browser, s => s.tip);
		check(file + ": and does nothing", await browser.evaluate("document.title") !== "owned" &&
			await browser.evaluate("document.querySelectorAll('.tip script, .frames script, img').length") === 0);
	}
}

async function large(browser) {
	await browser.open(address("large.svg"));
	const frames = Number((await browser.evaluate(page_state)).frames);
	const times = await browser.evaluate(`(async () => {
		const root = document.querySelector("svg.seep-flame"), surface = root.querySelector(".surface");
		const navigation = performance.getEntriesByType("navigation")[0];
		const painted = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve, 0)));
		const zooms = [];
		for (const [x, row] of [[300, 8], [200, 12], [100, 16]]) {
			const begun = performance.now(), box = root.getBoundingClientRect();
			const y = box.top + Number(surface.getAttribute("y")) + row * 18 + 8;
			surface.dispatchEvent(new MouseEvent("click", {clientX: x, clientY: y, bubbles: true}));
			await painted();
			zooms.push(performance.now() - begun);
		}
		return {first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
			ready: navigation.loadEventEnd, zoom: Math.max(...zooms), zoomed: root.getAttribute("data-zoom")};
	})()`);
	const size = fs.statSync(path.join(directory, "large.svg")).size;
	console.log("# " + frames + " frames, " + size + " bytes: first picture " + times.first.toFixed(0) + " ms, ready " +
		times.ready.toFixed(0) + " ms, slowest zoom " + times.zoom.toFixed(0) + " ms");
	// Ten times what an idle machine needs: anything quadratic takes minutes.
	check("a hundred thousand frames are there in a moment", frames >= 100000 && times.first < 30000 &&
		times.ready < 60000, [frames, times]);
	check("and zoom at once", times.zoomed !== "0" && times.zoom < 60000, times);
}

(async () => {
	const browser = await open_browser({width: 1200, height: 800});
	try {
		await pointer_and_keys(browser, "single.svg");
		await difference(browser);
		await windows(browser);
		await without_script(browser);
		await hostile(browser);
		await large(browser);
		check("no page threw an error or asked the network for anything", browser.problems.length === 0,
			browser.problems);
	} finally {
		await browser.close();
	}
	process.exit(failed);
})().catch(error => {
	console.log("not ok - the browser test runs to its end\n# " + String(error.stack).replace(/\n/g, "\n# "));
	process.exit(1);
});
