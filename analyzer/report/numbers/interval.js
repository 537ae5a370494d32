// SPDX-License-Identifier: Apache-2.0
// Sums of samples and how sure they are: analyzer/statistics/measure.c, interval.c and discovery.c, whose comments have
// the sources. tests/page/ holds both to the same numbers.

import { chiSquaredQuantile } from "./gamma.js";

export const ALPHA = 0.05;
const CERTAIN_MISS = 1e-4;
const P_SMALLEST = 1e-300;
const P_NEAR = 1e-11;
const P_STEPS = 60;

/**
 * A sum over samples, in bytes or in objects.
 * @typedef {{uncertain: number, variance: number, largest: number, certain: number}} Sum
 * @typedef {{low: number, high: number}} Interval
 * @typedef {{samples: number, bytes: Sum, objects: Sum}} Measure
 */

/** @returns {Sum} */
export function sumNew() {
	return { uncertain: 0, variance: 0, largest: 0, certain: 0 };
}

/** @returns {Measure} */
export function measureNew() {
	return { samples: 0, bytes: sumNew(), objects: sumNew() };
}

function sumAddSamples(sum, weight, probability, miss, count) {
	if (miss < CERTAIN_MISS) {
		sum.certain += count * weight;
		return;
	}
	sum.uncertain += (count * weight) / probability;
	sum.variance += (count * weight * weight * miss) / (probability * probability);
	sum.largest = Math.max(sum.largest, weight / probability);
}

/** Adds `count` samples of `size` bytes that were taken at `rate`. */
export function measureAddSamples(measure, size, rate, count) {
	const points = (size || 1) / (rate || 1);
	const miss = rate <= 1 ? 0 : Math.exp(-points);
	const probability = rate <= 1 ? 1 : -Math.expm1(-points);
	measure.samples += count;
	sumAddSamples(measure.bytes, size, probability, miss, count);
	sumAddSamples(measure.objects, 1, probability, miss, count);
}

function sumAdd(sum, more) {
	sum.uncertain += more.uncertain;
	sum.variance += more.variance;
	sum.largest = Math.max(sum.largest, more.largest);
	sum.certain += more.certain;
}

/** @param {Measure} measure @param {Measure} more */
export function measureAdd(measure, more) {
	measure.samples += more.samples;
	sumAdd(measure.bytes, more.bytes);
	sumAdd(measure.objects, more.objects);
}

/** @param {Sum} sum */
export function estimate(sum) {
	return sum.uncertain + sum.certain;
}

const variancePossible = (variance, x) => Math.min(variance, x * x);

function sumLow(sum, alpha) {
	const x = sum.uncertain;
	const v = variancePossible(sum.variance, x);
	if (!(x > 0)) return sum.certain;
	if (!(v > 0)) return sum.certain + x;
	const low = sum.certain + (v / (2 * x)) * chiSquaredQuantile(alpha / 2, true, (2 * x * x) / v);
	return low > sum.certain ? Math.min(low, estimate(sum)) : sum.certain;
}

function sumHigh(sum, unseen, alpha) {
	const k = Math.max(sum.largest, unseen);
	const x = sum.uncertain + k;
	const v = variancePossible(sum.variance + k * k, x);
	if (!(v > 0)) return sum.certain + sum.uncertain;
	const high = sum.certain + (v / (2 * x)) * chiSquaredQuantile(alpha / 2, false, (2 * x * x) / v);
	return high > estimate(sum) && Number.isFinite(high) ? high : estimate(sum);
}

/** The 95 % interval of one set of samples. @returns {Interval} */
export function sumInterval(sum, unseen, alpha = ALPHA) {
	return { low: sumLow(sum, alpha), high: sumHigh(sum, unseen, alpha) };
}

function differenceReach(more, less, unseen, alpha) {
	return Math.hypot(estimate(more) - sumLow(more, alpha), sumHigh(less, unseen, alpha) - estimate(less));
}

/** The 95 % interval of fresh - gone, two sets that have no sample in common. @returns {Interval} */
export function differenceInterval(fresh, gone, unseen, alpha = ALPHA) {
	const growth = estimate(fresh) - estimate(gone);
	return {
		low: growth - differenceReach(fresh, gone, unseen, alpha),
		high: growth + differenceReach(gone, fresh, unseen, alpha),
	};
}

/** The smallest alpha at which differenceInterval() excludes 0; 1 where none does. */
export function differencePValue(fresh, gone, unseen) {
	const hasGrown = estimate(fresh) > estimate(gone);
	const more = hasGrown ? fresh : gone;
	const less = hasGrown ? gone : fresh;
	const growth = estimate(more) - estimate(less);
	const left = (t) => growth - differenceReach(more, less, unseen, Math.exp(-t * t));
	let low = 0;
	let high = Math.sqrt(-Math.log(P_SMALLEST));
	let atLow = left(low);
	let atHigh = left(high);
	let t = high;
	if (!(atLow > 0)) return 1;
	if (atHigh > 0) return 0;
	for (let i = 0; i < P_STEPS && high - low > P_NEAR; i++) {
		const last = t;
		t = low + (high - low) * (atLow / (atLow - atHigh));
		const here = left(t);
		if (Math.abs(t - last) < P_NEAR || here === 0) break;
		if (here > 0) {
			atHigh /= t > last ? 2 : 1;
			low = t;
			atLow = here;
		} else {
			atLow /= t < last ? 2 : 1;
			high = t;
			atHigh = here;
		}
	}
	return Math.exp(-t * t);
}

/** What one sample that was not taken may have stood for, at most. */
export const unseenBytes = (rate) => (rate > 1 ? rate : 0);
export const unseenObjects = (rate, largestEver) => (rate > 1 ? largestEver : 0);
