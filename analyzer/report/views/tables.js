// SPDX-License-Identifier: Apache-2.0
// Sites, functions, lines and modules as a table: in use at AFTER, growth since BEFORE, and what was allocated meanwhile.

import { verdictColour } from "../colour.js";
import { make, safe } from "../dom.js";
import { estimate, sumInterval, unseenBytes } from "../numbers/interval.js";
import { expression } from "./panel.js";
import { searchText } from "../data/tree.js";
import { bytes, count, estimateText } from "../numbers/words.js";

const SHOWN = 50;
const COLUMNS = [
	["value", "in use"], ["objects", "objects"], ["growth", "growth"], ["verdict", "since BEFORE"], ["allocated", "allocated"], ["name", "where"],
];

export class Table {
	constructor(recording, state, timeline) {
		Object.assign(this, { recording, state, timeline, shown: SHOWN });
		this.body = make("tbody");
		this.foot = make("p.caption");
		this.more = make("button", { on: { click: () => { this.shown *= 4; this.fill(); } } }, "more rows");
		this.filter = make("input", { type: "search", placeholder: "only rows that match", value: state.get("filter"), aria: { label: "filter rows" } });
		this.filter.addEventListener("input", () => state.set({ filter: this.filter.value }));
		const by = ["site", "function", "line", "module"].map((name) => make("button.toggle", { data: { by: name }, on: { click: () => state.set({ by: name }) } }, `${name}s`));
		this.heads = COLUMNS.map(([name, text]) => make("th", { tabIndex: 0, data: { sort: name }, on: { click: () => this.#sortBy(name), keydown: (event) => event.key === "Enter" && this.#sortBy(name) } }, text));
		this.element = make("section.rows", { aria: { label: "table" } }, make("h2", {}, "In numbers"), make("div.controls", {}, ...by, this.filter), make("div.scroll", {}, make("table", {}, make("thead", {}, make("tr", {}, ...this.heads)), this.body)), this.foot, this.more);
		const mark = () => by.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.by === state.get("by"))));
		mark();
		state.on(["from", "to", "by", "row"], () => { mark(); this.update(); });
		state.on(["sort", "ascending", "filter"], () => this.fill());
	}

	#sortBy(name) {
		const same = this.state.get("sort") === name;
		this.state.set({ sort: name, ascending: same && !this.state.get("ascending") ? "1" : "" });
	}

	update() {
		const { recording, state } = this;
		const { before, after } = this.timeline.moments();
		const chosen = state.get("row");
		const groups = recording.groups(state.get("by"));
		const keyOf = (site) => (chosen !== "" && recording.siteRow[site] !== Number(chosen) ? -1 : groups.keyOf[site]);
		const now = recording.inUse(after, groups.count, keyOf);
		const growth = recording.growth(before, after, groups.count, keyOf);
		const then = recording.allocated(before);
		const since = recording.allocated(after);
		const allocated = new Float64Array(groups.count);
		for (let site = 0; site < recording.siteCount; site++) if (keyOf(site) >= 0) allocated[keyOf(site)] += since.bytes[site] - then.bytes[site];
		const unseen = unseenBytes(recording.rate);
		this.rows = now.map((measure, key) => ({
			key, frame: groups.frames[key], value: estimate(measure.bytes), objects: estimate(measure.objects), band: sumInterval(measure.bytes, unseen),
			growth: growth[key].bytes, growthBand: growth[key].interval, verdict: growth[key].verdict, allocated: allocated[key],
			name: state.get("by") === "module" ? recording.moduleOf(groups.frames[key]) || "[no module]" : recording.functionOf(groups.frames[key]),
		})).filter((row) => row.value || row.growth || row.allocated);
		this.fill();
	}

	fill() {
		const { state, recording } = this;
		const sort = state.get("sort");
		const direction = state.get("ascending") ? 1 : -1;
		let complaint = "";
		const pattern = expression(state.get("filter"), (text) => { complaint = text; });
		const rows = this.rows.filter((row) => !pattern || pattern.test(state.get("by") === "module" ? row.name : searchText(recording, row.frame)));
		rows.sort((a, b) => (typeof a[sort] === "string" ? -direction * a[sort].localeCompare(b[sort]) : direction * (a[sort] - b[sort])) || a.key - b.key);
		this.body.replaceChildren(...rows.slice(0, this.shown).map((row) => this.#row(row)));
		this.heads.forEach((head) => head.setAttribute("aria-sort", head.dataset.sort === sort ? (direction > 0 ? "ascending" : "descending") : "none"));
		this.foot.textContent = complaint || `${count(rows.length)} of ${count(this.rows.length)} rows match${rows.length > this.shown ? `, ${this.shown} are shown` : ""}.`;
		this.more.hidden = rows.length <= this.shown;
	}

	#row(row) {
		const { recording, state } = this;
		const known = recording.rate > 0;
		const inUse = estimateText(row.value, known && row.band);
		const growth = estimateText(row.growth, known && row.growthBand, { signed: true });
		const small = (text) => make("small", {}, text);
		const show = () => state.set({ search: `^${row.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")} ` });
		return make(
			"tr", { tabIndex: 0, title: "marks its frames above", on: { click: show, keydown: (event) => event.key === "Enter" && show() } },
			make("td.number", {}, inUse.value, " ", small(inUse.interval)),
			make("td.number", {}, count(row.objects)),
			make("td.number", {}, growth.value, " ", small(growth.interval)),
			make("td.number", {}, make("span.dot", { style: `background:${verdictColour(row.verdict)}` }), row.verdict),
			make("td.number", {}, bytes(row.allocated)),
			make("td.where", {}, make("b", {}, safe(row.name)), " ", make("span.line", {}, safe(state.get("by") === "module" ? "" : recording.lineOf(row.frame) || recording.moduleOf(row.frame)))),
		);
	}
}
