// SPDX-License-Identifier: Apache-2.0
// The source of one function, with the values of its lines. The function is that of the frame or row chosen last;
// otherwise that of the place that leaks or holds most.

import { column } from "../data/data.js";
import { frameOfFunction, functionKey, FunctionLines } from "../data/lines.js";
import { exactly } from "../data/search.js";
import { isBytes, METRICS } from "../data/values.js";
import { make, safe } from "../dom.js";
import { fitted, nameText, withoutParameters } from "../numbers/names.js";
import { bytes, count, estimateText, signedBytes } from "../numbers/words.js";

const CONTEXT = 4;
const CALLS = 4;
const STEP = 4; /* columns of indentation: the page has no tabs */

/**
 * @typedef {import("../data/recording.js").Recording} Recording
 * @typedef {import("../data/lines.js").Line} Line
 * @typedef {{fault: string|null, newer: boolean, texts: Map<number, string>}} File
 */

/** By how much all lines with values are indented, less one step. @param {string[]} texts */
function indentOf(texts) {
	const indents = texts.filter((text) => text.trim()).map((text) => text.length - text.trimStart().length);
	return indents.length ? Math.max(0, Math.min(...indents) - STEP) : 0;
}

/** @param {string} text @param {number} indent */
const undented = (text, indent) => text.slice(Math.min(indent, text.length - text.trimStart().length));

export class Source {
	/** @param {Recording} recording @param {import("../state.js").State} state @param {import("./timeline.js").Timeline} timeline */
	constructor(recording, state, timeline) {
		this.recording = recording;
		this.state = state;
		this.timeline = timeline;
		/** @type {Map<string, File>} */
		this.files = this.#filesOf(recording.document.sources);
		this.frame = -1;
		/** @type {FunctionLines|null} */
		this.lines = null;
		this.name = make("span.function");
		this.notes = make("p.caption");
		this.head = make("tr");
		this.table = make("table", {}, make("thead", {}, this.head));
		this.body = make("tbody");
		this.table.append(this.body);
		this.element = make(
			"section.source", { aria: { label: "source lines" } }, make("h2", {}, "Source of ", this.name), this.notes,
			make("div.scroll", {}, this.table),
		);
		state.on(["row", "source"], () => { this.lines = null; });
		state.on(["from", "to", "metric", "row", "source"], () => this.update());
	}

	/** @param {any} sources */
	#filesOf(sources) {
		/** @type {Map<string, File>} */
		const files = new Map();
		for (const file of sources?.files ?? []) {
			const numbers = column(file.numbers);
			files.set(file.name, { fault: file.fault, newer: file.newer, texts: new Map(file.lines.map((/** @type {string} */ text, /** @type {number} */ i) => [numbers[i], text])) });
		}
		return files;
	}

	/** The frame whose function is shown; -1: there is none. */
	#frame() {
		const { recording, state } = this;
		const chosen = frameOfFunction(recording, state.get("source"));
		if (chosen >= 0) return chosen;
		const row = Math.max(0, recording.rowOf(state.get("row")));
		const site = recording.siteRow.indexOf(row);
		if (site >= 0) return recording.sitePlace[site];
		const now = recording.inUse(this.timeline.moments().after, recording.siteCount, null).bytes;
		let best = -1;
		for (let at = 0; at < recording.siteCount; at++) if (recording.sitePlace[at] >= 0 && (best < 0 || now.estimate(at) > now.estimate(best))) best = at;
		return best < 0 ? -1 : recording.sitePlace[best];
	}

	/** Why there is no text beside the lines, or what is wrong with it. @param {string} name of the file */
	#fault(name) {
		const { sources } = this.recording.document;
		const file = this.files.get(name);
		if (!sources) return "the page was made without lines of source (--source=on puts them there)";
		if (!file || file.fault) return file?.fault ?? "the file could not be read when the page was made";
		if (file.newer) return "the file is newer than the program or the recording: lines may have moved";
		return sources.left_out && !file.texts.size ? "there was no more room for its lines" : "";
	}

	/** @param {number} frame @param {number} shown lines with values */
	#says(frame, shown) {
		const { recording, state } = this;
		const name = recording.fileOf(frame);
		const left = recording.leftOut ? `what ${count(recording.leftOut)} smaller sites hold is not in it` : "";
		const parts = name && shown
			? [`${name}: ${METRICS[state.get("metric")]} by line`, this.#fault(name), state.get("metric") === "objects" && recording.rate > 1 && "intervals are of objects no smaller than the smallest that was sampled", "a click on a line marks its frames, one on → leads to what it calls", left]
			: [name || recording.moduleOf(frame), "its lines are not known: the program was built without debug information (-g), or that is not here"];
		return parts.filter(Boolean).map(safe).join("; ");
	}

	update() {
		const { recording, state } = this;
		const metric = state.get("metric");
		if (!this.lines) {
			const keys = recording.keysOfRow(recording.rowOf(state.get("row")));
			this.frame = this.#frame();
			this.lines = this.frame < 0 ? null : new FunctionLines(recording, this.frame, keys ? (site) => keys[site] >= 0 : undefined);
		}
		const { frame } = this;
		this.element.hidden = frame < 0;
		if (!this.lines) return;
		const lines = this.lines.at(metric, this.timeline.moments());
		this.name.textContent = safe(nameText(recording.functionOf(frame)));
		this.name.title = safe(recording.functionOf(frame));
		this.notes.textContent = this.#says(frame, lines.length);
		this.table.hidden = lines.length === 0;
		this.head.replaceChildren(...[["asked for here", "flat: the line is the place of these stacks"], ["with what it calls", "cumulative: all stacks through the line, each once"], ["line", ""], ["source", ""]].map(([text, title]) => make("th", { scope: "col", title }, text)));
		this.body.replaceChildren(...this.#rows(frame, lines));
	}

	/** Shows the lines with values, the lines around them that the page carries, and gaps. @param {number} frame @param {Line[]} lines */
	#rows(frame, lines) {
		const texts = this.files.get(this.recording.fileOf(frame))?.texts ?? new Map();
		const shown = lines.some((line) => line.flat.value || line.cumulative.value) ? lines.filter((line) => line.flat.value || line.cumulative.value) : lines;
		const valued = new Map(lines.map((line) => [line.number, line]));
		const numbers = new Set(shown.map((line) => line.number));
		for (const { number } of shown) for (let at = number - CONTEXT; at <= number + CONTEXT; at++) if (texts.has(at)) numbers.add(at);
		const most = Math.max(...shown.map((line) => Math.abs(line.cumulative.value)), 1);
		const indent = indentOf(shown.map((line) => texts.get(line.number) ?? ""));
		const rows = [];
		let last = 0;
		for (const number of [...numbers].sort((a, b) => a - b)) {
			if (last && number > last + 1) rows.push(make("tr.gap", {}, make("td", { colSpan: 4 }, "⋯")));
			last = number;
			rows.push(this.#row(number, undented(texts.get(number) ?? "", indent), valued.get(number), most, frame));
		}
		return rows;
	}

	/** @param {import("../data/lines.js").Amount} amount */
	#amount(amount) {
		const metric = this.state.get("metric");
		if (!amount.value) return ["·"];
		const text = estimateText(amount.value, amount.ends, { signed: metric === "growth", decimal: !isBytes(metric) });
		return [text.value, " ", make("small", {}, text.interval)];
	}

	/** @param {number} number @param {string} text @param {Line|undefined} line @param {number} most @param {number} frame */
	#row(number, text, line, most, frame) {
		const { recording, state } = this;
		if (!line) return make("tr", {}, make("td"), make("td"), make("td.number", {}, String(number)), make("td.code", {}, safe(text)));
		const name = recording.lineOf(frame).replace(/:\d+$/, `:${number}`);
		const mark = () => state.set({ search: exactly(name).slice(1) });
		const share = Math.round((100 * Math.abs(line.cumulative.value)) / most);
		const calls = line.calls.slice(0, CALLS).map((call) => this.#call(call));
		return make(
			`tr.valued${line.flat.value ? ".flat" : ""}`, { tabIndex: 0, title: "marks the line's frames above", on: { click: mark, keydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && event.target === event.currentTarget && mark() } },
			make("td.number", {}, ...this.#amount(line.flat)),
			make("td.number.bar", { style: `--share:${share}%` }, ...this.#amount(line.cumulative)),
			make("td.number", {}, String(number)),
			make("td.code", {}, safe(text), calls.length > 0 && make("div.calls", {}, ...calls)),
		);
	}

	/** @param {import("../data/lines.js").Call} call */
	#call(call) {
		const { recording, state } = this;
		const metric = state.get("metric");
		const value = metric === "growth" ? signedBytes(call.value) : isBytes(metric) ? bytes(call.value) : count(call.value);
		const go = (/** @type {Event} */ event) => {
			event.stopPropagation();
			state.set({ source: functionKey(recording, call.frame) });
		};
		return make("button.call", { title: safe(`${recording.functionOf(call.frame)} ${recording.lineOf(call.frame)}`), on: { click: go } }, `→ ${safe(fitted(withoutParameters(recording.functionOf(call.frame)), 60))} ${value}${call.inlined ? ", inlined" : ""}`);
	}
}
