// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, in the words of the terminal's output.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Round steps of an axis of bytes. */
export const BYTE_STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);

/** @param {number} value */
function digits(value) {
	const size = Math.abs(value);
	return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

/** @param {number} value */
function unitOf(value) {
	let unit = 0;
	for (let size = Math.abs(value); size >= 1024 && unit < UNITS.length - 1; size /= 1024) unit++;
	return unit;
}

/** "12.3 MiB" @param {number} value */
export function bytes(value) {
	if (!Number.isFinite(value)) return "unknown";
	const unit = unitOf(value);
	return `${digits(value / 1024 ** unit)} ${UNITS[unit]}`;
}

/** @param {number} value */
export const signedBytes = (value) => (value > 0 ? "+" : "") + bytes(value);

/** "12,345" @param {number} value */
export function count(value) {
	return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "unknown";
}

/**
 * A value with its interval in one unit: {value: "12.3 MiB", interval: "[11.8, 12.9]"}. The interval is "exact" where its
 * ends are the value, and "" where there is none.
 * @param {number} value @param {import("./interval.js").Interval|null} ends
 * @param {{signed?: boolean, decimal?: boolean}} options signed: a plus before what is above 0; decimal: objects, not bytes
 */
export function estimateText(value, ends, options = {}) {
	const { signed = false, decimal = false } = options;
	const has = ends && Number.isFinite(ends.low) && Number.isFinite(ends.high);
	const plus = (/** @type {number} */ x) => (signed && x > 0 ? "+" : "");
	if (decimal) {
		const text = (/** @type {number} */ x) => plus(x) + count(x);
		return { value: text(value), interval: !has ? "" : ends.low === ends.high ? "exact" : `[${text(ends.low)}, ${text(ends.high)}]` };
	}
	const unit = unitOf(has ? Math.max(Math.abs(value), Math.abs(ends.low), Math.abs(ends.high)) : value);
	const text = (/** @type {number} */ x) => plus(x) + digits(x / 1024 ** unit);
	return {
		value: `${text(value)} ${UNITS[unit]}`,
		interval: !has ? "" : ends.low === value && ends.high === value ? "exact" : `[${text(ends.low)}, ${text(ends.high)}]`,
	};
}

/** "310 ms", "12.3 s", "4 min 10 s", "3 h 12 min" @param {number} seconds */
export function duration(seconds) {
	if (!Number.isFinite(seconds)) return "unknown";
	if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
	if (seconds < 60) return `${digits(seconds)} s`;
	const whole = Math.round(seconds);
	if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
	return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @param {number} part @param {number} whole */
export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "");

/** A long name shortened in its middle. @param {string} name @param {number} length */
export function shorten(name, length) {
	if (name.length <= length) return name;
	const head = Math.ceil((length - 1) / 2);
	return `${name.slice(0, head)}…${name.slice(name.length - (length - 1 - head))}`;
}

/** A C++ name without its parameters: they are in the tooltip. @param {string} name */
export function withoutParameters(name) {
	let depth = 0;
	for (let i = 1; i < name.length; i++) {
		if (name[i] === "<") depth++;
		else if (name[i] === ">" && name[i - 1] !== "-") depth--;
		else if (name[i] === "(" && depth <= 0 && !name.startsWith("(anonymous", i) && !name.slice(0, i).endsWith("operator"))
			return name.slice(0, i);
	}
	return name;
}
