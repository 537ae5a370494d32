// SPDX-License-Identifier: Apache-2.0
// Sums of many sets of samples, side by side in typed arrays: entry i is a measure in the sense of interval.js. A page
// has hundreds of thousands of them, for which objects would be too slow.

/** @typedef {import("./interval.js").Sum} Sum */

export class Sums {
	/** @param {number} count */
	constructor(count) {
		this.uncertain = new Float64Array(count);
		this.variance = new Float64Array(count);
		this.largest = new Float64Array(count);
		this.certain = new Float64Array(count);
	}

	/** Adds entry j of others to entry i. @param {number} i @param {Sums} others @param {number} j */
	add(i, others, j) {
		this.uncertain[i] += others.uncertain[j];
		this.variance[i] += others.variance[j];
		this.certain[i] += others.certain[j];
		if (others.largest[j] > this.largest[i]) this.largest[i] = others.largest[j];
	}

	/** @param {number} i @param {number[]} sum */
	set(i, [uncertain, variance, largest, certain]) {
		this.uncertain[i] = uncertain;
		this.variance[i] = variance;
		this.largest[i] = largest;
		this.certain[i] = certain;
	}

	/** @param {number} i @returns {Sum} */
	at(i) {
		return { uncertain: this.uncertain[i], variance: this.variance[i], largest: this.largest[i], certain: this.certain[i] };
	}

	/** @param {number} i */
	estimate(i) {
		return this.uncertain[i] + this.certain[i];
	}
}

export class Measures {
	/** @param {number} count */
	constructor(count) {
		this.count = count;
		this.samples = new Float64Array(count);
		this.bytes = new Sums(count);
		this.objects = new Sums(count);
	}

	/** Adds entry j of others to entry i. @param {number} i @param {Measures} others @param {number} j */
	add(i, others, j) {
		this.samples[i] += others.samples[j];
		this.bytes.add(i, others.bytes, j);
		this.objects.add(i, others.objects, j);
	}

	/** @param {number} i @param {{samples: number, bytes: number[], objects: number[]}} sums */
	set(i, { samples, bytes, objects }) {
		this.samples[i] = samples;
		this.bytes.set(i, bytes);
		this.objects.set(i, objects);
	}
}
