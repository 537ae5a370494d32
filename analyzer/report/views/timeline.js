// SPDX-License-Identifier: Apache-2.0
// The time line: in-use space with its band, RSS and the largest places, and two handles that choose BEFORE and AFTER.

import uPlot from "uplot";
import { isDark, styleColour, verdictColour } from "../colour.js";
import { make } from "../dom.js";
import { BYTE_STEPS, bytes, duration } from "../numbers/words.js";

const HEIGHT = 210;

export class Timeline {
	constructor(recording, state) {
		this.recording = recording;
		this.state = state;
		this.plotAt = make("div.plot");
		this.caption = make("p.caption", { aria: { live: "polite" } });
		const last = recording.count - 1;
		const judged = recording.document.judged_at;
		const choose = (name, title, from, to) => make("button", { title, data: { preset: name }, on: { click: () => state.set({ from, to }) } }, name);
		const quarter = this.#nearest(recording.times[judged] / 4);
		const total = recording.series(null);
		const peak = total.reduce((best, row, k) => (row.value > total[best].value ? k : best), 0);
		this.total = total;
		this.presets = make(
			"div.presets", {},
			choose("since the first quarter", "what `seep diff RECORDING` compares", quarter === judged ? 0 : quarter, judged),
			choose("from the start", "all that grew since the first snapshot", 0, judged),
			choose("start to peak", "what the largest snapshot had", 0, peak),
			choose("since the last quarter", "what grew of late", this.#nearest(recording.times[judged] * 0.75), judged),
			recording.count - 1 > judged && choose("shutdown", "what the end of the program freed", judged, last),
		);
		this.element = make("section.timeline", { aria: { label: "time line" } }, make("h2", {}, "Over time"), this.presets, this.plotAt, this.caption);
		state.on(["from", "to", "row"], () => this.update());
		new ResizeObserver(() => this.#resize()).observe(this.plotAt);
	}

	#nearest(time) {
		let best = 0;
		this.recording.times.forEach((at, k) => {
			if (Math.abs(at - time) < Math.abs(this.recording.times[best] - time)) best = k;
		});
		return best;
	}

	/** The chosen moments; BEFORE is the earlier. */
	moments() {
		const { state, recording } = this;
		const judged = recording.document.judged_at;
		const given = (name, otherwise) => {
			const k = state.get(name) === "" ? otherwise : Number(state.get(name));
			return Number.isInteger(k) && k >= 0 && k < recording.count ? k : otherwise;
		};
		const quarter = this.#nearest(recording.times[judged] / 4);
		const a = given("from", quarter === judged ? 0 : quarter);
		const b = given("to", judged);
		return a <= b ? { before: a, after: b } : { before: b, after: a };
	}

	build() {
		const { recording } = this;
		const row = this.state.get("row");
		const chosen = row === "" ? null : (site) => recording.siteRow[site] === Number(row);
		const rows = chosen ? recording.series(chosen) : this.total;
		const rss = chosen ? [] : recording.document.moments.rss;
		const ink = styleColour("--ink");
		const line = styleColour("--line");
		const main = chosen ? verdictColour(recording.document.leaks.places[Number(row)].verdict) : styleColour("--accent");
		const data = [Array.from(recording.times), rows.map((r) => r.high), rows.map((r) => r.low), rows.map((r) => r.value)];
		const series = [{}, { label: "high", stroke: "transparent", points: { show: false } }, { label: "low", stroke: "transparent", points: { show: false } }, { label: "in use", stroke: main, width: 2, points: { show: recording.count < 40, size: 5 } }];
		if (rss.some((value) => value !== null)) {
			data.push(rss);
			series.push({ label: "RSS", stroke: line, dash: [4, 3], width: 1.5, points: { show: false }, spanGaps: true });
		}
		const axis = { stroke: ink, grid: { stroke: styleColour("--grid"), width: 1 }, ticks: { stroke: styleColour("--grid") }, font: "11px system-ui" };
		this.plot?.destroy();
		this.plot = new uPlot(
			{
				width: Math.max(this.plotAt.clientWidth, 240), height: HEIGHT, legend: { show: false },
				cursor: { drag: { x: false, y: false }, points: { show: false } },
				scales: { x: { time: false }, y: { range: (_, low, high) => [0, high * 1.06 || 1] } },
				axes: [{ ...axis, values: (_, ticks) => ticks.map((t) => duration(t)), space: 80 }, { ...axis, size: 74, incrs: BYTE_STEPS, values: (_, ticks) => ticks.map((v) => bytes(v)) }],
				series, bands: [{ series: [1, 2], fill: `${main}${isDark() ? "44" : "33"}` }],
				hooks: { draw: [(plot) => this.#drawHandles(plot)] },
			},
			data, this.plotAt,
		);
		this.#listen(this.plot.over);
		this.update(true);
	}

	#resize() {
		if (this.plot && this.plotAt.clientWidth) this.plot.setSize({ width: this.plotAt.clientWidth, height: HEIGHT });
	}

	#drawHandles(plot) {
		const { before, after } = this.moments();
		const { ctx, bbox } = plot;
		const ratio = window.devicePixelRatio || 1;
		const x = (k) => plot.valToPos(this.recording.times[k], "x", true);
		ctx.save();
		ctx.fillStyle = isDark() ? "#ffffff12" : "#00000010";
		ctx.fillRect(x(before), bbox.top, x(after) - x(before), bbox.height);
		ctx.fillStyle = styleColour("--line");
		for (let k = 0; k < this.recording.count; k++) ctx.fillRect(x(k) - ratio / 2, bbox.top + bbox.height - 5 * ratio, ratio, 5 * ratio);
		[[before, "BEFORE"], [after, "AFTER"]].forEach(([k, name], i) => {
			ctx.fillStyle = styleColour("--ink");
			ctx.fillRect(x(k) - ratio, bbox.top, 2 * ratio, bbox.height);
			ctx.font = `${10 * ratio}px system-ui`;
			const width = ctx.measureText(name).width;
			const toLeft = i === 1 && x(k) + width + 6 * ratio > bbox.left + bbox.width;
			ctx.fillText(name, toLeft ? x(k) - width - 4 * ratio : x(k) + 4 * ratio, bbox.top + (10 + 12 * i) * ratio);
		});
		ctx.restore();
	}

	/** The nearer handle follows the pointer from snapshot to snapshot. */
	#listen(over) {
		let taken = null;
		const momentAt = (event) => this.#nearest(this.plot.posToVal(event.clientX - over.getBoundingClientRect().left, "x"));
		const take = (event) => {
			const { before, after } = this.moments();
			const x = event.clientX - over.getBoundingClientRect().left;
			const distance = (k) => Math.abs(this.plot.valToPos(this.recording.times[k], "x") - x);
			taken = distance(before) < distance(after) || (distance(before) === distance(after) && x < this.plot.valToPos(this.recording.times[before], "x")) ? "from" : "to";
			this.state.set({ from: before, to: after });
			move(event);
			over.setPointerCapture(event.pointerId);
		};
		const move = (event) => {
			over.style.cursor = "ew-resize";
			if (!taken) return;
			const k = momentAt(event);
			const { before, after } = this.moments();
			this.state.set(taken === "from" ? { from: Math.min(k, after), to: after } : { from: before, to: Math.max(k, before) });
		};
		over.addEventListener("pointerdown", take);
		over.addEventListener("pointermove", move);
		over.addEventListener("pointerup", () => { taken = null; });
		over.style.touchAction = "pan-y";
	}

	update(onlyText = false) {
		const { recording } = this;
		if (!onlyText && this.shownRow !== this.state.get("row")) {
			this.shownRow = this.state.get("row");
			this.build();
			return;
		}
		this.shownRow = this.state.get("row");
		const { before, after } = this.moments();
		const name = (k) => `snapshot ${recording.numbers[k]} at ${duration(recording.times[k])} (${recording.triggers[k]})`;
		this.caption.textContent = `BEFORE is ${name(before)}, AFTER is ${name(after)}. Drag a handle; everything below follows.`;
		this.plot?.redraw(false);
	}
}
