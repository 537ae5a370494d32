// SPDX-License-Identifier: Apache-2.0
// Builds the page from the data that it carries.

import "uplot/dist/uPlot.min.css";
import "./page.css";
import { answer, heading } from "./views/answer.js";
import { Cohorts } from "./views/cohorts.js";
import { bytesOf, documentOf } from "./data/data.js";
import { make, safe } from "./dom.js";
import { carried } from "./live/carry.js";
import { Follower } from "./live/follow.js";
import { keep, untilIdle } from "./live/keep.js";
import { Memory } from "./views/memory.js";
import { Panel } from "./views/panel.js";
import { drawForPaper } from "./paper.js";
import { Recording } from "./data/recording.js";
import { Source } from "./views/source.js";
import { State } from "./state.js";
import { followTheme, switchTheme } from "./theme.js";
import { Table } from "./views/tables.js";
import { Timeline } from "./views/timeline.js";

const KEYS = [
	["?", "this list"], ["/ or Ctrl+F", "search the flame graph"], ["n and p", "the next match, and the one before (in the field: Enter, Shift+Enter)"], ["[ and ]", "BEFORE a snapshot earlier or later"], ["{ and }", "AFTER a snapshot earlier or later"],
	["i", "inverted"], ["0", "zoom out"], ["arrows, Enter", "walk through the flame graph that has the focus"], ["Esc", "back by one; clear a search"],
	["right click", "copy, only this, without this, hide this, callers and callees"], ["d", "dark or light"],
];

const root = /** @type {HTMLElement} */ (document.getElementById("seep"));

function help() {
	const dialog = make("dialog", {}, make("h2", {}, "Keys"), make("dl", {}, ...KEYS.flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, text)])), make("form", { method: "dialog" }, make("button", {}, "close")));
	document.body.append(dialog);
	return dialog;
}

/** The key, if it is for the page; "": it is for the browser or for a field. @param {KeyboardEvent} event @param {Element} target */
function keyOf({ key, ctrlKey, metaKey, altKey }, target) {
	if (key === "f" && (ctrlKey || metaKey)) return "/";
	/* on many keyboards these are behind AltGr or Option */
	const isHandle = "[]{}".includes(key) && altKey && !metaKey;
	if ((ctrlKey || metaKey || altKey) && !isHandle) return "";
	return target.matches("input, select") && key !== "Escape" ? "" : key;
}

/**
 * @typedef {ReturnType<typeof show>} Views
 * @param {State} state @param {HTMLDialogElement} dialog @param {() => Views|null} now the views that are on the page
 */
function keys(state, dialog, now) {
	const shown = () => /** @type {Views} */ (now());
	const step = (/** @type {string} */ name, /** @type {number} */ by) => {
		const { timeline, recording } = shown();
		const { before, after } = timeline.moments();
		const from = name === "from" ? Math.min(Math.max(before + by, 0), after) : before;
		const to = name === "to" ? Math.max(Math.min(after + by, recording.count - 1), before) : after;
		timeline.choose(from, to);
	};
	/** @type {Record<string, () => void>} */
	const acts = {
		"?": () => dialog.showModal(), "/": () => shown().panel.search.focus(), "[": () => step("from", -1), "]": () => step("from", 1), "{": () => step("to", -1), "}": () => step("to", 1),
		n: () => shown().panel.walk(1), p: () => shown().panel.walk(-1), N: () => shown().panel.walk(-1),
		i: () => state.set({ inverted: state.get("inverted") ? "" : "1", zoom: "" }), 0: () => state.set({ zoom: "" }),
		d: () => shown().darken(),
		Escape: () => {
			const { panel } = shown();
			if (state.get("search")) state.set({ search: "" });
			else panel.back();
		},
	};
	document.addEventListener("keydown", (event) => {
		/* the dialog handles its own keys */
		if (dialog.open || !now() || !(event.target instanceof Element)) return;
		const act = acts[keyOf(event, event.target)];
		if (!act) return;
		event.preventDefault();
		act();
	});
}

/** Resolves when the changes have been drawn. A hidden page is never drawn. @returns {Promise<void>} */
const drawn = () => new Promise((done) => {
	const late = setTimeout(done, 300);
	requestAnimationFrame(() => {
		clearTimeout(late);
		setTimeout(done, 0);
	});
});

/**
 * Builds the page about a recording, or the flame graph that `seep flame` makes; `head`, if there is one, is put above
 * everything. The functions returned as `later` fill what is below the first screen.
 * @param {Recording} recording @param {State} state @param {HTMLDialogElement} dialog @param {Element|null} head
 */
function show(recording, state, dialog, head) {
	const timeline = new Timeline(recording, state);
	const memory = new Memory(recording, state, timeline);
	const cohorts = new Cohorts(recording, state);
	const panel = new Panel(recording, state, timeline);
	const table = new Table(recording, state, timeline, panel);
	const source = new Source(recording, state, timeline);
	const foot = make("footer", {}, `made by seep ${safe(recording.document.version)} from ${safe(recording.document.source)}; intervals are 95 %. `, make("button", { on: { click: () => dialog.showModal() } }, "keys (?)"), " ", make("button", { on: { click: () => darken() } }, "dark or light (d)"));
	/** @type {any[]} */
	const parts = recording.document.metric
		? [heading(recording), recording.count > 1 && timeline.caption, panel.element, table.element, foot]
		: [head, answer(recording, state), timeline.element, memory.moments.length > 1 && memory.element, recording.count > 1 && cohorts.element, panel.element, source.element, table.element, foot];
	root.replaceChildren(...parts.filter(Boolean));
	const over = recording.document.metric ? [() => timeline.update()] : [() => timeline.build(), () => memory.build(), () => cohorts.build()];
	const [first, ...later] = [...over, () => panel.update(), () => table.update(), () => source.update()];
	const redraw = () => {
		for (const build of over) build();
		panel.draw();
	};
	const darken = () => {
		switchTheme();
		redraw();
	};
	first();
	Object.assign(window, { seepFrame: (/** @type {string} */ name) => panel.flame.find(name) });
	return { recording, timeline, cohorts, panel, table, redraw, darken, later };
}

/** The page of a server: it follows the recording and keeps the reader's view. @param {State} state @param {HTMLDialogElement} dialog @param {{now: Views|null}} views */
function followed(state, dialog, views) {
	const follower = new Follower(async (data) => {
		const recording = new Recording(data);
		await untilIdle(root);
		const old = views.now;
		const bringBack = keep(root);
		if (old) {
			old.timeline.plot?.destroy();
			old.cohorts.plot?.destroy();
			state.forget();
			state.set(carried(state, old.recording, recording));
		}
		views.now = show(recording, state, dialog, follower.element);
		for (const fill of views.now.later) fill();
		root.dataset.ready = "true";
		document.title = `seep: ${safe(data.process.command || data.source)}`;
		requestAnimationFrame(bringBack); /* by then the plots have their heights */
	});
	root.replaceChildren(follower.element);
	follower.run();
}

async function start() {
	const carries = document.getElementById("seep-data");
	const state = new State();
	const dialog = help();
	/** @type {{now: Views|null}} */
	const views = { now: null };
	followTheme(() => views.now?.redraw());
	keys(state, dialog, () => views.now);
	drawForPaper(root, () => views.now?.redraw());
	if (!carries) {
		followed(state, dialog, views);
		return;
	}
	const recording = new Recording(await documentOf(bytesOf(carries.textContent ?? "")));
	carries.remove();
	if (recording.document.metric) state.begin({ metric: recording.document.metric, sort: recording.document.metric === "growth" ? "growth" : "value" });
	views.now = show(recording, state, dialog, null);
	await drawn();
	performance.mark("usable");
	for (const fill of views.now.later) {
		fill();
		await drawn();
	}
	root.dataset.ready = "true";
}

start().catch((error) => {
	root.replaceChildren(make("p", { role: "alert" }, `This page can't be shown: ${error.message}`));
	throw error;
});
