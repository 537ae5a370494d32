// SPDX-License-Identifier: Apache-2.0
// What RSS consists of: the classes of memory as stacked bands, at the snapshots at which they were measured. A line
// over the heap, the lowest band, shows what is in use.

import { isDark, seriesColour, styleColour } from "../colour.js";
import { make, safe } from "../dom.js";
import { byteChart, fit, stacked } from "./chart.js";
import { bytes, duration, signedBytes } from "../numbers/words.js";

const HEIGHT = 170;

export class Memory {
	/**
	 * @param {import("../data/recording.js").Recording} recording @param {import("../state.js").State} state
	 * @param {import("./timeline.js").Timeline} timeline
	 */
	constructor(recording, state, timeline) {
		this.recording = recording;
		this.timeline = timeline;
		/** @type {{name: string, bytes: (number|null)[]}[]} */
		const classes = recording.document.moments.classes ?? [];
		/** The moments at which the classes were measured. */
		this.moments = [...recording.times.keys()].filter((k) => classes[0] && classes[0].bytes[k] !== null);
		this.layers = classes.map(({ name, bytes: of }) => ({ name: safe(name), values: this.moments.map((k) => Math.max(0, of[k] ?? 0)) }));
		/** @type {import("uplot")|null} */
		this.plot = null;
		this.plotAt = make("div.plot", { role: "img" });
		this.tip = make("div.tip", { hidden: true, role: "tooltip" });
		this.legend = make("div.legend");
		this.text = make("p.caption");
		this.element = make("section.memory", { aria: { label: "memory by class" } }, make("h2", {}, "Where RSS is"), make("div.canvas", {}, this.plotAt, this.tip), this.legend, this.text);
		state.on(["from", "to"], () => this.update());
		fit(this.plotAt, HEIGHT, () => this.plot);
	}

	build() {
		const { recording, layers, moments } = this;
		if (moments.length < 2) return;
		const { times } = recording;
		const last = times[recording.count - 1];
		const stack = stacked(layers.map((layer) => layer.values)).reverse(); /* the highest is drawn first, the others over it */
		const total = recording.series(null);
		this.plot?.destroy();
		this.plot = byteChart(
			this.plotAt, HEIGHT,
			[{}, ...stack.map((_, i) => ({ width: 0, fill: this.#hue(stack.length - 1 - i), points: { show: false } })), { stroke: styleColour("--ink"), width: 1.5, points: { show: false } }],
			[moments.map((k) => times[k]), ...stack, moments.map((k) => total[k].value)],
			{
				scales: { x: { time: false, range: () => [times[0], last] }, y: { range: (_, __, high) => [0, high * 1.06 || 1] } },
				hooks: { draw: [(plot) => this.#drawHandles(plot)], setCursor: [(plot) => this.#showTip(plot)] },
			},
		);
		this.update();
	}

	/** @param {number} i */
	#hue(i) {
		return seriesColour(i, isDark());
	}

	/** The last moment with classes that is not after the given one; the first, where there is none. @param {number} k */
	#at(k) {
		return this.moments.reduce((found, moment, i) => (moment <= k ? i : found), 0);
	}

	/** @param {import("uplot")} plot */
	#drawHandles(plot) {
		const { ctx, bbox } = plot;
		const { before, after } = this.timeline.moments();
		const ratio = window.devicePixelRatio || 1;
		ctx.save();
		ctx.fillStyle = styleColour("--ink");
		for (const k of [before, after]) ctx.fillRect(plot.valToPos(this.recording.times[k], "x", true) - ratio / 2, bbox.top, ratio, bbox.height);
		ctx.restore();
	}

	/** @param {import("uplot")} plot */
	#showTip(plot) {
		const { idx, left = -1 } = plot.cursor;
		this.tip.hidden = left < 0 || idx === null || idx === undefined;
		if (this.tip.hidden || idx === null || idx === undefined) return;
		const { recording } = this;
		const k = this.moments[idx];
		const sum = this.layers.reduce((all, layer) => all + layer.values[idx], 0);
		const lines = [`snapshot ${recording.numbers[k]}, ${duration(recording.times[k])}`, `all ${bytes(sum)}`];
		for (const layer of this.layers.slice().reverse()) if (layer.values[idx] > 0) lines.push(`${layer.name} ${bytes(layer.values[idx])}`);
		this.tip.replaceChildren(...lines.map((line, i) => make(i ? "div" : "b", {}, line)));
		const at = plot.over.offsetLeft + plot.valToPos(recording.times[k], "x");
		this.tip.style.left = `${at > this.plotAt.clientWidth / 2 ? Math.max(0, at - this.tip.offsetWidth - 12) : at + 12}px`;
		this.tip.style.top = "14px";
	}

	/** What each class has at AFTER, and by how much it has grown since BEFORE. */
	update() {
		const { recording, layers, moments, timeline } = this;
		if (moments.length < 2) return;
		const { before, after } = timeline.moments();
		const [from, to] = [this.#at(before), this.#at(after)];
		const change = (/** @type {number} */ value) => (value ? ` (${signedBytes(value)})` : "");
		const items = layers.map(({ name, values }, i) => make("span.class", { data: { class: name } }, make("span.dot", { style: `background:${this.#hue(i)}` }), `${name} ${bytes(values[to])}${change(values[to] - values[from])}`));
		this.legend.replaceChildren(...items, make("span.key", {}, "— in use, by samples"));
		const name = (/** @type {number} */ i) => `snapshot ${recording.numbers[moments[i]]}`;
		this.text.textContent = `All classes together are RSS. Numbers are of ${name(to)}, and in brackets what changed since ${name(from)}.${moments.length < recording.count ? ` ${moments.length} of ${recording.count} snapshots have the classes.` : ""}`;
		const most = layers.reduce((best, layer) => (layer.values[to] > best.values[to] ? layer : best), layers[0]);
		this.plotAt.setAttribute("aria-label", `most of RSS is ${most.name}, ${bytes(most.values[to])}`);
		this.plot?.redraw(false);
	}
}
