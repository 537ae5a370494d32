// SPDX-License-Identifier: Apache-2.0
// The tree that a flame graph draws, made from the recording's trie of calls: folded, inverted, focused, or around one
// function. A node's parent has the smaller index. Children are lists; who draws them puts those that can be seen in order.

import { NodeIndex } from "./node_index.js";
import { frameKeys, searchText } from "./frame_keys.js";
import { Measures } from "../numbers/measures.js";

/**
 * @typedef {import("./recording.js").Recording} Recording
 * @typedef {object} TreeOptions
 * @property {string} fold which calls are one: "function", "line" or "module"
 * @property {boolean} inverted callees first: the allocating function at the root
 * @property {boolean} recursion fold a call into its own caller
 * @property {RegExp|null} only stacks through a match alone
 * @property {RegExp|null} without stacks through a match left out
 * @property {number} around frame key: only stacks through it, from it on outwards or inwards; -1: all
 */

export class Tree {
	/**
	 * @param {Recording} recording
	 * @param {import("./values.js").Values} values
	 * @param {TreeOptions} options
	 */
	constructor(recording, values, options) {
		this.recording = recording;
		this.options = options;
		this.keys = frameKeys(recording, options.fold);
		this.index = new NodeIndex(options.inverted ? 0 : recording.nodeParent.length + 1);
		this.sites = this.#nodesOfSites(values.width);
		this.count = this.index.count;
		this.parent = this.index.parent;
		this.key = this.index.key; /* of this.keys.names; the root's is -1 */
		this.frame = this.index.frame;
		this.depth = this.index.depth;
		this.width = this.#sum(values.width);
		this.net = values.net === values.width ? this.width : this.#sum(values.net);
		this.lists = this.#listChildren();
	}

	/** @param {number} parent @param {number} frame @param {number} key */
	#child(parent, frame, key) {
		return this.options.recursion && this.index.key[parent] === key ? parent : this.index.child(parent, key, frame);
	}

	/** A child with this key; -1: there is none. @param {number} parent @param {number} key */
	childOf(parent, key) {
		return this.index.find(parent, key);
	}

	/** For every call of the trie, whether it or one of its callers is such a frame. @param {(frame: number) => boolean} isSuch */
	#onStack(isSuch) {
		const { nodeParent, nodeFrame } = this.recording;
		const frames = new Int8Array(this.keys.of.length).fill(-1);
		const found = new Uint8Array(nodeParent.length);
		for (let node = 1; node < found.length; node++) {
			const frame = nodeFrame[node];
			if (frames[frame] < 0) frames[frame] = isSuch(frame) ? 1 : 0;
			found[node] = found[nodeParent[node]] | frames[frame];
		}
		return found;
	}

	/** For every call of the trie, whether stacks that end there are shown. */
	#wanted() {
		const { only, without, around } = this.options;
		const wanted = new Uint8Array(this.recording.nodeParent.length).fill(1);
		/** @param {Uint8Array} found @param {number} is */
		const keep = (found, is) => found.forEach((there, node) => { wanted[node] &= there === is ? 1 : 0; });
		if (only) keep(this.#onStack((frame) => only.test(searchText(this.recording, frame))), 1);
		if (without) keep(this.#onStack((frame) => without.test(searchText(this.recording, frame))), 0);
		if (around >= 0) keep(this.#onStack((frame) => this.keys.of[frame] === around), 1);
		return wanted;
	}

	/** The node of every site; -1: it is not shown. @param {Float64Array} width */
	#nodesOfSites(width) {
		const { siteNode, siteCount, nodeParent } = this.recording;
		const wanted = this.#wanted();
		const isUsed = new Uint8Array(nodeParent.length); /* calls of the trie that have a width */
		for (let site = 0; site < siteCount; site++) if (width[site] > 0 && wanted[siteNode[site]]) isUsed[siteNode[site]] = 1;
		const nodes = this.options.inverted ? this.#inverted(isUsed) : this.#upright(isUsed);
		if (isUsed[0]) nodes[0] = this.#child(0, -1, this.keys.none);
		return siteNode.map((of, site) => (width[site] > 0 && wanted[of] ? nodes[of] : -1));
	}

	/** The node of every call of the trie that is used or has one that is. @param {Uint8Array} isUsed */
	#upright(isUsed) {
		const { nodeParent, nodeFrame } = this.recording;
		const { around } = this.options;
		const nodes = new Int32Array(nodeParent.length).fill(-1);
		const isOver = isUsed.slice();
		for (let call = isOver.length - 1; call > 0; call--) isOver[nodeParent[call]] |= isOver[call];
		if (around < 0) nodes[0] = 0;
		for (let call = 1; call < nodes.length; call++) {
			if (!isOver[call]) continue;
			const key = this.keys.of[nodeFrame[call]];
			const parent = nodes[nodeParent[call]];
			if (parent >= 0) nodes[call] = this.#child(parent, nodeFrame[call], key);
			else if (key === around) nodes[call] = this.#child(0, nodeFrame[call], key);
		}
		return nodes;
	}

	/** @param {Uint8Array} isUsed */
	#inverted(isUsed) {
		const { nodeParent, nodeFrame } = this.recording;
		const { around } = this.options;
		const nodes = new Int32Array(nodeParent.length).fill(-1);
		for (let call = 1; call < nodes.length; call++) {
			if (!isUsed[call]) continue;
			let at = call;
			while (around >= 0 && this.keys.of[nodeFrame[at]] !== around) at = nodeParent[at];
			let node = 0;
			for (; at; at = nodeParent[at]) node = this.#child(node, nodeFrame[at], this.keys.of[nodeFrame[at]]);
			nodes[call] = node;
		}
		return nodes;
	}

	/** What a node and those below it have. @param {Float64Array} values by site */
	#sum(values) {
		const sums = new Float64Array(this.count);
		for (let site = 0; site < values.length; site++) if (this.sites[site] >= 0) sums[this.sites[site]] += values[site];
		for (let node = this.count - 1; node > 0; node--) sums[this.parent[node]] += sums[node];
		return sums;
	}

	/** The same of samples. @param {Measures} measures by site */
	sumMeasures(measures) {
		const sums = new Measures(this.count);
		for (let site = 0; site < measures.count; site++) if (this.sites[site] >= 0) sums.add(this.sites[site], measures, site);
		for (let node = this.count - 1; node > 0; node--) sums.add(this.parent[node], sums, node);
		return sums;
	}

	#listChildren() {
		const firstChild = new Int32Array(this.count).fill(-1);
		const nextSibling = new Int32Array(this.count).fill(-1);
		for (let node = this.count - 1; node > 0; node--) {
			nextSibling[node] = firstChild[this.parent[node]];
			firstChild[this.parent[node]] = node;
		}
		return { firstChild, nextSibling };
	}

	/**
	 * Children that are at least so wide, the widest first; equal ones by name. `seep flame` puts them in the same order.
	 * @param {number} node @param {number} least
	 */
	children(node, least = 0) {
		const list = [];
		const { firstChild, nextSibling } = this.lists;
		for (let child = firstChild[node]; child >= 0; child = nextSibling[child]) if (this.width[child] >= least) list.push(child);
		return list.sort((a, b) => this.width[b] - this.width[a] || (this.name(a) < this.name(b) ? -1 : 1));
	}

	/** What every node's own function asked for. */
	own() {
		const own = this.width.slice();
		for (let node = 1; node < this.count; node++) own[this.parent[node]] -= this.width[node];
		return own;
	}

	/** The name that a node shows. @param {number} node */
	name(node) {
		return node === 0 ? "all" : this.keys.names[this.key[node]];
	}

	/** What a search looks at, of a node. @param {number} node */
	text(node) {
		return node === 0 ? "" : this.options.fold === "module" ? this.name(node) : searchText(this.recording, this.frame[node]);
	}

	/** The nodes from the root's child to this one. @param {number} node */
	path(node) {
		const nodes = [];
		for (; node; node = this.parent[node]) nodes.push(node);
		return nodes.reverse();
	}
}
