// SPDX-License-Identifier: Apache-2.0
// Live bytes by time of birth, stacked. A leak keeps a share of each cohort; a cache sheds them.

import { isDark, styleColour } from "../colour.js";
import { make, safe } from "../dom.js";
import { byteChart, fit, stacked } from "./chart.js";

const COHORTS = 10;
const HEIGHT = 150;

/** In-use bytes at each moment by cohort; a cohort is a run of moments of birth. @param {import("../data/recording.js").Recording} recording @param {number} row */
export function cohortsOf(recording, row) {
	const last = recording.times[recording.count - 1] || 1;
	const count = Math.min(COHORTS, recording.count);
	const cohortAt = Int32Array.from(recording.times, (time) => Math.min(count - 1, Math.floor((time / last) * count)));
	return recording.seriesByKey(count, recording.keysOfRow(row), cohortAt);
}

export class Cohorts {
	/** @param {import("../data/recording.js").Recording} recording @param {import("../state.js").State} state */
	constructor(recording, state) {
		this.recording = recording;
		this.state = state;
		/** @type {import("uplot")|null} */
		this.plot = null;
		this.plotAt = make("div.plot", { role: "img" });
		this.text = make("p.caption");
		this.element = make("section.cohorts", { aria: { label: "cohorts" } }, make("h2", {}, "Who stays"), this.plotAt, this.text);
		state.on(["row"], () => this.build());
		fit(this.plotAt, HEIGHT, () => this.plot);
	}

	build() {
		const { recording } = this;
		if (recording.count < 2) return;
		const row = recording.rowOf(this.state.get("row"));
		const stack = stacked(cohortsOf(recording, row)).reverse(); /* the highest is drawn first, the others over it */
		const hue = (/** @type {number} */ i) => `hsl(${210 + ((stack.length - 1 - i) * 140) / Math.max(stack.length - 1, 1)} 45% ${isDark() ? 45 : 68}%)`;
		this.plot?.destroy();
		this.plot = byteChart(
			this.plotAt, HEIGHT, [{}, ...stack.map((_, i) => ({ stroke: styleColour("--paper"), fill: hue(i), width: 1, points: { show: false } }))],
			[Array.from(recording.times), ...stack], { cursor: { show: false } },
		);
		const of = row < 0 ? "all that is in use" : `the memory of ${safe(recording.rowName(row))}`;
		this.text.textContent = `Each band is ${of} that was born in one ${Math.round(100 / stack.length)} % of the time, the oldest at the bottom. A leak keeps its bands; a cache or load sheds them.`;
		this.plotAt.setAttribute("aria-label", this.#summary(stack));
	}

	/** @param {number[][]} stack the whole first */
	#summary(stack) {
		const last = this.recording.count - 1;
		const half = stack[Math.floor(stack.length / 2)][last];
		return stack[0][last] ? `${Math.round((100 * half) / stack[0][last])} % of what is in use at the end was born in the first half of the time` : "nothing is in use at the end";
	}
}
