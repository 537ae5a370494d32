// SPDX-License-Identifier: Apache-2.0
// The nodes of a tree while it grows: their columns, and which child a node has by key, in open addressing.

/** @param {Int32Array} column */
function doubled(column) {
	const all = new Int32Array(column.length * 2);
	all.set(column);
	return all;
}

export class NodeIndex {
	/** @param {number} expected so many nodes, or some more */
	constructor(expected) {
		const room = Math.max(expected, 512);
		this.parent = new Int32Array(room);
		this.key = new Int32Array(room);
		this.frame = new Int32Array(room);
		this.depth = new Int32Array(room);
		this.count = 1; /* the root */
		this.key[0] = this.frame[0] = -1;
		this.slots = new Int32Array(2 ** Math.ceil(Math.log2(room * 2))); /* 0: free */
	}

	/** Where the child is, or belongs. @param {number} parent @param {number} key */
	#slot(parent, key) {
		const mask = this.slots.length - 1;
		let slot = Math.imul(parent, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca6b);
		slot = (slot ^ (slot >>> 15)) & mask;
		for (;;) {
			const node = this.slots[slot];
			if (node === 0 || (this.parent[node] === parent && this.key[node] === key)) return slot;
			slot = (slot + 1) & mask;
		}
	}

	/** The child, or -1. @param {number} parent @param {number} key */
	find(parent, key) {
		return this.slots[this.#slot(parent, key)] || -1;
	}

	/** The child, which is added where there is none. @param {number} parent @param {number} key @param {number} frame */
	child(parent, key, frame) {
		const slot = this.#slot(parent, key);
		if (this.slots[slot]) return this.slots[slot];
		const node = this.count++;
		if (node === this.parent.length) for (const name of /** @type {const} */ (["parent", "key", "frame", "depth"])) this[name] = doubled(this[name]);
		this.parent[node] = parent;
		this.key[node] = key;
		this.frame[node] = frame;
		this.depth[node] = this.depth[parent] + 1;
		this.slots[slot] = node;
		if (this.count * 2 > this.slots.length) this.#grow();
		return node;
	}

	#grow() {
		this.slots = new Int32Array(this.slots.length * 2);
		for (let node = 1; node < this.count; node++) this.slots[this.#slot(this.parent[node], this.key[node])] = node;
	}
}
