// SPDX-License-Identifier: Apache-2.0
// A call tree of so many frames, the same in every run: 4,000 functions in 20 modules, stacks some 30 calls deep.

/** @typedef {{parent: Int32Array, name: Int32Array, value: Float64Array}} CallTree a node's parent has the smaller index; values are totals */

/** @param {number} count @returns {CallTree} */
export function callTree(count) {
	let seed = 20261129;
	const random = (/** @type {number} */ below) => {
		seed = (seed * 48271) % 2147483647;
		return seed % below;
	};
	const parent = new Int32Array(count);
	const name = new Int32Array(count);
	const depth = new Int32Array(count);
	const value = new Float64Array(count);
	for (let node = 1; node < count; node++) {
		const last = node - 1;
		parent[node] = depth[last] < 12 + random(40) && random(10) < 8 ? last : random(node);
		depth[node] = depth[parent[node]] + 1;
		name[node] = random(4000);
		value[node] = 1000 + random(100000);
	}
	for (let node = 1; node < count; node++) value[parent[node]] = 0; /* only leaves ask for memory */
	for (let node = count - 1; node > 0; node--) value[parent[node]] += value[node];
	return { parent, name, value };
}

/** @param {number} name */
export const functionName = (name) => `module${name % 20}::function_number_${name}`;

/** Nested objects. @param {CallTree} tree @param {(node: number, start: number) => any} make what has an array `children` */
export function nested(tree, make) {
	const nodes = new Array(tree.parent.length);
	const ends = new Float64Array(tree.parent.length); /* where the next child begins */
	for (let node = 0; node < nodes.length; node++) {
		const parent = tree.parent[node];
		const start = node ? ends[parent] : 0;
		if (node) ends[parent] += tree.value[node];
		ends[node] = start;
		nodes[node] = make(node, start);
		if (node) nodes[parent].children.push(nodes[node]);
	}
	return nodes[0];
}
