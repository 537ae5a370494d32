// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, in the words of the terminal's output.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Round steps of an axis of bytes. */
export const BYTE_STEPS = Array.from({ length: 63 }, (_, i) => 2 ** i);

/** The same for seconds: people count minutes and hours in twelfths. */
export const TIME_STEPS = [
	...[-6, -5, -4, -3, -2, -1].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)), 1, 2, 5, 10, 15, 30,
	...[1, 2, 5, 10, 15, 30].map((minutes) => 60 * minutes), ...[1, 2, 3, 6, 12, 24, 48, 168, 336, 672, 1344, 2688, 5376].map((hours) => 3600 * hours),
];

/**
 * The unit for some numbers, by the largest of them, and how many decimals they get: analyzer/render/words/estimate.c does the
 * same.
 * @param {number} magnitude @param {number} step 1,024 or 1,000
 */
function scaleOf(magnitude, step) {
	let divisor = 1;
	let unit = 0;
	for (; magnitude / divisor >= step - 0.5 && unit < UNITS.length - 1; unit++) divisor *= step;
	const scaled = magnitude / divisor;
	return { unit, divisor, decimals: unit === 0 || scaled >= 99.95 ? 0 : scaled < 9.995 ? 2 : 1 };
}

/** A value that rounds to zero gets no sign. @param {number} value @param {{divisor: number, decimals: number}} scale @param {boolean} signed */
function scaledText(value, { divisor, decimals }, signed) {
	const text = (value / divisor).toFixed(decimals);
	if (Number(text) === 0) return (0).toFixed(decimals);
	return signed && value > 0 ? `+${text}` : text;
}

/** @param {number} value @param {boolean} signed */
function bytesText(value, signed) {
	if (!Number.isFinite(value)) return "unknown";
	const scale = scaleOf(Math.abs(value), 1024);
	return `${scaledText(value, scale, signed)} ${UNITS[scale.unit]}`;
}

/** "12.3 MiB" @param {number} value */
export const bytes = (value) => bytesText(value, false);

/** @param {number} value */
export const signedBytes = (value) => bytesText(value, true);

/** Round numbers for an axis: "64 MiB" @param {string} text */
export const rounded = (text) => text.replace(/\.0+ /, " ");

/** "12,345" @param {number} value */
export function count(value) {
	return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "unknown";
}

/**
 * A value with its interval in one unit: {value: "12.3 MiB", interval: "[11.8, 12.9]"}. The interval is "exact" if its ends are
 * the value, and "" if there is none.
 * @param {number} value @param {import("./interval.js").Interval|null} ends
 * @param {{signed?: boolean, decimal?: boolean}} options signed: a plus before positive values; decimal: objects, not bytes
 */
export function estimateText(value, ends, options = {}) {
	const { signed = false, decimal = false } = options;
	const has = ends && Number.isFinite(ends.low) && Number.isFinite(ends.high);
	if (decimal) {
		const text = (/** @type {number} */ x) => (signed && x > 0 ? "+" : "") + count(x);
		return { value: text(value), interval: !has ? "" : ends.low === ends.high ? "exact" : `[${text(ends.low)}, ${text(ends.high)}]` };
	}
	if (!Number.isFinite(value)) return { value: "unknown", interval: "" };
	const scale = scaleOf(has ? Math.max(Math.abs(value), Math.abs(ends.low), Math.abs(ends.high)) : Math.abs(value), 1024);
	const text = (/** @type {number} */ x) => scaledText(x, scale, signed);
	return {
		value: `${text(value)} ${UNITS[scale.unit]}`,
		interval: !has ? "" : ends.low === value && ends.high === value ? "exact" : `[${text(ends.low)}, ${text(ends.high)}]`,
	};
}

const TIMES = ["ns", "us", "ms", "s"];

/** "310 ms", "12.3 s", "4 min 10 s", "3 h 12 min" @param {number} seconds */
export function duration(seconds) {
	if (!Number.isFinite(seconds) || seconds < 0) return "unknown";
	let value = seconds * 1e9;
	let unit = value === 0 ? 3 : 0;
	for (; unit < 3 && value >= 999.5; unit++) value /= 1000;
	const whole = Math.round(value);
	if (unit < 3 || whole < 120) return `${value.toFixed(value === 0 || unit === 0 || value >= 99.95 ? 0 : value < 9.995 ? 2 : 1)} ${TIMES[unit]}`;
	const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
	if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
	return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** "2026-11-30 11:13 UTC" @param {number} nanoseconds since 1970 */
export const moment = (nanoseconds) => `${new Date(nanoseconds / 1e6).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** The time unit of a pace: at most ten times as long as what was seen. @param {number} seconds @returns {{name: string, seconds: number}} */
export function paceUnit(seconds) {
	const units = [{ name: "an hour", seconds: 3600 }, { name: "a minute", seconds: 60 }, { name: "a second", seconds: 1 }];
	return units.find((unit) => unit.seconds <= 10 * seconds) ?? units[2];
}

/** @param {number} part @param {number} whole */
export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "");
