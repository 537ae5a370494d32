// SPDX-License-Identifier: Apache-2.0
// Puts the page together from what it carries.

import "uplot/dist/uPlot.min.css";
import "./page.css";
import { answer } from "./views/answer.js";
import { Cohorts } from "./views/cohorts.js";
import { bytesOf, documentOf } from "./data/data.js";
import { make, safe } from "./dom.js";
import { Panel } from "./views/panel.js";
import { Recording } from "./data/recording.js";
import { State } from "./state.js";
import { Table } from "./views/tables.js";
import { Timeline } from "./views/timeline.js";

const KEYS = [
	["?", "this list"], ["/ or Ctrl+F", "search the flame graph"], ["[ and ]", "BEFORE a snapshot earlier or later"], ["{ and }", "AFTER a snapshot earlier or later"],
	["i", "inverted"], ["0", "zoom out"], ["arrows, Enter", "walk through the flame graph that has the focus"], ["Esc", "back by one; clear a search"],
	["right click", "copy, only this, without this, callers, callees"], ["d", "dark or light"],
];

const THEME = "seep-theme";

function themeOf() {
	try {
		return localStorage.getItem(THEME);
	} catch {
		return null; /* a page that may store nothing */
	}
}

function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	try {
		localStorage.setItem(THEME, theme);
	} catch {
		/* then it holds for this time */
	}
}

function help() {
	const dialog = make("dialog", {}, make("h2", {}, "Keys"), make("dl", {}, ...KEYS.flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, text)])), make("form", { method: "dialog" }, make("button", {}, "close")));
	document.body.append(dialog);
	return dialog;
}

function keys(state, { panel, timeline, dialog, redraw, recording }) {
	const step = (name, by) => {
		const { before, after } = timeline.moments();
		const from = name === "from" ? Math.min(Math.max(before + by, 0), after) : before;
		const to = name === "to" ? Math.max(Math.min(after + by, recording.count - 1), before) : after;
		state.set({ from, to });
	};
	const acts = {
		"?": () => dialog.showModal(), "/": () => panel.search.focus(), "[": () => step("from", -1), "]": () => step("from", 1), "{": () => step("to", -1), "}": () => step("to", 1),
		i: () => state.set({ inverted: state.get("inverted") ? "" : "1", zoom: "" }), 0: () => state.set({ zoom: "" }),
		d: () => { setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"); redraw(); },
		Escape: () => (state.get("search") ? ((panel.search.value = ""), state.set({ search: "" })) : panel.zoomTo(panel.tree.parent[panel.flame.zoom])),
	};
	document.addEventListener("keydown", (event) => {
		const find = event.key === "f" && (event.ctrlKey || event.metaKey);
		if (dialog.open) return; /* its keys are its own */
		if (!find && (event.ctrlKey || event.metaKey || event.altKey || (event.target.matches("input, select") && event.key !== "Escape") || event.target === panel.canvas)) return;
		const act = find ? acts["/"] : acts[event.key];
		if (!act) return;
		event.preventDefault();
		act();
	});
}

async function start() {
	const carried = document.getElementById("seep-data");
	const recording = new Recording(await documentOf(bytesOf(carried.textContent)));
	carried.remove();
	setTheme(themeOf() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
	const state = new State();
	const timeline = new Timeline(recording, state);
	const cohorts = new Cohorts(recording, state);
	const panel = new Panel(recording, state, timeline);
	const table = new Table(recording, state, timeline);
	const dialog = help();
	const root = document.getElementById("seep");
	const foot = make("footer", {}, `made by seep ${safe(recording.document.version)} from ${safe(recording.document.source)}; intervals are 95 %. `, make("button", { on: { click: () => dialog.showModal() } }, "keys (?)"));
	root.replaceChildren(answer(recording, state), timeline.element, cohorts.element, panel.element, table.element, foot);
	const redraw = () => {
		timeline.build();
		cohorts.build();
		panel.flame.draw();
	};
	redraw();
	panel.update();
	table.update();
	keys(state, { panel, timeline, dialog, redraw, recording });
	window.seepFrame = (name) => panel.flame.find(name);
	root.dataset.ready = "true";
}

start().catch((error) => {
	document.getElementById("seep").replaceChildren(make("p", { role: "alert" }, `This page can't be shown: ${error.message}`));
	throw error;
});
