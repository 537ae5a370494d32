// SPDX-License-Identifier: Apache-2.0
// The incomplete gamma function and its inverse: analyzer/statistics/gamma.c line by line, whose comments name the
// sources. tests/page/ holds both to the same numbers.

const STEPS_LIMIT = 1000000;
const MANY_DEGREES = 1e6;
const STIRLING_SHAPE = 10;
const EPSILON = Number.EPSILON;

/** ln Gamma(x) for x > 0: Stirling's series (DLMF 5.11.1) after the recurrence has raised x above 15. @param {number} x */
export function lnGamma(x) {
	let shift = 0;
	let product = 1;
	while (x + shift < 15) {
		product *= x + shift;
		shift++;
	}
	const a = x + shift;
	return (a - 0.5) * Math.log(a) - a + Math.log(2 * Math.PI) / 2 + stirlingError(a) - Math.log(product);
}

/** @param {number} a */
function stirlingError(a) {
	const b = 1 / (a * a);
	return (1 / 12 - b * (1 / 360 - b * (1 / 1260 - b * (1 / 1680 - b * (1 / 1188 - (b * 691) / 360360))))) / a;
}

/** @param {number} a @param {number} x */
function deviance(a, x) {
	if (Math.abs(x - a) > 0.1 * (x + a)) return a * Math.log(a / x) + x - a;
	const v = (x - a) / (x + a);
	let sum = (x - a) * v;
	let term = 2 * a * v;
	for (let k = 1; k < 1000; k++) {
		term *= v * v;
		const next = sum - term / (2 * k + 1);
		if (next === sum) break;
		sum = next;
	}
	return sum;
}

/** x^a e^-x / Gamma(a + 1) @param {number} a @param {number} x */
function gammaFactor(a, x) {
	if (a < STIRLING_SHAPE) return Math.exp(a * Math.log(x) - x - lnGamma(a + 1));
	return Math.exp(-deviance(a, x) - stirlingError(a)) / Math.sqrt(2 * Math.PI * a);
}

/** @param {number} a @param {number} x */
function lowerSeries(a, x) {
	let term = 1;
	let sum = 1;
	for (let n = 1; n < STEPS_LIMIT && term > (sum * EPSILON) / 4; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum;
}

/** @param {number} a @param {number} x */
function upperFraction(a, x) {
	const tiny = 1e-290;
	let b = x + 1 - a;
	let c = 1 / tiny;
	let d = 1 / b;
	let result = d;
	for (let n = 1; n < STEPS_LIMIT; n++) {
		const numerator = n * (a - n);
		b += 2;
		d = numerator * d + b;
		c = b + numerator / c;
		if (Math.abs(d) < tiny) d = tiny;
		if (Math.abs(c) < tiny) c = tiny;
		d = 1 / d;
		result *= c * d;
		if (Math.abs(c * d - 1) < EPSILON) break;
	}
	return result * a;
}

/**
 * P(shape, x) for the lower tail, 1 - P for the upper.
 * @param {number} shape above 0
 * @param {number} x 0 or more
 * @param {boolean} lower
 */
/** @param {number} shape @param {number} x @param {boolean} lower */
export function gammaProbability(shape, x, lower) {
	if (!(shape > 0) || !(x >= 0)) return NaN;
	if (x === 0) return lower ? 0 : 1;
	if (x === Infinity) return lower ? 1 : 0;
	const isLower = x < shape + 1;
	const part = gammaFactor(shape, x) * (isLower ? lowerSeries(shape, x) : upperFraction(shape, x));
	return Math.min(isLower === lower ? part : 1 - part, 1);
}

/** erfc(x) for x >= 0, from the incomplete gamma function (DLMF 7.11.2). @param {number} x */
function erfc(x) {
	return x === 0 ? 1 : gammaProbability(0.5, x * x, false);
}

/** The value that leaves `probability` in the given tail of the standard normal distribution. @param {number} probability @param {boolean} lower */
export function normalQuantile(probability, lower) {
	if (!(probability >= 0 && probability <= 1)) return NaN;
	const isSmall = probability <= 0.5;
	const p = isSmall ? probability : 1 - probability;
	if (p === 0) return isSmall === lower ? -Infinity : Infinity;
	const t = Math.sqrt(-2 * Math.log(p));
	let z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
	for (let i = 0; i < 3; i++) {
		const tail = z >= 0 ? erfc(z / Math.SQRT2) / 2 : 1 - erfc(-z / Math.SQRT2) / 2;
		const error = (tail - p) / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
		z += error / (1 + (z * error) / 2);
	}
	return isSmall === lower ? -z : z;
}

/** @param {number} z @param {number} degrees */
function quantileOfManyDegrees(z, degrees) {
	const root = Math.sqrt(2 * degrees);
	const z2 = z * z;
	return (
		degrees + z * root + (2 / 3) * (z2 - 1) + (z * (z2 - 7)) / (9 * root) -
		(6 * z2 * z2 + 14 * z2 - 32) / (405 * degrees) +
		(z * (9 * z2 * z2 + 256 * z2 - 433)) / (4860 * degrees * root)
	);
}

/** @param {number} probability @param {boolean} lower @param {number} shape */
function guessLogQuantile(probability, lower, shape) {
	const d = 2 * shape;
	const cube = 1 - 2 / (9 * d) + normalQuantile(probability, lower) * Math.sqrt(2 / (9 * d));
	if (cube > 0.1) return Math.log(shape) + 3 * Math.log(cube);
	return (Math.log(probability) + lnGamma(shape + 1)) / shape;
}

/** @param {number} probability @param {boolean} lower @param {number} shape */
function gammaQuantile(probability, lower, shape) {
	const target = Math.log(probability);
	let low = -Infinity;
	let high = Infinity;
	let u = guessLogQuantile(probability, lower, shape);
	for (let i = 0; i < 200; i++) {
		const x = Math.exp(u);
		const here = gammaProbability(shape, x, lower);
		if (lower ? here < probability : here > probability) low = u;
		else high = u;
		const slope = ((shape * gammaFactor(shape, x)) / here) * (lower ? 1 : -1);
		let next = u - (Math.log(here) - target) / slope;
		if (Math.abs(next - u) < 1e-14 * Math.max(1, Math.abs(u))) break;
		if (!(next > low && next < high)) {
			if (low === -Infinity) next = high - 1;
			else if (high === Infinity) next = low + 1;
			else next = low + (high - low) / 2;
		}
		u = next;
	}
	return Math.exp(u);
}

/** The value that leaves `probability` in the given tail of the chi-squared distribution. @param {number} probability @param {boolean} lower @param {number} degrees */
export function chiSquaredQuantile(probability, lower, degrees) {
	if (!(probability >= 0 && probability <= 1) || !(degrees > 0)) return NaN;
	if (probability > 0.5) {
		probability = 1 - probability;
		lower = !lower;
	}
	if (probability === 0) return lower ? 0 : Infinity;
	if (degrees === 2) return -2 * (lower ? Math.log1p(-probability) : Math.log(probability));
	if (degrees >= MANY_DEGREES) return quantileOfManyDegrees(normalQuantile(probability, lower), degrees);
	return 2 * gammaQuantile(probability, lower, degrees / 2);
}
