// SPDX-License-Identifier: Apache-2.0
// The tree that a flame graph draws, made from the recording's trie of calls: folded, inverted, focused, or around one
// function. The order of a node's children is left to whoever draws them: only those that can be seen need to be
// sorted.

import { Nodes } from "./nodes.js";
import { frameKeys, keyName, searchText } from "./frame_keys.js";
import { Measures } from "../numbers/measures.js";
import { withoutParameters } from "../numbers/names.js";

/**
 * @typedef {import("./recording.js").Recording} Recording
 * @typedef {import("./frame_keys.js").FrameKeys} FrameKeys
 * @typedef {object} TreeOptions
 * @property {string} fold which calls are one: "function", "line" or "module"
 * @property {boolean} inverted callees first: the allocating function at the root
 * @property {boolean} recursion fold a call into its own caller
 * @property {RegExp|null} only stacks through a match alone
 * @property {RegExp|null} without stacks through a match left out
 * @property {RegExp|null} hide frames that match left out of their stacks
 * @property {number} around frame key: only stacks through it, from it on outwards or inwards; -1: all
 */

/** For every call of the trie: is it, or one of its callers, such a frame? @param {Recording} recording @param {(frame: number) => boolean} isSuch */
function onStack({ nodeParent, nodeFrame, frames: { line } }, isSuch) {
	const frames = new Int8Array(line.length).fill(-1);
	const found = new Uint8Array(nodeParent.length);
	for (let node = 1; node < found.length; node++) {
		const frame = nodeFrame[node];
		if (frames[frame] < 0) frames[frame] = isSuch(frame) ? 1 : 0;
		found[node] = found[nodeParent[node]] | frames[frame];
	}
	return found;
}

/** For every call of the trie: are stacks shown that end there? null: all are. @param {Recording} recording @param {FrameKeys} keys @param {TreeOptions} options */
function wantedCalls(recording, keys, { only, without, around }) {
	/** @type {[(frame: number) => boolean, number][]} */
	const rules = [];
	if (only) rules.push([(frame) => only.test(searchText(recording, frame)), 1]);
	if (without) rules.push([(frame) => without.test(searchText(recording, frame)), 0]);
	if (around >= 0) rules.push([(frame) => keys.of[frame] === around, 1]);
	if (!rules.length) return null;
	const found = rules.map(([isSuch]) => onStack(recording, isSuch));
	return found[0].map((_, call) => (rules.every(([, is], rule) => found[rule][call] === is) ? 1 : 0));
}

/** The sum of the stacks that end at each call. @param {Recording} recording @param {import("./values.js").Values} values by site @param {Uint8Array|null} wanted */
function valuesOfCalls({ siteNode, siteCount, nodeParent }, { width, net }, wanted) {
	const ofCalls = { width: new Float64Array(nodeParent.length), net: new Float64Array(net === width ? 0 : nodeParent.length) };
	for (let site = 0; site < siteCount; site++) {
		const call = siteNode[site];
		if (!(width[site] > 0) || (wanted && !wanted[call])) continue;
		ofCalls.width[call] += width[site];
		if (net !== width) ofCalls.net[call] += net[site];
	}
	return net === width ? { width: ofCalls.width, net: ofCalls.width } : ofCalls;
}

export class Tree extends Nodes {
	/**
	 * @param {Recording} recording
	 * @param {import("./values.js").Values} values
	 * @param {TreeOptions} options
	 */
	constructor(recording, values, options) {
		const keys = frameKeys(recording, options.fold);
		const wanted = wantedCalls(recording, keys, options);
		const { hide } = options;
		const hidden = hide && Uint8Array.from(recording.frames.line, (_, frame) => (hide.test(searchText(recording, frame)) ? 1 : 0));
		super(recording, keys, options, valuesOfCalls(recording, values, wanted), hidden);
		this.recording = recording;
		this.options = options;
		this.wanted = wanted;
		this.siteWidth = values.width;
		/** @type {Int32Array|null} */
		this.nodesOfSites = null;
	}

	/** The node of every site; -1: it is not shown. Makes all nodes grow. */
	get sites() {
		if (this.nodesOfSites) return this.nodesOfSites;
		const { siteNode } = this.recording;
		this.growAll();
		this.nodesOfSites = siteNode.map((call, site) => (this.siteWidth[site] > 0 && (!this.wanted || this.wanted[call]) ? this.nodeOfCall(call) : -1));
		return this.nodesOfSites;
	}

	/** The samples of each node and of those below it. @param {Measures} measures by site */
	sumMeasures(measures) {
		const { sites } = this;
		const sums = new Measures(this.count);
		for (let site = 0; site < measures.count; site++) if (sites[site] >= 0) sums.add(sites[site], measures, site);
		for (let node = this.count - 1; node > 0; node--) sums.add(this.parent[node], sums, node);
		return sums;
	}

	/**
	 * The children that are at least this wide, the widest first; equal ones by name. `seep flame` puts them in the same order.
	 * @param {number} node @param {number} least
	 */
	children(node, least = 0) {
		const list = [];
		this.grow(node);
		const { width } = this;
		for (let child = this.first[node]; child < this.end[node]; child++) if (width[child] >= least) list.push(child);
		return list.length < 2 ? list : list.sort((a, b) => width[b] - width[a] || (this.name(a) < this.name(b) ? -1 : 1));
	}

	/** A node's name in the address, among its siblings. @param {number} node */
	shortName(node) {
		return keyName(this.recording, this.options.fold, this.key[node]);
	}

	/** The node at the end of a path of such names, or of as much of the path as there is. @param {string} names */
	nodeAt(names) {
		let node = 0;
		for (const name of names ? names.split(".") : []) {
			this.grow(node);
			let child = this.first[node];
			while (child < this.end[node] && this.shortName(child) !== name) child++;
			if (child === this.end[node]) break;
			node = child;
		}
		return node;
	}

	/** The sum of all stacks through a function, each counted once. @param {number} key */
	through(key) {
		const { callerOf, frameOf, keys, callNet, inverted } = this;
		const isInside = new Uint8Array(callerOf.length);
		let sum = 0;
		for (let call = 1; call < isInside.length; call++) {
			const isOutermost = keys.of[frameOf[call]] === key && !isInside[callerOf[call]];
			isInside[call] = isOutermost ? 1 : isInside[callerOf[call]];
			/* in a tree of callers this includes what they call */
			if (inverted ? isInside[call] : isOutermost) sum += callNet[call];
		}
		return sum;
	}

	/** What a node's own function asked for, in the present view. @param {number} node */
	ownOf(node) {
		this.grow(node);
		let own = this.net[node];
		for (let child = this.first[node]; child < this.end[node]; child++) own -= this.net[child];
		return own;
	}

	/** What every node's own function asked for. */
	own() {
		this.growAll();
		const own = this.width.slice(0, this.count);
		for (let node = 1; node < this.count; node++) own[this.parent[node]] -= this.width[node];
		return own;
	}

	/** The name that a node shows. @param {number} node */
	name(node) {
		return node === 0 ? "all" : this.keys.names[this.key[node]];
	}

	/** The name for a frame, where room is short: without parameters, but with the line if frames are lines. @param {number} node */
	label(node) {
		const { frame, recording, options } = this;
		if (node === 0 || options.fold !== "line" || frame[node] < 0) return withoutParameters(this.name(node));
		return `${withoutParameters(recording.functionOf(frame[node]))} ${recording.lineOf(frame[node])}`.trimEnd();
	}

	/** The node's text that a search looks at. @param {number} node */
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
