// SPDX-License-Identifier: Apache-2.0
// What the page's charts over time have in common.

import uPlot from "uplot";
import { styleColour } from "../colour.js";
import { BYTE_STEPS, bytes, duration, rounded, TIME_STEPS } from "../numbers/words.js";

/**
 * A chart of bytes over the recording's time.
 * @param {HTMLElement} place @param {number} height @param {uPlot.Series[]} series @param {(ArrayLike<number|null>)[]} data times first
 * @param {Partial<uPlot.Options>} more
 */
export function byteChart(place, height, series, data, more = {}) {
	/** @type {uPlot.Axis} */
	const axis = { stroke: styleColour("--ink"), grid: { stroke: styleColour("--grid"), width: 1 }, ticks: { stroke: styleColour("--grid"), size: 4 }, font: "11px system-ui" };
	return new uPlot(
		{
			width: Math.max(place.clientWidth, 240), height, legend: { show: false }, padding: [6, 26, 0, 0], /* half of the last time's text */
			cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
			scales: { x: { time: false }, y: { range: (_, low, high) => [0, high * 1.06 || 1] } },
			axes: [
				{ ...axis, size: 26, incrs: TIME_STEPS, values: (_, ticks) => ticks.map((t) => rounded(duration(t))), space: 80 },
				{ ...axis, size: 70, incrs: BYTE_STEPS, values: (_, ticks) => ticks.map((v) => rounded(bytes(v))) },
			],
			series, ...more,
		},
		/** @type {uPlot.AlignedData} */ (data), place,
	);
}

/** Sums from the bottom up, for stacked areas. @param {ArrayLike<number>[]} values */
export function stacked(values) {
	/** @type {number[][]} */
	const stack = [];
	values.forEach((of, i) => stack.push(Array.from(of, (value, k) => value + (i ? stack[i - 1][k] : 0))));
	return stack;
}

/** Keeps a chart as wide as its place. @param {HTMLElement} place @param {number} height @param {() => uPlot|null} plot */
export function fit(place, height, plot) {
	new ResizeObserver(() => {
		const width = place.clientWidth;
		if (width && plot()?.width !== width) plot()?.setSize({ width, height });
	}).observe(place);
}
