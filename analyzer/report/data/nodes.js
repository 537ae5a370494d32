// SPDX-License-Identifier: Apache-2.0
// The nodes of a tree. They grow from the recording's trie of calls when they are looked at, because a picture has room
// for few of 100,000. The children of a node are neighbours, first[node] to end[node], and have higher numbers than the
// node. Calls wait in the list of the node that they have reached.

const ROOM = 1024;

/** @template {Int32Array|Float64Array} T @param {T} column @returns {T} */
function doubled(column) {
	const all = /** @type {T} */ (new /** @type {any} */ (column.constructor)(column.length * 2));
	all.set(column);
	return all;
}

export class Nodes {
	/**
	 * @param {import("./recording.js").Recording} recording
	 * @param {import("./frame_keys.js").FrameKeys} keys
	 * @param {import("./tree.js").TreeOptions} options
	 * @param {{width: Float64Array, net: Float64Array}} ofCalls what stacks that end at each call have, where they are shown
	 * @param {Uint8Array|null} hidden by frame, whether it is left out of its stacks; null: none is
	 */
	constructor({ nodeParent, nodeFrame }, keys, { inverted, recursion, around }, ofCalls, hidden) {
		this.callerOf = nodeParent;
		this.frameOf = nodeFrame;
		this.keys = keys;
		this.inverted = inverted;
		this.recursion = recursion;
		this.hidden = hidden;
		this.callWidth = ofCalls.width;
		this.callNet = ofCalls.net;
		this.parent = new Int32Array(ROOM);
		this.frame = new Int32Array(ROOM); /* one of the frames that are folded into it */
		this.key = new Int32Array(ROOM); /* of this.keys.names; the root's is -1 */
		this.depth = new Int32Array(ROOM);
		this.width = new Float64Array(ROOM);
		this.net = new Float64Array(ROOM); /* the value that is shown: width, unless it may be below 0 */
		this.first = new Int32Array(ROOM); /* until it has children: the call that came last; 0: none */
		this.end = new Int32Array(ROOM); /* 0: its children have not grown yet */
		this.waiting = new Int32Array(nodeParent.length); /* by call: the one that came before it; once all have grown, its node */
		this.child = new Int32Array(keys.names.length); /* by key, of the node whose children grow */
		this.list = 0; /* the newest call that waits at the node whose children grow */
		this.count = 1; /* the root */
		this.first[0] = 1;
		this.key[0] = this.frame[0] = -1;
		if (inverted) this.#beginAtCallees(around);
		else this.#beginAtCallers(around);
		this.#growListed(0);
		this.end[0] = this.count;
	}

	#widen() {
		for (const name of /** @type {const} */ (["parent", "frame", "key", "depth", "first", "end"])) this[name] = doubled(this[name]);
		for (const name of /** @type {const} */ (["width", "net"])) this[name] = doubled(this[name]);
	}

	/** The node's child for such a frame. @param {number} parent @param {number} frame */
	#childOf(parent, frame) {
		const key = frame < 0 ? this.keys.none : this.keys.of[frame];
		if ((this.recursion && this.key[parent] === key) || (frame >= 0 && this.hidden?.[frame])) return parent;
		if (this.child[key] >= this.first[parent]) return this.child[key];
		if (this.count === this.parent.length) this.#widen();
		const node = this.count++;
		this.parent[node] = parent;
		this.frame[node] = frame;
		this.key[node] = key;
		this.depth[node] = this.depth[parent] + 1;
		this.child[key] = node;
		return node;
	}

	/** Puts a call below a node. @param {number} call @param {number} parent @param {number} frame */
	#put(call, parent, frame) {
		const node = this.#childOf(parent, frame);
		if (node === parent) {
			this.waiting[call] = this.list;
			this.list = call;
			return;
		}
		this.waiting[call] = this.first[node];
		this.first[node] = call;
		this.width[node] += this.callWidth[call];
		this.net[node] += this.callNet[call];
	}

	/** Samples without a stack get a node beside all others. */
	#putUnknown() {
		if (!(this.callWidth[0] > 0)) return;
		const node = this.#childOf(0, -1);
		this.width[node] = this.callWidth[0];
		this.net[node] = this.callNet[0];
	}

	/** Begins at the callers: at the outermost, or at those with a key. @param {number} around */
	#beginAtCallers(around) {
		const { callerOf, callWidth, callNet } = this;
		const calls = callerOf.length;
		this.callee = new Int32Array(calls); /* by call: the first of its callees that is shown; 0: none */
		this.beside = new Int32Array(calls); /* the next that its caller calls */
		this.#putUnknown();
		const hasNet = callNet !== callWidth;
		for (let call = calls - 1; call > 0; call--) {
			if (!(callWidth[call] > 0)) continue;
			const caller = callerOf[call];
			callWidth[caller] += callWidth[call];
			if (hasNet) callNet[caller] += callNet[call];
			this.beside[call] = this.callee[caller];
			this.callee[caller] = call;
		}
		this.width[0] = callWidth[0];
		this.net[0] = callNet[0];
		if (around < 0) for (let call = this.callee[0]; call; call = this.beside[call]) this.#put(call, 0, this.frameOf[call]);
		else this.#putOutermost(around);
	}

	/** @param {number} around */
	#putOutermost(around) {
		const isInside = new Uint8Array(this.callerOf.length);
		for (let call = 1; call < isInside.length; call++) {
			isInside[call] = isInside[this.callerOf[call]];
			if (isInside[call] || this.keys.of[this.frameOf[call]] !== around || !(this.callWidth[call] > 0)) continue;
			isInside[call] = 1;
			this.#put(call, 0, this.frameOf[call]);
		}
	}

	/** Begins at the allocating functions, or at calls with a key. @param {number} around */
	#beginAtCallees(around) {
		const { callerOf, frameOf, callWidth, callNet } = this;
		this.at = new Int32Array(callerOf.length); /* by call: where on its stack it is */
		this.#putUnknown();
		for (let call = 0; call < callerOf.length; call++) {
			if (!(callWidth[call] > 0)) continue;
			this.width[0] += callWidth[call];
			this.net[0] += callNet[call];
			if (call === 0) continue;
			let at = call;
			while (around >= 0 && this.keys.of[frameOf[at]] !== around) at = callerOf[at];
			this.at[call] = at;
			this.#put(call, 0, frameOf[at]);
		}
	}

	/** Gives a node its children. @param {number} node */
	grow(node) {
		if (this.end[node]) return;
		this.list = this.first[node];
		this.first[node] = this.count;
		this.#growListed(node);
		this.end[node] = this.count;
	}

	/** Puts the callees, or the callers, of the calls in the list below a node. @param {number} node */
	#growListed(node) {
		const { callee, beside, at } = this;
		for (let call = this.list; call; call = this.list) {
			this.list = this.waiting[call];
			this.waiting[call] = node;
			if (at) {
				at[call] = this.callerOf[at[call]];
				if (at[call]) this.#put(call, node, this.frameOf[at[call]]);
			} else if (callee && beside) for (let inner = callee[call]; inner; inner = beside[inner]) this.#put(inner, node, this.frameOf[inner]);
		}
	}

	/** Grows all of them. */
	growAll() {
		for (let node = 0; node < this.count; node++) this.grow(node);
	}

	/** The node at which the stack of a call ends; all must have grown. @param {number} call */
	nodeOfCall(call) {
		return call ? this.waiting[call] : this.child[this.keys.none];
	}
}
