// SPDX-License-Identifier: Apache-2.0
// A number for a text: FNV-1a. It picks colours, and it stands for long names in the address.

/** @param {string} text */
export function hashOf(text) {
	let hash = 2166136261;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619) >>> 0;
	return hash;
}

/** @param {string} text */
export const shortName = (text) => hashOf(text).toString(36);
