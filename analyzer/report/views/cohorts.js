// SPDX-License-Identifier: Apache-2.0
// Live bytes by time of birth, stacked: a leak keeps a share of each cohort, a cache sheds them.

import uPlot from "uplot";
import { isDark, styleColour } from "../colour.js";
import { make } from "../dom.js";
import { BYTE_STEPS, bytes, duration } from "../numbers/words.js";

const COHORTS = 10;
const HEIGHT = 170;

/** In-use bytes at each moment by cohort; a cohort is a run of moments of birth. */
export function cohortsOf(recording, chosen) {
	const last = recording.count - 1;
	const count = Math.min(COHORTS, recording.count);
	const cohortAt = recording.times.map((time) => Math.min(count - 1, Math.floor((time / (recording.times[last] || 1)) * count)));
	const values = Array.from({ length: count }, () => new Float64Array(recording.count));
	for (let k = 0; k < recording.count; k++) {
		recording.inUseByBirth(k, count, (site, born) => (!chosen || chosen(site) ? cohortAt[born] : -1)).forEach((measure, cohort) => {
			values[cohort][k] = measure.bytes.uncertain + measure.bytes.certain;
		});
	}
	return values;
}

export class Cohorts {
	constructor(recording, state) {
		this.recording = recording;
		this.state = state;
		this.plotAt = make("div.plot");
		this.title = make("h2", {}, "Who stays");
		this.text = make("p.caption");
		this.element = make("section.cohorts", { aria: { label: "cohorts" } }, this.title, this.plotAt, this.text);
		state.on(["row"], () => this.build());
		new ResizeObserver(() => this.plot && this.plotAt.clientWidth && this.plot.setSize({ width: this.plotAt.clientWidth, height: HEIGHT })).observe(this.plotAt);
	}

	build() {
		const { recording, state } = this;
		const row = state.get("row");
		const values = cohortsOf(recording, row === "" ? null : (site) => recording.siteRow[site] === Number(row));
		const stacked = [];
		values.forEach((of, i) => stacked.push(Array.from(of, (value, k) => value + (i ? stacked[i - 1][k] : 0))));
		const hue = (i) => `hsl(${210 + (i * 140) / Math.max(values.length - 1, 1)} 45% ${isDark() ? 45 : 68}%)`;
		const axis = { stroke: styleColour("--ink"), grid: { stroke: styleColour("--grid"), width: 1 }, ticks: { stroke: styleColour("--grid") }, font: "11px system-ui" };
		this.plot?.destroy();
		this.plot = new uPlot(
			{
				width: Math.max(this.plotAt.clientWidth, 240), height: HEIGHT, legend: { show: false }, cursor: { show: false },
				scales: { x: { time: false }, y: { range: (_, low, high) => [0, high * 1.06 || 1] } },
				axes: [{ ...axis, values: (_, ticks) => ticks.map((t) => duration(t)), space: 80 }, { ...axis, size: 74, incrs: BYTE_STEPS, values: (_, ticks) => ticks.map((v) => bytes(v)) }],
				series: [{}, ...stacked.map((_, i) => ({ stroke: hue(stacked.length - 1 - i), fill: hue(stacked.length - 1 - i), width: 0.5, points: { show: false } }))],
			},
			/* The highest is drawn first, the others over it. */
			[Array.from(recording.times), ...stacked.slice().reverse()],
			this.plotAt,
		);
		const of = row === "" ? "all that is in use" : "the chosen place's memory";
		this.text.textContent = `Each band is ${of} that was born in one ${Math.round(100 / values.length)} % of the time, the oldest at the bottom. A leak keeps its bands; a cache or load sheds them.`;
	}
}
