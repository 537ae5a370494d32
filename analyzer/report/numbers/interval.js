// SPDX-License-Identifier: Apache-2.0
// Sums of samples and how sure they are: analyzer/statistics/measure.c, interval.c and discovery.c, whose comments name
// the sources. tests/page/ holds both to the same numbers.

import { chiSquaredQuantile, gammaProbability } from "./gamma.js";

export const ALPHA = 0.05;
const P_SMALLEST = 1e-300;
const P_NEAR = 1e-11;
const P_STEPS = 60;
const QUANTILES = 10000; /* how many are remembered */
const SURELY_SHOWN = 30;
const SECANT_STEPS = 30;
const SECANT_NEAR = 1e-10;
const SMALLEST_LOG = -600;

/**
 * A sum over samples, in bytes or in objects.
 * @typedef {{uncertain: number, variance: number, largest: number, certain: number}} Sum
 * @typedef {{low: number, high: number}} Interval
 */

/** @param {Sum} sum */
export function estimate(sum) {
	return sum.uncertain + sum.certain;
}

/** @param {number} variance @param {number} x */
const variancePossible = (variance, x) => Math.min(variance, x * x);

/** Quantiles at ALPHA by degrees of freedom: sums of equally many samples of one size share them. */
const [lowQuantiles, highQuantiles] = [new Map(), new Map()];

/** @param {number} alpha @param {boolean} lower @param {number} degrees @returns {number} */
function quantile(alpha, lower, degrees) {
	if (alpha !== ALPHA) return chiSquaredQuantile(alpha / 2, lower, degrees);
	const known = lower ? lowQuantiles : highQuantiles;
	let value = known.get(degrees);
	if (value === undefined) {
		value = chiSquaredQuantile(alpha / 2, lower, degrees);
		if (known.size === QUANTILES) known.clear();
		known.set(degrees, value);
	}
	return value;
}

/** @param {Sum} sum @param {number} alpha */
function sumLow(sum, alpha) {
	const x = sum.uncertain;
	const v = variancePossible(sum.variance, x);
	if (!(x > 0)) return sum.certain;
	if (!(v > 0)) return sum.certain + x;
	const low = sum.certain + (v / (2 * x)) * quantile(alpha, true, (2 * x * x) / v);
	return low > sum.certain ? Math.min(low, estimate(sum)) : sum.certain;
}

/** @param {number} number @param {number} alpha @param {number} logMean */
function selectedExcess(number, alpha, logMean) {
	const mean = Math.exp(logMean);
	return Math.log(gammaProbability(number, mean, true) / gammaProbability(1, mean, true) / (alpha / 2));
}

/** The lower end of a set that is shown only if it holds a sample. @param {Sum} sum @param {number} alpha */
function sumLowShown(sum, alpha) {
	const low = sumLow(sum, alpha);
	const x = sum.uncertain;
	const v = variancePossible(sum.variance, x);
	if (sum.certain > 0 || !(x > 0) || !(v > 0) || low * x > SURELY_SHOWN * v) return low;
	const number = (x * x) / v;
	if (number <= 1) return 0;
	let last = Math.log((low * x) / v);
	let atLast = selectedExcess(number, alpha, last);
	let next = last - atLast / (number - 1);
	for (let i = 0; i < SECANT_STEPS && next > SMALLEST_LOG && Math.abs(next - last) > SECANT_NEAR; i++) {
		const here = selectedExcess(number, alpha, next);
		const step = (here * (next - last)) / (here - atLast);
		[last, atLast] = [next, here];
		next -= step;
	}
	return next > SMALLEST_LOG ? Math.min((Math.exp(next) * v) / x, estimate(sum)) : 0;
}

/** @param {Sum} sum @param {number} unseen @param {number} alpha */
function sumHigh(sum, unseen, alpha) {
	const k = Math.max(sum.largest, unseen);
	const x = sum.uncertain + k;
	const v = variancePossible(sum.variance + k * k, x);
	if (!(v > 0)) return sum.certain + sum.uncertain;
	const high = sum.certain + (v / (2 * x)) * quantile(alpha, false, (2 * x * x) / v);
	return high > estimate(sum) && Number.isFinite(high) ? high : estimate(sum);
}

/** The 95 % interval of one set of samples. @param {Sum} sum @param {number} unseen @returns {Interval} */
export function sumInterval(sum, unseen, alpha = ALPHA) {
	return { low: sumLowShown(sum, alpha), high: sumHigh(sum, unseen, alpha) };
}

/** @param {Sum} more @param {Sum} less @param {number} unseen @param {number} alpha */
function differenceReach(more, less, unseen, alpha) {
	return Math.hypot(estimate(more) - sumLow(more, alpha), sumHigh(less, unseen, alpha) - estimate(less));
}

/** The 95 % interval of fresh - gone, two sets that have no sample in common. @param {Sum} fresh @param {Sum} gone @param {number} unseen @returns {Interval} */
export function differenceInterval(fresh, gone, unseen, alpha = ALPHA) {
	const growth = estimate(fresh) - estimate(gone);
	return {
		low: growth - differenceReach(fresh, gone, unseen, alpha),
		high: growth + differenceReach(gone, fresh, unseen, alpha),
	};
}

/** The smallest alpha at which differenceInterval() excludes 0; 1: there is none. @param {Sum} fresh @param {Sum} gone @param {number} unseen */
export function differencePValue(fresh, gone, unseen) {
	const hasGrown = estimate(fresh) > estimate(gone);
	const more = hasGrown ? fresh : gone;
	const less = hasGrown ? gone : fresh;
	const growth = estimate(more) - estimate(less);
	/** @param {number} t */
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

/** The most bytes for which one sample that was not taken may have stood. @param {number} rate */
export const unseenBytes = (rate) => (rate > 1 ? rate : 0);
/** The same for objects that are no smaller than the smallest sampled one. @param {number} rate @param {number} largestEver */
export const unseenObjects = (rate, largestEver) => (rate > 1 ? largestEver : 0);
