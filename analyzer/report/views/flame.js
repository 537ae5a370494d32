// SPDX-License-Identifier: Apache-2.0
// Draws a tree on a canvas and answers where the pointer is. Frames under a pixel are skipped; texts are drawn where
// they have room.

import { safe } from "../dom.js";
import { isDark, moduleColour, styleColour } from "../colour.js";
import { shorten, withoutParameters } from "../numbers/words.js";

const ROW = 19;
const TEXT_LEAST = 34; /* pixels that a frame needs for a text */
const CHARACTER = 6.6; /* of the font below */

export class Flame {
	/**
	 * @param {HTMLCanvasElement} canvas
	 * @param {(node: number) => string|null} colourOf null: by module
	 */
	constructor(canvas, colourOf) {
		this.canvas = canvas;
		this.colourOf = colourOf;
		this.zoom = 0;
		this.matches = null;
		this.lit = -1;
	}

	show(tree, zoom = 0) {
		this.tree = tree;
		this.zoom = zoom < tree.count ? zoom : 0;
		this.draw();
	}

	/** Left edge and width in pixels of a node that is at or below the zoomed one. */
	#place(node) {
		const { tree, zoom, width } = this;
		const scale = width / (tree.sums[0][zoom] || 1);
		return { x: (tree.left[node] - tree.left[zoom]) * scale, w: tree.sums[0][node] * scale };
	}

	draw() {
		const { canvas, tree } = this;
		if (!tree) return;
		const context = canvas.getContext("2d");
		const ratio = window.devicePixelRatio || 1;
		this.width = canvas.clientWidth || canvas.parentElement.clientWidth;
		const visible = this.#visible();
		const rows = Math.max(...visible.map((node) => this.#row(node))) + 1;
		canvas.style.height = `${rows * ROW}px`;
		canvas.width = Math.round(this.width * ratio);
		canvas.height = Math.round(rows * ROW * ratio);
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.font = "12px system-ui, sans-serif";
		context.textBaseline = "middle";
		this.rows = [];
		for (const node of visible) this.#drawNode(context, node);
	}

	/** A row of the canvas; the zoomed node and what it is called by stand above it, each as wide as the picture. */
	#row(node) {
		return this.tree.depth[node];
	}

	/** The nodes that are a pixel wide or more, and those on the way to the zoomed one. */
	#visible() {
		const { tree, zoom } = this;
		const nodes = [0, ...tree.path(zoom)];
		const least = (tree.sums[0][zoom] || 1) / this.width;
		const children = this.#childrenOf();
		for (const stack = [zoom]; stack.length; ) {
			const node = stack.pop();
			for (const child of children(node)) {
				if (tree.sums[0][child] < least) continue;
				nodes.push(child);
				stack.push(child);
			}
		}
		return nodes;
	}

	/** Children from left to right. The tree's order has those of one node together. */
	#childrenOf() {
		const { tree } = this;
		if (this.childrenTree !== tree) {
			this.childrenTree = tree;
			this.firstChild = new Int32Array(tree.count).fill(-1);
			this.childCount = new Int32Array(tree.count);
			tree.order.forEach((node, at) => {
				if (node === 0) return;
				const parent = tree.parent[node];
				if (this.firstChild[parent] < 0) this.firstChild[parent] = at;
				this.childCount[parent]++;
			});
		}
		return (node) => (this.firstChild[node] < 0 ? [] : tree.order.slice(this.firstChild[node], this.firstChild[node] + this.childCount[node]));
	}

	#drawNode(context, node) {
		const { tree, zoom, width } = this;
		const isAbove = tree.depth[node] <= tree.depth[zoom] && node !== zoom;
		const place = isAbove ? { x: 0, w: width } : this.#place(node);
		const y = this.#row(node) * ROW;
		const frame = tree.frame[node];
		const dark = isDark();
		(this.rows[this.#row(node)] ||= []).push({ node, x: place.x, w: place.w });
		context.globalAlpha = isAbove ? 0.55 : this.matches && !this.matches[node] ? 0.3 : 1;
		context.fillStyle = node === 0 ? styleColour("--soft") : this.colourOf(node) || moduleColour(tree.recording.moduleOf(frame), dark);
		context.fillRect(place.x, y, Math.max(place.w - 0.6, 0.4), ROW - 1);
		if (this.lit >= 0 && tree.key[node] === this.lit) {
			context.strokeStyle = styleColour("--ink");
			context.strokeRect(place.x + 0.75, y + 0.75, Math.max(place.w - 2, 0.5), ROW - 2.5);
		}
		if (place.w >= TEXT_LEAST) {
			context.fillStyle = styleColour("--ink");
			context.fillText(shorten(withoutParameters(safe(tree.name(node))), Math.floor((place.w - 8) / CHARACTER)), place.x + 4, y + ROW / 2, place.w - 6);
		}
		context.globalAlpha = 1;
	}

	/** The node under a point of the canvas; -1: none. */
	at(x, y) {
		const row = this.rows && this.rows[Math.floor(y / ROW)];
		const hit = row && row.find((box) => x >= box.x && x < box.x + Math.max(box.w, 1));
		return hit ? hit.node : -1;
	}

	/** Where a frame with this name is drawn, widest first: for tests and scripts; null: nowhere. */
	find(name) {
		const boxes = this.rows.flatMap((row, y) => row.map((box) => ({ ...box, y })));
		const found = boxes.filter((box) => box.node && this.tree.name(box.node) === name).sort((a, b) => b.w - a.w)[0];
		return found ? { x: found.x + found.w / 2, y: (found.y + 0.5) * ROW } : null;
	}

	/** Marks what a regular expression finds; returns how many nodes, and the share of the root that is below them. */
	search(pattern, textOf) {
		const { tree } = this;
		if (!pattern) {
			this.matches = null;
			return { count: 0, share: 0 };
		}
		this.matches = new Uint8Array(tree.count);
		const covered = new Uint8Array(tree.count);
		let count = 0;
		let value = 0;
		for (let node = 1; node < tree.count; node++) {
			const isMatch = pattern.test(textOf(node));
			this.matches[node] = isMatch ? 1 : 0;
			count += this.matches[node];
			covered[node] = covered[tree.parent[node]] || this.matches[node];
			if (isMatch && !covered[tree.parent[node]]) value += tree.sums[0][node];
		}
		return { count, share: tree.sums[0][0] ? value / tree.sums[0][0] : 0 };
	}

	/** The picture as SVG: the same places and colours. */
	svg() {
		const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
		const boxes = this.rows.flatMap((row, y) =>
			row.map(({ node, x, w }) => {
				const fill = node === 0 ? styleColour("--soft") : this.colourOf(node) || moduleColour(this.tree.recording.moduleOf(this.tree.frame[node]), isDark());
				const text = w < TEXT_LEAST ? "" : `<text x="${x + 4}" y="${y * ROW + 13}" fill="${styleColour("--ink")}">${escape(shorten(withoutParameters(this.tree.name(node)), Math.floor((w - 8) / CHARACTER)))}</text>`;
				return `<g><title>${escape(this.tree.name(node))}</title><rect x="${x}" y="${y * ROW}" width="${Math.max(w - 0.6, 0.4)}" height="${ROW - 1}" fill="${fill}"/>${text}</g>`;
			}),
		);
		return `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.rows.length * ROW}" font-family="system-ui, sans-serif" font-size="12"><rect width="100%" height="100%" fill="${styleColour("--paper")}"/>${boxes.join("")}</svg>`;
	}
}
