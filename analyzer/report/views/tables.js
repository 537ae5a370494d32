// SPDX-License-Identifier: Apache-2.0
// Sites, functions, lines and modules as a table: in use at AFTER, growth since BEFORE, and what was allocated
// meanwhile; for everything, or for what the flame graph shows.

import { verdictColour } from "../colour.js";
import { frameKeys, searchText } from "../data/frame_keys.js";
import { functionKey } from "../data/lines.js";
import { exactly, expression } from "../data/search.js";
import { make, safe } from "../dom.js";
import { sumInterval, unseenBytes } from "../numbers/interval.js";
import { nameText } from "../numbers/names.js";
import { bytes, count, estimateText } from "../numbers/words.js";

const SHOWN = 50;
/** @type {[keyof Row, string][]} */
const COLUMNS = [
	["value", "in use"], ["objects", "objects"], ["growth", "growth"], ["verdict", "since BEFORE"], ["allocated", "allocated"], ["name", "where"],
];

/**
 * @typedef {{key: number, frame: number, value: number, objects: number, growth: number, allocated: number, name: string, verdict: string}} Row
 * @typedef {import("../data/recording.js").Recording} Recording
 */

export class Table {
	/**
	 * @param {Recording} recording @param {import("../state.js").State} state @param {import("./timeline.js").Timeline} timeline
	 * @param {import("./panel.js").Panel} panel
	 */
	constructor(recording, state, timeline, panel) {
		this.recording = recording;
		this.state = state;
		this.timeline = timeline;
		this.panel = panel;
		this.shown = SHOWN;
		/** @type {Row[]} */
		this.rows = [];
		this.body = make("tbody");
		this.foot = make("p.caption");
		this.more = make("button", { on: { click: () => { this.shown *= 4; this.fill(); } } }, "more rows");
		this.filter = make("input", { type: "search", placeholder: "only rows that match", value: state.get("filter"), aria: { label: "filter rows" } });
		this.filter.addEventListener("input", () => state.set({ filter: this.filter.value }));
		const by = ["site", "function", "line", "module"].map((name) => make("button.toggle", { data: { by: name }, on: { click: () => state.set({ by: name }) } }, `${name}s`));
		this.columns = COLUMNS.filter(([name]) => recording.count > 1 || (name !== "growth" && name !== "verdict"));
		this.heads = this.columns.map(([name, text]) => make("th", { tabIndex: 0, scope: "col", data: { sort: name }, on: { click: () => this.#sortBy(name), keydown: (event) => event.key === "Enter" && this.#sortBy(name) } }, text));
		this.element = make("section.rows", { aria: { label: "table" } }, make("h2", {}, "In numbers"), make("div.controls", {}, ...by, this.filter), make("div.scroll", {}, make("table", {}, make("thead", {}, make("tr", {}, ...this.heads)), this.body)), this.foot, this.more);
		const mark = () => by.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.by === state.get("by"))));
		mark();
		state.on(["by"], mark);
		state.on(["from", "to", "by", "row", "zoom", "only", "without", "around"], () => this.update());
		state.on(["sort", "ascending", "filter"], () => this.fill());
	}

	/** @param {keyof Row} name */
	#sortBy(name) {
		const same = this.state.get("sort") === name;
		this.state.set({ sort: name, ascending: same && !this.state.get("ascending") ? "1" : "" });
	}

	/** The group's key of every site that is counted. */
	#keys() {
		const { recording, panel } = this;
		const { keyOf } = recording.groups(this.state.get("by"));
		const ofRow = recording.keysOfRow(recording.rowOf(this.state.get("row")));
		const isShown = panel.sitesInView();
		return ofRow || isShown ? keyOf.map((key, site) => ((!ofRow || ofRow[site] >= 0) && (!isShown || isShown[site]) ? key : -1)) : keyOf;
	}

	update() {
		const { recording, state } = this;
		const { before, after } = this.timeline.moments();
		const groups = recording.groups(state.get("by"));
		const keys = this.#keys();
		const byModule = state.get("by") === "module";
		const since = recording.allocatedBetween(before, after);
		const allocated = new Float64Array(groups.count);
		keys.forEach((key, site) => { if (key >= 0) allocated[key] += since.bytes[site]; });
		this.now = recording.inUse(after, groups.count, keys);
		this.growth = recording.growth(before, after, groups.count, keys);
		this.rows = [];
		for (let key = 0; key < groups.count; key++) {
			const row = {
				key, frame: groups.frames[key], value: this.now.bytes.estimate(key), objects: this.now.objects.estimate(key), growth: this.growth.bytes(key),
				allocated: allocated[key], name: "", verdict: "",
			};
			if (!row.value && !row.growth && !row.allocated) continue;
			row.name = byModule ? recording.moduleOf(row.frame) || "[no module]" : recording.functionOf(row.frame);
			this.rows.push(row);
		}
		this.fill();
	}

	/** @param {Row} row */
	#text(row) {
		return this.state.get("by") === "module" ? row.name : searchText(this.recording, row.frame);
	}

	fill() {
		const { state } = this;
		const sort = /** @type {keyof Row} */ (state.get("sort"));
		const direction = state.get("ascending") ? 1 : -1;
		let complaint = "";
		if (this.filter.value !== state.get("filter")) this.filter.value = state.get("filter");
		const pattern = expression(state.get("filter"), (text) => { complaint = text; });
		const rows = pattern ? this.rows.filter((row) => pattern.test(this.#text(row))) : this.rows.slice();
		if (sort === "verdict") for (const row of rows) row.verdict = this.growth?.verdict(row.key) ?? "";
		rows.sort((a, b) => {
			const [left, right] = [a[sort], b[sort]];
			if (typeof left === "number" && typeof right === "number") return direction * (left - right) || a.key - b.key;
			return (left === right ? 0 : left < right ? -direction : direction) * -1 || b.value - a.value;
		});
		this.body.replaceChildren(...rows.slice(0, this.shown).map((row) => this.#row(row)));
		this.heads.forEach((head) => head.setAttribute("aria-sort", head.dataset.sort === sort ? (direction > 0 ? "ascending" : "descending") : "none"));
		const of = this.panel.sitesInView() ? " of what the flame graph shows" : "";
		const some = pattern ? `${count(rows.length)} of ${count(this.rows.length)} rows${of} match` : `${count(rows.length)} ${rows.length === 1 ? "row" : "rows"}${of}`;
		this.foot.textContent = complaint || `${some}${rows.length > this.shown ? `, ${this.shown} are shown` : ""}.`;
		this.more.hidden = rows.length <= this.shown;
	}

	/** @param {Row} row */
	#row(row) {
		const { recording, state, panel } = this;
		const known = recording.rate > 0;
		const byModule = state.get("by") === "module";
		const verdict = this.growth?.verdict(row.key) ?? "";
		const inUse = estimateText(row.value, known && this.now ? sumInterval(this.now.bytes.at(row.key), unseenBytes(recording.rate)) : null);
		const growth = estimateText(row.growth, (known && this.growth?.interval(row.key)) || null, { signed: true });
		const small = (/** @type {string} */ text) => make("small", {}, text);
		const show = () => state.set(byModule ? { search: exactly(row.name).slice(1, -1) } : { search: exactly(row.name), source: functionKey(recording, row.frame) });
		const light = () => panel.light(row.frame < 0 || byModule !== (state.get("fold") === "module") ? -1 : frameKeys(recording, state.get("fold")).of[row.frame]);
		return make(
			"tr", { tabIndex: 0, title: "marks its frames and shows its source above", on: { click: show, pointerenter: light, pointerleave: () => panel.light(-1), keydown: (event) => event.key === "Enter" && show() } },
			make("td.number", { data: { name: "in use" } }, inUse.value, " ", small(inUse.interval)),
			make("td.number", { data: { name: "objects" } }, count(row.objects)),
			recording.count > 1 && make("td.number", { data: { name: "growth" } }, growth.value, " ", small(growth.interval)),
			recording.count > 1 && make("td.number", { data: { name: "since BEFORE" } }, make("span.dot", { style: `background:${verdictColour(verdict)}` }), verdict),
			make("td.number", { data: { name: "allocated" } }, bytes(row.allocated)),
			make("td.where", {}, make("b", { title: safe(row.name) }, safe(nameText(row.name))), " ", make("span.line", {}, safe(byModule ? "" : recording.lineOf(row.frame) || recording.moduleOf(row.frame)))),
		);
	}
}
