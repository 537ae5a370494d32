// SPDX-License-Identifier: Apache-2.0
// Growth by key between two moments, as in `seep diff`: bytes and objects with intervals, q, and a verdict.

import { ALPHA, differenceInterval, differencePValue, unseenBytes, unseenObjects } from "../numbers/interval.js";

/** q-values of Benjamini and Hochberg; NaN stays. @param {Float64Array} p */
export function qValues(p) {
	const order = [];
	for (let i = 0; i < p.length; i++) if (!Number.isNaN(p[i])) order.push(i);
	order.sort((a, b) => p[a] - p[b]);
	const q = new Float64Array(p.length).fill(NaN);
	let least = 1;
	for (let j = order.length; j > 0; j--) {
		const here = p[order[j - 1]];
		least = Math.min(least, Math.max(here, (here * order.length) / j));
		q[order[j - 1]] = least;
	}
	return q;
}

export class Growth {
	/**
	 * @param {{fresh: import("../numbers/measures.js").Measures, gone: import("../numbers/measures.js").Measures}} difference
	 * @param {number} rate of sampling; 0: between a moment and itself
	 * @param {Float64Array} largest the most objects for which a sample of each key stood
	 */
	constructor({ fresh, gone }, rate, largest) {
		this.fresh = fresh;
		this.gone = gone;
		this.rate = rate;
		this.largest = largest;
		this.count = fresh.count;
		/** @type {Float64Array|null} */
		this.near = null;
	}

	/** @param {number} key */
	#unseen(key) {
		return this.largest[key] ? unseenBytes(this.rate) : 0;
	}

	/** @param {number} key */
	bytes(key) {
		return this.fresh.bytes.estimate(key) - this.gone.bytes.estimate(key);
	}

	/** @param {number} key */
	objects(key) {
		return this.fresh.objects.estimate(key) - this.gone.objects.estimate(key);
	}

	/** @param {number} key */
	interval(key) {
		return differenceInterval(this.fresh.bytes.at(key), this.gone.bytes.at(key), this.#unseen(key));
	}

	/** @param {number} key */
	objectsInterval(key) {
		return differenceInterval(this.fresh.objects.at(key), this.gone.objects.at(key), this.rate ? unseenObjects(this.rate, this.largest[key]) : 0);
	}

	/** @param {number} key */
	#isBeyondChance(key) {
		const { bytes: fresh } = this.fresh;
		const { bytes: gone } = this.gone;
		const less = this.bytes(key) > 0 ? gone : fresh;
		/* an interval reaches at least this far */
		if (Math.abs(this.bytes(key)) <= Math.max(less.largest[key], this.#unseen(key))) return false;
		const ends = this.interval(key);
		return ends.low > 0 || ends.high < 0;
	}

	/**
	 * The q-values: all of them (`exactly`), or only those that may be 5 % or less. Then greater p-values are left at 1: that
	 * changes no verdict and saves the search for them.
	 * @param {boolean} exactly
	 */
	#q(exactly) {
		const p = new Float64Array(this.count).fill(NaN);
		for (let key = 0; key < this.count; key++) {
			if (!(this.fresh.samples[key] + this.gone.samples[key])) continue;
			const isNeeded = exactly || this.#isBeyondChance(key);
			p[key] = isNeeded ? differencePValue(this.fresh.bytes.at(key), this.gone.bytes.at(key), this.#unseen(key)) : 1;
		}
		return qValues(p);
	}

	/** All q-values; 1 where nothing changed. */
	q() {
		return this.#q(true).map((q) => (Number.isNaN(q) ? 1 : q));
	}

	/** @param {number} key @returns {"growing"|"shrinking"|"steady"|"unknown"} */
	verdict(key) {
		this.near ||= this.#q(false);
		if (this.near[key] <= ALPHA) return this.bytes(key) > 0 ? "growing" : "shrinking";
		return this.#isBeyondChance(key) ? "unknown" : "steady";
	}
}
