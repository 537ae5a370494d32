// SPDX-License-Identifier: Apache-2.0
// The time line: in-use space with its band over the places that have most of it, RSS, a mark for each snapshot, and two handles that
// choose BEFORE and AFTER.

import { isDark, seriesColour, styleColour, verdictColour } from "../colour.js";
import { make, safe } from "../dom.js";
import { byteChart, fit, stacked } from "./chart.js";
import { fitted } from "../numbers/names.js";
import { bytes, duration, estimateText } from "../numbers/words.js";

const HEIGHT = 220;
const LAYER_MOST = 34; /* columns of a layer's name in the legend */
const STACKED = 6;

/**
 * @typedef {import("../data/recording.js").Recording} Recording
 * @typedef {import("uplot")} Plot
 * @typedef {{row: number, name: string, values: Float64Array}} Layer what a place had in use at each moment; row -1: all others
 */

/** The places that ever had most in use, the largest first, and the rest as one. @param {Recording} recording @returns {Layer[]} */
function layersOf(recording) {
	const places = recording.document.leaks?.places ?? [];
	if (!places.length) return [];
	const series = recording.seriesByKey(places.length + 1, recording.siteRow.map((row) => (row < 0 ? places.length : row)));
	const most = series.map((values) => values.reduce((a, b) => Math.max(a, b), 0));
	const order = [...places.keys()].filter((row) => most[row] > 0).sort((a, b) => most[b] - most[a]);
	const rest = new Float64Array(recording.count);
	for (const row of [...order.slice(STACKED), places.length]) series[row].forEach((value, k) => { rest[k] += value; });
	const layers = order.slice(0, STACKED).map((row) => ({ row, name: safe(fitted(recording.rowName(row), LAYER_MOST)), values: series[row] }));
	return rest.some((value) => value > 0) ? [...layers, { row: -1, name: "all others", values: rest }] : layers;
}

export class Timeline {
	/** @param {Recording} recording @param {import("../state.js").State} state */
	constructor(recording, state) {
		this.recording = recording;
		this.state = state;
		/** @type {Plot|null} */
		this.plot = null;
		this.total = recording.series(null);
		this.layers = layersOf(recording);
		this.plotAt = make("div.plot", { role: "img", aria: { label: this.#summary() } });
		this.tip = make("div.tip", { hidden: true, role: "tooltip" });
		this.caption = make("p.caption", { aria: { live: "polite" } });
		this.legend = make("div.legend");
		/** @type {HTMLElement[]} with only one moment there is nothing to draw over time */
		const drawn = recording.count > 1 ? [make("h2", {}, "Over time"), this.#presets(), make("div.canvas", {}, this.plotAt, this.tip), this.legend] : [];
		this.element = make("section.timeline", { aria: { label: "time line" } }, ...drawn, this.caption);
		state.on(["from", "to"], () => this.update());
		state.on(["row", "rss"], () => this.build());
		fit(this.plotAt, HEIGHT, () => this.plot);
	}

	#summary() {
		const first = this.total[0];
		const last = this.total[this.recording.count - 1];
		const most = this.total[this.#peak()];
		return `in use: ${bytes(first.value)} in the first snapshot, ${bytes(most.value)} at most, ${bytes(last.value)} in the last`;
	}

	#peak() {
		return this.total.reduce((best, at, k) => (at.value > this.total[best].value ? k : best), 0);
	}

	#presets() {
		const { recording } = this;
		const last = recording.count - 1;
		const judged = recording.document.judged_at;
		const quarter = this.#nearest(recording.times[judged] / 4);
		/** @param {string} name @param {string} title @param {number} from @param {number} to */
		const choose = (name, title, from, to) => make("button", { title, data: { preset: name }, on: { click: () => this.choose(from, to) } }, name);
		return make(
			"div.presets", {},
			choose("since the first quarter", "what `seep diff RECORDING` compares", this.#first(), judged),
			choose("from the start", "all that grew since the first snapshot", 0, judged),
			choose("start-up", "what came in the first quarter", 0, Math.max(quarter, 1)),
			choose("start to peak", "what the largest snapshot had", 0, this.#peak()),
			choose("since the last quarter", "what grew of late", this.#nearest(recording.times[judged] * 0.75), judged),
			recording.count - 1 > judged && choose("shutdown", "what the end of the program freed", judged, last),
		);
	}

	/** @param {number} time */
	#nearest(time) {
		const { times } = this.recording;
		let best = 0;
		for (let k = 1; k < times.length; k++) if (Math.abs(times[k] - time) < Math.abs(times[best] - time)) best = k;
		return best;
	}

	/** BEFORE, if none is chosen: after a quarter of the time. */
	#first() {
		const judged = this.recording.document.judged_at;
		const quarter = this.#nearest(this.recording.times[judged] / 4);
		return quarter === judged ? 0 : quarter;
	}

	/** The chosen moments; BEFORE is the earlier. */
	moments() {
		const { state, recording } = this;
		const [from, to] = [recording.momentOf(state.get("from"), false), recording.momentOf(state.get("to"), true)];
		const a = from < 0 ? this.#first() : from;
		const b = to < 0 ? recording.document.judged_at : to;
		return a <= b ? { before: a, after: b } : { before: b, after: a };
	}

	/** The address names moments by the numbers of their snapshots; without a number AFTER is the moment that the verdicts are about, even when there are later ones. @param {number} before @param {number} after */
	choose(before, after) {
		const { numbers, document } = this.recording;
		this.state.set({ from: numbers[before], to: after === document.judged_at ? "" : numbers[after] });
	}

	build() {
		const { recording } = this;
		if (recording.count < 2) {
			this.update();
			return;
		}
		const row = recording.rowOf(this.state.get("row"));
		const keys = recording.keysOfRow(row);
		const dark = isDark();
		const main = keys ? verdictColour(recording.document.leaks?.places[row].verdict) : styleColour("--ink");
		const bands = keys ? recording.series(keys) : this.total;
		const layers = keys ? [] : this.layers;
		const stack = stacked(layers.map((layer) => layer.values));
		const hidden = { stroke: "transparent", points: { show: false } };
		/** @type {import("uplot").Series[]} */
		const series = [{}, ...stack.map((_, i) => ({ width: 0, fill: this.#hue(stack.length - 1 - i, dark), points: { show: false } }))];
		/** @type {ArrayLike<number|null>[]} */
		const data = [Array.from(recording.times), ...stack.slice().reverse(), bands.map((at) => at.high), bands.map((at) => at.low), bands.map((at) => at.value)];
		const high = series.length;
		series.push(hidden, hidden, { stroke: main, width: 2, points: { show: recording.count < 40, size: 5 } });
		for (const [values, dash] of /** @type {[(number|null)[], number[]][]} */ (keys || !this.state.get("rss") ? [] : this.#memoryLines())) {
			data.push(values);
			series.push({ stroke: styleColour("--line"), dash, width: 1.5, points: { show: false }, spanGaps: true });
		}
		this.plot?.destroy();
		this.plot = byteChart(this.plotAt, HEIGHT, series, data, {
			bands: [{ series: [high, high + 1], fill: keys ? `${main}33` : dark ? "#ffffff2b" : "#00000020" }],
			hooks: { draw: [(plot) => this.#drawHandles(plot)], setCursor: [(plot) => this.#showTip(plot, bands)] },
		});
		this.#listen(this.plot.over);
		this.#showLegend(layers, dark);
		this.update();
	}

	/** @param {number} i @param {boolean} dark */
	#hue(i, dark) {
		return this.layers[i].row < 0 ? styleColour("--soft") : seriesColour(i, dark);
	}

	/** RSS, and the memory limit if it is near. */
	#memoryLines() {
		const { rss, limit } = this.recording.document.moments;
		/** @type {[(number|null)[], number[]][]} */
		const lines = [];
		const most = Math.max(...this.total.map((at) => at.high || at.value), ...rss.map(Number));
		if (rss.some((/** @type {number|null} */ value) => value !== null)) lines.push([rss, [4, 3]]);
		if (limit.some((/** @type {number|null} */ value) => value !== null && value < 2 * most)) lines.push([limit, [1, 3]]);
		return lines;
	}

	/** @param {Layer[]} layers @param {boolean} dark */
	#showLegend(layers, dark) {
		const { state, recording } = this;
		const row = recording.rowOf(state.get("row"));
		const dot = (/** @type {string} */ colour) => make("span.dot", { style: `background:${colour}` });
		const places = layers.map((layer, i) => {
			if (layer.row < 0) return make("span", {}, dot(this.#hue(i, dark)), layer.name);
			return make("button.layer", { title: "choose this place", data: { row: layer.row }, on: { click: () => state.set({ row: recording.rowKeys[layer.row] }) } }, dot(this.#hue(i, dark)), layer.name);
		});
		const back = row < 0 ? [] : [make("button", { on: { click: () => state.set({ row: "" }) } }, `only ${safe(recording.rowName(row))} ×`)];
		const lines = [make("span.key", {}, "— in use with its 95 % interval")];
		if (row < 0 && this.#memoryLines().length) lines.push(this.#memoryToggle());
		const triggers = [...new Set(recording.triggers)].filter((name) => name !== "timer");
		if (triggers.length) lines.push(make("span.key", {}, `▲ a snapshot not by the timer (${triggers.join(", ")})`));
		this.legend.replaceChildren(...back, ...places, ...lines);
	}

	/** Without these lines the places fill the chart, if the heap is only a small part of RSS. */
	#memoryToggle() {
		const { state } = this;
		const names = this.#memoryLines().map((_, i) => (i ? "··· limit" : "- - RSS"));
		return make("button.layer", { title: "shown or not", data: { lines: "rss" }, aria: { pressed: String(state.get("rss") !== "") }, on: { click: () => state.set({ rss: state.get("rss") ? "" : "1" }) } }, names.join("   "));
	}

	/** Snapshots as marks at the bottom; those that the timer did not take are highlighted. @param {Plot} plot */
	#drawMarks(plot) {
		const { ctx, bbox } = plot;
		const ratio = window.devicePixelRatio || 1;
		const bottom = bbox.top + bbox.height;
		ctx.fillStyle = styleColour("--line");
		const apart = [];
		for (let k = 0; k < this.recording.count; k++) {
			const x = plot.valToPos(this.recording.times[k], "x", true);
			if (this.recording.triggers[k] === "timer") ctx.fillRect(x - ratio / 2, bottom - 5 * ratio, ratio, 5 * ratio);
			else apart.push(x);
		}
		ctx.fillStyle = styleColour("--accent");
		for (const x of apart) {
			ctx.beginPath();
			ctx.moveTo(x, bottom - 8 * ratio);
			ctx.lineTo(x - 4 * ratio, bottom);
			ctx.lineTo(x + 4 * ratio, bottom);
			ctx.fill();
		}
	}

	/** @param {Plot} plot */
	#drawHandles(plot) {
		const { before, after } = this.moments();
		const { ctx, bbox } = plot;
		const ratio = window.devicePixelRatio || 1;
		const x = (/** @type {number} */ k) => plot.valToPos(this.recording.times[k], "x", true);
		ctx.save();
		ctx.fillStyle = isDark() ? "#ffffff12" : "#00000010";
		ctx.fillRect(x(before), bbox.top, x(after) - x(before), bbox.height);
		this.#drawMarks(plot);
		ctx.fillStyle = styleColour("--ink");
		ctx.font = `600 ${10 * ratio}px system-ui`;
		ctx.textAlign = "left"; /* uPlot leaves the context as its axes need it */
		/** @type {[number, string][]} */
		const handles = [[before, "BEFORE"], [after, "AFTER"]];
		handles.forEach(([k, name], i) => {
			const { width } = ctx.measureText(name);
			const room = 4 * ratio;
			const toLeft = i === 0 ? x(k) - width - room > bbox.left : x(k) + width + room > bbox.left + bbox.width;
			ctx.fillRect(x(k) - ratio, bbox.top, 2 * ratio, bbox.height);
			ctx.fillRect(x(k) - 3 * ratio, bbox.top + bbox.height / 2 - 9 * ratio, 6 * ratio, 18 * ratio);
			ctx.fillStyle = styleColour("--paper"); /* no line runs through the word */
			ctx.fillRect(toLeft ? x(k) - width - room : x(k) + room, bbox.top + ratio, width, 12 * ratio);
			ctx.fillStyle = styleColour("--ink");
			ctx.fillText(name, toLeft ? x(k) - width - room : x(k) + room, bbox.top + 10 * ratio);
		});
		ctx.restore();
	}

	/** @param {Plot} plot @param {{value: number, low: number, high: number}[]} bands */
	#showTip(plot, bands) {
		const { idx, left = -1 } = plot.cursor;
		const { recording } = this;
		this.tip.hidden = left < 0 || idx === null || idx === undefined;
		if (this.tip.hidden || idx === null || idx === undefined) return;
		const inUse = estimateText(bands[idx].value, bands[idx]);
		const rss = recording.document.moments.rss[idx];
		const lines = [`snapshot ${recording.numbers[idx]}, ${duration(recording.times[idx])} (${recording.triggers[idx]})`, `in use ${inUse.value} ${inUse.interval}`];
		if (rss !== null) lines.push(`RSS ${bytes(rss)}`);
		if (recording.rowOf(this.state.get("row")) < 0) for (const layer of this.layers) if (layer.values[idx] > 0) lines.push(`${layer.name} ${bytes(layer.values[idx])}`);
		this.tip.replaceChildren(...lines.map((line, i) => make(i ? "div" : "b", {}, line)));
		const at = plot.over.offsetLeft + plot.valToPos(recording.times[idx], "x");
		this.tip.style.left = `${at > this.plotAt.clientWidth / 2 ? Math.max(0, at - this.tip.offsetWidth - 12) : at + 12}px`;
		this.tip.style.top = "14px";
	}

	/** The nearer handle follows the pointer from snapshot to snapshot, once per animation frame. @param {HTMLElement} over */
	#listen(over) {
		/** @type {"from"|"to"|null} */
		let taken = null;
		let frame = 0;
		let x = 0;
		const xOf = (/** @type {number} */ k) => this.plot?.valToPos(this.recording.times[k], "x") ?? 0;
		const move = () => {
			frame = 0;
			const k = this.#nearest(this.plot?.posToVal(x, "x") ?? 0);
			const { before, after } = this.moments();
			if (taken === "from") this.choose(Math.min(k, after), after);
			else if (taken) this.choose(before, Math.max(k, before));
		};
		const follow = (/** @type {PointerEvent} */ event) => {
			x = event.clientX - over.getBoundingClientRect().left;
			if (taken && !frame) frame = requestAnimationFrame(move);
		};
		over.addEventListener("pointerdown", (event) => {
			follow(event);
			const { before, after } = this.moments();
			const [toBefore, toAfter] = [Math.abs(xOf(before) - x), Math.abs(xOf(after) - x)];
			taken = toBefore < toAfter || (toBefore === toAfter && x < xOf(before)) ? "from" : "to";
			follow(event);
			over.setPointerCapture(event.pointerId);
		});
		over.addEventListener("pointermove", follow);
		for (const type of ["pointerup", "pointercancel"]) {
			over.addEventListener(type, () => {
				if (frame) {
					cancelAnimationFrame(frame);
					move();
				}
				taken = null;
			});
		}
		over.style.touchAction = "pan-y";
		over.style.cursor = "ew-resize";
	}

	update() {
		const { recording } = this;
		const { before, after } = this.moments();
		const name = (/** @type {number} */ k) => `snapshot ${recording.numbers[k]} at ${duration(recording.times[k])} (${recording.triggers[k]})`;
		this.caption.textContent = recording.count < 2 ? `The only one is ${name(0)}.` : `BEFORE is ${name(before)}, AFTER is ${name(after)}. ${recording.document.metric ? "" : "Drag a handle; everything below follows."}`;
		this.plot?.redraw(false);
	}
}
