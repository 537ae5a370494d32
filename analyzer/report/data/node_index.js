// SPDX-License-Identifier: Apache-2.0
// Finds a node of a tree by its parent and its key: open addressing over the tree's own columns.

export class NodeIndex {
	/** @param {number[]} parent @param {number[]} key columns of the tree, which grow; node 0 is the root */
	constructor(parent, key) {
		this.parent = parent;
		this.key = key;
		this.slots = new Int32Array(1024).fill(-1);
		this.count = 0;
	}

	/** @param {number} parent @param {number} key */
	#slot(parent, key) {
		const mask = this.slots.length - 1;
		let slot = (Math.imul(parent, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca6b)) >>> 0;
		slot = (slot ^ (slot >>> 15)) & mask;
		for (;;) {
			const node = this.slots[slot];
			if (node < 0 || (this.parent[node] === parent && this.key[node] === key)) return slot;
			slot = (slot + 1) & mask;
		}
	}

	/** The node, or -1, and where it belongs. @param {number} parent @param {number} key @returns {[number, number]} */
	find(parent, key) {
		const slot = this.#slot(parent, key);
		return [this.slots[slot], slot];
	}

	/** Adds a node where find() said that it belongs. @param {number} slot @param {number} node */
	add(slot, node) {
		this.slots[slot] = node;
		if (++this.count * 2 <= this.slots.length) return;
		const nodes = this.slots.filter((at) => at >= 0);
		this.slots = new Int32Array(this.slots.length * 2).fill(-1);
		for (const at of nodes) this.slots[this.#slot(this.parent[at], this.key[at])] = at;
	}
}
