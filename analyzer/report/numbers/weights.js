// SPDX-License-Identifier: Apache-2.0
// What cells of equal samples add to sums (analyzer/statistics/measure.c). A page has hundreds of thousands of cells,
// so only those numbers are kept from which the rest can be computed.

/** @typedef {import("./measures.js").Measures} Measures */

const CERTAIN_MISS = 1e-4;

/** The size of the smallest object that was sampled, as the largest weight tells it. @param {number} rate @param {number} largest 0: all were certain */
export const smallestSampled = (rate, largest) => -rate * (largest > 1 ? Math.log1p(-1 / largest) : Math.log(CERTAIN_MISS));

export class Weights {
	/**
	 * @param {Float64Array} size of each cell's samples @param {Float64Array} rate at which they were taken @param {Float64Array} count of them
	 * @param {Measures} rest more cells, of which only the sums are known
	 */
	constructor(size, rate, count, rest) {
		this.size = size;
		this.count = count;
		this.rest = rest;
		this.objects = new Float64Array(size.length);
		this.variance = new Float64Array(size.length); /* of the objects; 0: certain */
		for (let i = 0; i < size.length; i++) {
			const points = (size[i] || 1) / (rate[i] || 1);
			const miss = rate[i] <= 1 ? 0 : Math.exp(-points);
			const isCertain = miss < CERTAIN_MISS;
			const probability = isCertain ? 1 : -Math.expm1(-points);
			this.objects[i] = count[i] / probability;
			this.variance[i] = isCertain ? 0 : (count[i] * miss) / (probability * probability);
		}
	}

	/** @param {import("./measures.js").Sums} sums @param {number} key @param {number} i @param {number} weight of a sample */
	#addTo(sums, key, i, weight) {
		const value = this.objects[i] * weight;
		if (this.variance[i] === 0) {
			sums.certain[key] += value;
			return;
		}
		sums.uncertain[key] += value;
		sums.variance[key] += this.variance[i] * weight * weight;
		const largest = value / this.count[i];
		if (largest > sums.largest[key]) sums.largest[key] = largest;
	}

	/** @param {Measures} measures @param {number} key @param {number} i */
	add(measures, key, i) {
		if (i >= this.size.length) {
			measures.add(key, this.rest, i - this.size.length);
			return;
		}
		measures.samples[key] += this.count[i];
		this.#addTo(measures.bytes, key, i, this.size[i]);
		this.#addTo(measures.objects, key, i, 1);
	}

	/** @param {import("./measures.js").Sums} sums @param {number} key @param {number} i */
	addBytes(sums, key, i) {
		if (i < this.size.length) this.#addTo(sums, key, i, this.size[i]);
		else sums.add(key, this.rest.bytes, i - this.size.length);
	}

	/** @param {number} i @param {"bytes"|"objects"} of */
	estimate(i, of) {
		if (i >= this.size.length) return this.rest[of].estimate(i - this.size.length);
		return of === "bytes" ? this.objects[i] * this.size[i] : this.objects[i];
	}
}
