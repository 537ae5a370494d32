// SPDX-License-Identifier: Apache-2.0
// Reads what the page carries: gzip of JSON in base64, whose columns of whole numbers are differences (docs/PAGE.md).

/** Undoes the differences. @param {number[]} differences @returns {Float64Array} */
export function column(differences) {
	const values = new Float64Array(differences.length);
	let last = 0;
	for (let i = 0; i < differences.length; i++) {
		last += differences[i];
		values[i] = last;
	}
	return values;
}

/** @param {string} text base64 */
export function bytesOf(text) {
	const binary = atob(text.trim());
	const bytes = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
	return bytes;
}

/** @param {Uint8Array} packed @returns {Promise<any>} the document */
export async function documentOf(packed) {
	const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
	return JSON.parse(await new Response(stream).text());
}
