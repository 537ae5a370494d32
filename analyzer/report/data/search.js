// SPDX-License-Identifier: Apache-2.0
// Regular expressions as readers type them, and the nodes of a tree that match.

/** A regular expression, or null, after complaining. @param {string} text @param {(reason: string) => void} complain */
export function expression(text, complain) {
	if (!text) return null;
	try {
		return new RegExp(text, "i");
	} catch (error) {
		complain(`/${text}/ is not a regular expression: ${String(error).replace(/^.*: /, "")}`);
		return null;
	}
}

/** An expression that finds this function and no other. @param {string} name */
export const exactly = (name) => `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")} `;

/**
 * @typedef {object} Found
 * @property {Uint8Array} matches by node
 * @property {number} count of nodes
 * @property {number} share of the whole that is in them or below
 * @property {number[]} tops those that no other match is above, the widest first: a reader walks from one to the next
 */

/** @param {import("./tree.js").Tree} tree @param {RegExp} pattern @returns {Found} */
export function search(tree, pattern) {
	tree.growAll();
	const texts = tree.options.fold === "module" ? tree.key : tree.frame; /* nodes with one number have one text */
	const isMatch = new Int8Array(tree.recording.frames.line.length + tree.keys.names.length + 1).fill(-1);
	const matches = new Uint8Array(tree.count);
	const covered = new Uint8Array(tree.count);
	const tops = [];
	let count = 0;
	let value = 0;
	for (let node = 1; node < tree.count; node++) {
		const text = texts[node] + 1;
		if (isMatch[text] < 0) isMatch[text] = pattern.test(tree.text(node)) ? 1 : 0;
		matches[node] = isMatch[text];
		count += matches[node];
		covered[node] = covered[tree.parent[node]] | matches[node];
		if (!matches[node] || covered[tree.parent[node]]) continue;
		value += tree.width[node];
		tops.push(node);
	}
	tops.sort((a, b) => tree.width[b] - tree.width[a]);
	return { matches, count, share: tree.width[0] ? value / tree.width[0] : 0, tops };
}
