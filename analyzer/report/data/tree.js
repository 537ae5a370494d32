// SPDX-License-Identifier: Apache-2.0
// The tree that a flame graph draws, made from the recording's trie of calls: folded, inverted, focused, or around one
// function. All columns are typed arrays; a node's parent has the smaller index.

/**
 * @typedef {object} TreeOptions
 * @property {"function"|"line"|"module"} fold which calls are one
 * @property {boolean} inverted callees first: the allocating function at the root
 * @property {boolean} recursion fold a call into its own caller
 * @property {RegExp|null} only stacks through a match alone
 * @property {RegExp|null} without stacks through a match left out
 * @property {string|null} around frame key: only stacks through it, from it on outwards or inwards
 */

export class Tree {
	/**
	 * @param {import("./recording.js").Recording} recording
	 * @param {Float64Array[]} columns values by site: columns[0] is the width; others are summed beside it
	 * @param {TreeOptions} options
	 */
	constructor(recording, columns, options) {
		this.recording = recording;
		this.options = options;
		this.keys = frameKeys(recording, options.fold);
		this.parent = [0];
		this.key = [-1]; /* of this.keys.names; the root's is -1 */
		this.frame = [-1];
		this.children = new Map();
		this.sums = columns.map(() => [0]);
		const nodes = this.#nodesOfSites(columns[0]);
		this.sites = nodes; /* the node of each site; -1: not shown */
		this.#addValues(columns, nodes);
		this.count = this.parent.length;
		this.#layOut();
	}

	#child(parent, key, frame) {
		const at = parent * this.keys.names.length + key;
		let node = this.children.get(at);
		if (node === undefined) {
			node = this.parent.length;
			this.children.set(at, node);
			this.parent.push(parent);
			this.key.push(key);
			this.frame.push(frame);
			for (const sum of this.sums) sum.push(0);
		}
		return node;
	}

	/** The calls of a stack, outermost first. */
	#stack(leaf) {
		const { nodeParent, nodeFrame } = this.recording;
		const frames = [];
		for (let node = leaf; node; node = nodeParent[node]) frames.push(nodeFrame[node]);
		return frames.reverse();
	}

	/** Whether stacks through each key are shown, by key: what the regular expressions say of its text. */
	#isWanted(frames) {
		const { only, without } = this.options;
		if (!only && !without) return true;
		const texts = frames.map((frame) => searchText(this.recording, frame));
		return (!only || texts.some((text) => only.test(text))) && !(without && texts.some((text) => without.test(text)));
	}

	#nodesOfSites(values) {
		const { recording, options } = this;
		const nodes = new Int32Array(recording.siteCount).fill(-1);
		for (let site = 0; site < recording.siteCount; site++) {
			if (!values[site]) continue;
			let frames = this.#stack(recording.siteNode[site]);
			if (!this.#isWanted(frames)) continue;
			if (options.around !== null && options.around !== undefined) {
				const keys = frames.map((frame) => this.keys.of[frame]);
				const at = options.inverted ? keys.lastIndexOf(options.around) : keys.indexOf(options.around);
				if (at < 0) continue;
				frames = options.inverted ? frames.slice(0, at + 1) : frames.slice(at);
			}
			if (options.inverted) frames.reverse();
			let node = 0;
			if (frames.length === 0) node = this.#child(0, this.keys.none, -1);
			for (const frame of frames) {
				const key = this.keys.of[frame];
				if (options.recursion && this.key[node] === key) continue;
				node = this.#child(node, key, frame);
			}
			nodes[site] = node;
		}
		return nodes;
	}

	#addValues(columns, nodes) {
		columns.forEach((values, k) => {
			const sum = this.sums[k];
			for (let site = 0; site < nodes.length; site++) if (nodes[site] >= 0) sum[nodes[site]] += values[site];
			for (let node = sum.length - 1; node > 0; node--) sum[this.parent[node]] += sum[node];
		});
		this.flat = this.sums[0].slice();
		for (let node = 1; node < this.flat.length; node++) this.flat[this.parent[node]] -= this.sums[0][node];
	}

	/** Places: left edge and width as shares of the root, depth, and for each depth its nodes from left to right. */
	#layOut() {
		const count = this.count;
		const width = this.sums[0];
		const lists = Array.from({ length: count }, () => null);
		for (let node = 1; node < count; node++) (lists[this.parent[node]] ||= []).push(node);
		this.left = new Float64Array(count);
		this.depth = new Uint16Array(count);
		this.levels = [[0]];
		const order = [0];
		for (let at = 0; at < order.length; at++) {
			const node = order[at];
			const list = lists[node];
			if (!list) continue;
			list.sort((a, b) => width[b] - width[a] || this.keys.names[this.key[a]].localeCompare(this.keys.names[this.key[b]]));
			let x = this.left[node];
			for (const child of list) {
				this.left[child] = x;
				this.depth[child] = this.depth[node] + 1;
				x += width[child];
				(this.levels[this.depth[child]] ||= []).push(child);
				order.push(child);
			}
		}
		this.order = order;
	}

	/** The name that a node shows. */
	name(node) {
		return node === 0 ? "all" : this.keys.names[this.key[node]];
	}

	/** The nodes from the root to this one. */
	path(node) {
		const nodes = [];
		for (; node; node = this.parent[node]) nodes.push(node);
		return nodes.reverse();
	}
}

/** What a search looks at: function, file:line, module. */
export function searchText(recording, frame) {
	return frame < 0 ? "[no stack]" : `${recording.functionOf(frame)} ${recording.fileOf(frame)}:${recording.frames.line[frame]} ${recording.moduleOf(frame)}`;
}

/** A number for every frame such that frames that are folded into one have the same. */
export function frameKeys(recording, fold) {
	const names = [];
	const numbers = new Map();
	const of = new Int32Array(recording.frames.line.length);
	const number = (identity, name) => {
		let key = numbers.get(identity);
		if (key === undefined) {
			key = names.length;
			numbers.set(identity, key);
			names.push(name);
		}
		return key;
	};
	for (let frame = 0; frame < of.length; frame++) {
		const name = recording.functionOf(frame);
		const module = recording.moduleOf(frame);
		if (fold === "module") of[frame] = number(module, module || "[no module]");
		else if (fold === "line") of[frame] = number(`${name}\n${recording.lineOf(frame)}\n${module}`, `${name} ${recording.lineOf(frame)}`);
		else of[frame] = number(`${name}\n${module}`, name);
	}
	return { names, of, none: number("\n", "[no stack]"), identities: [...numbers.keys()] };
}
