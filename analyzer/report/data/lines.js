// SPDX-License-Identifier: Apache-2.0
// The numbers of each line of a function. A flat value sums the stacks that end at the line; a cumulative one sums all
// stacks that pass through it, each once. The numbers are those of `seep annotate` (analyzer/source/line_table.c).

import { Growth } from "./growth.js";
import { siteValues } from "./values.js";
import { sumInterval, unseenBytes, unseenObjects } from "../numbers/interval.js";
import { Measures } from "../numbers/measures.js";

/**
 * @typedef {import("./recording.js").Recording} Recording
 * @typedef {import("./values.js").Moments} Moments
 * @typedef {{value: number, ends: import("../numbers/interval.js").Interval|null}} Amount
 * @typedef {object} Call a function that a line calls
 * @property {number} frame a frame of it
 * @property {boolean} inlined
 * @property {number} value cumulative
 * @typedef {object} Line
 * @property {number} number
 * @property {Amount} flat
 * @property {Amount} cumulative
 * @property {Call[]} calls the largest first
 */

/** The function's name in the address. @param {Recording} recording @param {number} frame */
export const functionKey = (recording, frame) => (frame < 0 ? "" : `${recording.functionOf(frame)}\n${recording.fileOf(frame) || recording.moduleOf(frame)}`);

/** A frame of the function with this key; -1: there is none. @param {Recording} recording @param {string} key */
export function frameOfFunction(recording, key) {
	const count = key ? recording.frames.line.length : 0;
	for (let frame = 0; frame < count; frame++) if (functionKey(recording, frame) === key) return frame;
	return -1;
}

/** The numbers of one function's lines, in order, and the frames of each line. */
class Rows {
	/** @param {Recording} recording @param {number} of a frame of the function */
	constructor(recording, of) {
		const { frames } = recording;
		/** @type {Set<number>} */
		const numbers = new Set();
		const [name, file] = [frames.function[of], frames.file[of]];
		for (let frame = 0; file && frame < frames.line.length; frame++) if (frames.function[frame] === name && frames.file[frame] === file && frames.line[frame]) numbers.add(frames.line[frame]);
		this.numbers = [...numbers].sort((a, b) => a - b);
		const at = new Map(this.numbers.map((number, row) => [number, row]));
		/** By frame: its row; -1: none. Other functions may have frames on the same lines. */
		this.of = new Int32Array(frames.line.length).fill(-1);
		for (let frame = 0; file && frame < frames.line.length; frame++) if (frames.file[frame] === file) this.of[frame] = at.get(frames.line[frame]) ?? -1;
		this.count = this.numbers.length;
	}
}

/** Walks the stacks of all sites that count, and files each site with the lines through which its stack passes, and with the calls from them. */
class Sorting {
	/** @param {Recording} recording @param {Rows} rows @param {(site: number) => boolean} counts */
	constructor(recording, rows, counts) {
		this.recording = recording;
		this.rows = rows;
		/** @type {{site: number, key: number}[]} keys: flat rows, then cumulative rows, then calls */
		this.entries = [];
		/** @type {Map<string, number>} row and function -> index into calls */
		this.callIndex = new Map();
		/** @type {{row: number, frame: number, inlined: boolean}[]} */
		this.calls = [];
		/** @type {number[]} by key: the last site that was filed there */
		this.last = [];
		const touches = this.#touches();
		for (let site = 0; site < recording.siteCount; site++) if (touches[recording.siteNode[site]] && counts(site)) this.#file(site);
		this.keys = 2 * rows.count + this.calls.length;
	}

	/** By node: does a stack that ends there pass through one of the lines? */
	#touches() {
		const { nodeParent, nodeFrame } = this.recording;
		const touches = new Uint8Array(nodeParent.length);
		for (let node = 1; node < touches.length; node++) touches[node] = touches[nodeParent[node]] | (this.rows.of[nodeFrame[node]] >= 0 ? 1 : 0);
		return touches;
	}

	/** @param {number} site @param {number} key */
	#add(site, key) {
		if (this.last[key] === site) return;
		this.last[key] = site;
		this.entries.push({ site, key });
	}

	/** @param {number} row @param {number} frame */
	#call(row, frame) {
		const { recording, callIndex, calls } = this;
		const name = `${row}\n${functionKey(recording, frame)}`;
		let index = callIndex.get(name);
		if (index === undefined) {
			index = calls.length;
			callIndex.set(name, index);
			calls.push({ row, frame, inlined: recording.frames.inlined[frame] === 1 });
		}
		return 2 * this.rows.count + index;
	}

	/** @param {number} site */
	#file(site) {
		const { recording, rows } = this;
		const place = recording.sitePlace[site];
		if (place >= 0 && rows.of[place] >= 0) this.#add(site, rows.of[place]);
		let inner = -1;
		for (let node = recording.siteNode[site]; node; node = recording.nodeParent[node]) {
			const frame = recording.nodeFrame[node];
			const row = rows.of[frame];
			if (row >= 0) {
				this.#add(site, rows.count + row);
				if (inner >= 0) this.#add(site, this.#call(row, inner));
			}
			inner = frame;
		}
	}

	/** Sums over sites by key. @param {Measures} ofSites */
	sum(ofSites) {
		const sums = new Measures(this.keys);
		for (const { site, key } of this.entries) sums.add(key, ofSites, site);
		return sums;
	}

	/** @param {Float64Array} ofSites @param {(a: number, b: number) => number} join */
	fold(ofSites, join) {
		const values = new Float64Array(this.keys);
		for (const { site, key } of this.entries) values[key] = join(values[key], ofSites[site]);
		return values;
	}
}

/** The lines of one function. The stacks that pass through each are found once; their values can then be asked for any metric and any moments. */
export class FunctionLines {
	/** @param {Recording} recording @param {number} frame one of the function's @param {(site: number) => boolean} [counts] sites that count; by default all */
	constructor(recording, frame, counts = () => true) {
		this.recording = recording;
		this.rows = new Rows(recording, frame);
		this.sorting = new Sorting(recording, this.rows, counts);
		/** The sites whose stacks pass through, for sums over cells. */
		this.keyOf = new Int32Array(recording.siteCount).fill(-1);
		for (const { site } of this.sorting.entries) this.keyOf[site] = site;
	}

	/** @param {string} metric one of METRICS @param {Moments} moments @returns {(key: number) => Amount} */
	#amounts(metric, moments) {
		const { recording, sorting, keyOf } = this;
		const { before, after } = moments;
		const { rate, siteCount } = recording;
		if (metric === "growth") {
			const largest = sorting.fold(recording.allocated(after).largest, Math.max);
			const { fresh, gone } = recording.difference(before, after, siteCount, keyOf);
			const growth = new Growth({ fresh: sorting.sum(fresh), gone: sorting.sum(gone) }, before === after ? 0 : rate, largest);
			return (key) => ({ value: growth.bytes(key), ends: rate ? growth.interval(key) : null });
		}
		if (metric === "inuse" || metric === "objects") {
			const sums = sorting.sum(recording.inUse(after, siteCount, keyOf))[metric === "inuse" ? "bytes" : "objects"];
			const largest = metric === "inuse" ? new Float64Array(0) : sorting.fold(recording.allocated(after).largest, Math.max);
			const unseen = (/** @type {number} */ key) => (metric === "inuse" ? unseenBytes(rate) : unseenObjects(rate, largest[key]));
			return (key) => ({ value: sums.estimate(key), ends: rate ? sumInterval(sums.at(key), unseen(key)) : null });
		}
		const values = sorting.fold(siteValues(recording, metric, moments).net, (a, b) => a + b);
		return (key) => ({ value: values[key], ends: null });
	}

	/** By their numbers. @param {string} metric one of METRICS @param {Moments} moments @returns {Line[]} */
	at(metric, moments) {
		const { rows, sorting } = this;
		const amount = this.#amounts(metric, moments);
		/** @type {Line[]} */
		const lines = rows.numbers.map((number, row) => ({ number, flat: amount(row), cumulative: amount(rows.count + row), calls: [] }));
		sorting.calls.forEach((call, index) => {
			const { value } = amount(2 * rows.count + index);
			if (value) lines[call.row].calls.push({ frame: call.frame, inlined: call.inlined, value });
		});
		for (const line of lines) line.calls.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
		return lines;
	}
}
