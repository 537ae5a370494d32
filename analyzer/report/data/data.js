// SPDX-License-Identifier: Apache-2.0
// Reads the data that the page carries: gzip of JSON in base64. Columns of whole numbers are texts (docs/PAGE.md).

/** By a character's code: its digit, of six bits. */
const DIGITS = new Uint8Array(128);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((character, digit) => { DIGITS[character.charCodeAt(0)] = digit; });

/**
 * Reads a column of differences into whole numbers of 32 bits or into doubles. A digit has five bits, the low ones first; its
 * sixth bit says that another digit follows. The lowest bit of the first digit says that the difference is negative. `before`:
 * how many zeros to put before the values.
 * @template {Int32Array|Float64Array} [T=Float64Array]
 * @param {string} text @param {new (count: number) => T} [Type] @param {number} [before] @returns {T}
 */
export function column(text, Type = /** @type {any} */ (Float64Array), before = 0) {
	const values = new Type(before + text.length);
	let count = before;
	let last = 0;
	let difference = 0;
	let scale = 1;
	for (let i = 0; i < text.length; i++) {
		const digit = DIGITS[text.charCodeAt(i)];
		difference += (digit & 31) * scale;
		scale *= 32;
		if (digit > 31) continue;
		last += difference % 2 ? (1 - difference) / 2 : difference / 2;
		values[count++] = last;
		difference = 0;
		scale = 1;
	}
	return /** @type {T} */ (values.subarray(0, count));
}

/** @param {string} text base64 */
export function bytesOf(text) {
	const native = /** @type {{fromBase64?: (text: string) => Uint8Array}} */ (/** @type {any} */ (Uint8Array)).fromBase64; /* of 2025 and later */
	if (native) return native(text);
	const binary = atob(text);
	const bytes = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
	return bytes;
}

/** @param {Uint8Array} packed @returns {Promise<any>} the document */
export async function documentOf(packed) {
	const stream = new DecompressionStream("gzip");
	const writer = stream.writable.getWriter();
	const [text] = await Promise.all([new Response(stream.readable).text(), writer.write(/** @type {any} */ (packed)), writer.close()]);
	return JSON.parse(text);
}
