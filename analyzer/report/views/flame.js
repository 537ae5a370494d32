// SPDX-License-Identifier: Apache-2.0
// Draws a tree on a canvas, and finds the node under the pointer. Frames narrower than a pixel are skipped; a text is
// drawn if it has room.

import { safe } from "../dom.js";
import { isDark, moduleColour, styleColour } from "../colour.js";
import { fitted } from "../numbers/names.js";

export const ROW = 19;
const TEXT_LEAST = 34; /* pixels that a frame needs for a text */
const FONT = "12px system-ui, sans-serif";
const MIDDLE_FONT = `700 ${FONT}`; /* between a function's callers and its callees */
const CHARACTER = 6.6; /* as wide as most characters are; only measuring a text tells whether it fits */
/* the part of the room that a text may fill when it is cut once more, because the characters that stay may be wider
 * than those that went */
const SPARE = 0.97;

/**
 * @typedef {import("../data/tree.js").Tree} Tree
 * @typedef {{ink: string, soft: string, paper: string, ofModule: (name: string) => string}} Look
 * @typedef {{node: number, x: number, w: number, row: number, isAbove: boolean}} Box a frame on the canvas
 */

export class Flame {
	/**
	 * @param {HTMLCanvasElement} canvas @param {(node: number) => string|null} colourOf null: by module
	 * @param {boolean} [isUpward] the root is at the bottom
	 */
	constructor(canvas, colourOf, isUpward = false) {
		this.canvas = canvas;
		this.colourOf = colourOf;
		this.isUpward = isUpward;
		this.skipped = 0; /* how many rows from the root on are not drawn */
		this.zoom = 0;
		/** @type {Tree|null} */
		this.tree = null;
		/** @type {Box[]} */
		this.boxes = [];
		/** @type {Box[][]} */
		this.rows = [];
		/** @type {Uint8Array|null} by node: a search found it */
		this.matches = null;
		this.lit = -1; /* the key of frames with a border */
		this.width = 0;
	}

	/** @param {Tree} tree @param {number} zoom @param {number} skipped rows */
	show(tree, zoom = 0, skipped = 0) {
		this.tree = tree;
		this.skipped = skipped;
		this.zoomTo(zoom);
	}

	/** @param {number} node */
	zoomTo(node) {
		this.zoom = this.tree && node < this.tree.count ? node : 0;
		this.#place();
		this.draw();
	}

	/** For a canvas whose width may have changed. */
	redraw() {
		if (this.canvas.clientWidth && this.canvas.clientWidth !== this.width) this.#place();
		this.draw();
	}

	/** Places the frames: those on the way to the zoomed one are as wide as the picture, and below that one come all that are at least a pixel wide. */
	#place() {
		const { tree } = this;
		if (!tree) return;
		const { zoom } = this;
		this.width = this.canvas.clientWidth || this.canvas.parentElement?.clientWidth || 0;
		const scale = this.width / (tree.width[zoom] || 1);
		const above = zoom === 0 ? [] : [0, ...tree.path(zoom).slice(0, -1)];
		/** @type {Box[]} */
		const boxes = above.map((node) => ({ node, x: 0, w: this.width, row: tree.depth[node], isAbove: true }));
		boxes.push({ node: zoom, x: 0, w: this.width, row: tree.depth[zoom], isAbove: false });
		for (let i = above.length; i < boxes.length; i++) {
			let { x } = boxes[i];
			for (const node of tree.children(boxes[i].node, 1 / scale)) {
				const w = tree.width[node] * scale;
				boxes.push({ node, x, w, row: boxes[i].row + 1, isAbove: false });
				x += w;
			}
		}
		this.boxes = boxes;
		this.rows = [];
		for (const box of boxes) (this.rows[box.row] ||= []).push(box);
	}

	get height() {
		return Math.max(0, this.rows.length - this.skipped) * ROW;
	}

	/** The y at which a row begins. @param {number} row */
	#y(row) {
		return (this.isUpward ? this.rows.length - 1 - row : row - this.skipped) * ROW;
	}

	/** @returns {Box[]} */
	#drawn() {
		return this.skipped ? this.boxes.filter((box) => box.row >= this.skipped) : this.boxes;
	}

	/** What all frames of a picture share. @returns {Look} */
	#look() {
		/** @type {Map<string, string>} */
		const modules = new Map();
		const dark = isDark();
		/** @param {string} name */
		const ofModule = (name) => {
			const known = modules.get(name);
			if (known) return known;
			const colour = moduleColour(name, dark);
			modules.set(name, colour);
			return colour;
		};
		return { ink: styleColour("--ink"), soft: styleColour("--soft"), paper: styleColour("--paper"), ofModule };
	}

	/** @param {number} node @param {Look} look */
	#fill(node, look) {
		const tree = /** @type {Tree} */ (this.tree);
		return node === 0 ? look.soft : this.colourOf(node) || look.ofModule(tree.recording.moduleOf(tree.frame[node]));
	}

	draw() {
		const { canvas, width, height } = this;
		const context = canvas.getContext("2d");
		if (!this.tree || !context) return;
		const ratio = window.devicePixelRatio || 1;
		canvas.style.height = `${height}px`;
		canvas.width = Math.round(width * ratio);
		canvas.height = Math.round(height * ratio);
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.textBaseline = "middle";
		const look = this.#look();
		const boxes = this.#drawn();
		for (const box of boxes) this.#drawBox(context, box, look);
		context.fillStyle = look.ink;
		context.font = FONT;
		for (const box of boxes) if (box.w >= TEXT_LEAST) this.#drawLabel(context, box);
	}

	/** @param {Box} box */
	#alpha(box) {
		return box.isAbove ? 0.55 : this.matches && !this.matches[box.node] ? 0.3 : 1;
	}

	/** @param {CanvasRenderingContext2D} context @param {Box} box @param {Look} look */
	#drawBox(context, box, look) {
		const tree = /** @type {Tree} */ (this.tree);
		const y = this.#y(box.row);
		context.globalAlpha = this.#alpha(box);
		context.fillStyle = this.#fill(box.node, look);
		context.fillRect(box.x, y, Math.max(box.w - 0.6, 0.4), ROW - 1);
		if (this.lit >= 0 && tree.key[box.node] === this.lit) {
			context.strokeStyle = look.ink;
			context.strokeRect(box.x + 0.75, y + 0.75, Math.max(box.w - 2, 0.5), ROW - 2.5);
		}
	}

	/** Cuts a text that is too wide: if the canvas squeezed it, drawing would take several times as long. @param {CanvasRenderingContext2D} context @param {Box} box */
	#drawLabel(context, box) {
		const isMiddle = this.skipped === 1 && box.row === 1;
		const room = box.w - 6;
		context.globalAlpha = this.#alpha(box);
		if (isMiddle) context.font = MIDDLE_FONT;
		let text = this.#label(box, CHARACTER);
		const { width } = context.measureText(text);
		if (width > room) text = this.#label(box, width / text.length / SPARE);
		context.fillText(text, box.x + 4, this.#y(box.row) + ROW / 2);
		if (isMiddle) context.font = FONT;
	}

	/** @param {Box} box @param {number} character how wide one is */
	#label(box, character) {
		const tree = /** @type {Tree} */ (this.tree);
		return fitted(safe(tree.label(box.node)), Math.floor((box.w - 8) / character));
	}

	/** The node under a point of the canvas; -1: none. @param {number} x @param {number} y */
	at(x, y) {
		const line = Math.floor(y / ROW);
		const row = this.rows[this.isUpward ? this.rows.length - 1 - line : line + this.skipped] ?? [];
		return row.find((box) => x >= box.x && x < box.x + Math.max(box.w, 1))?.node ?? -1;
	}

	/** Where the widest frame with this name is drawn, for tests and scripts; null: nowhere. @param {string} name */
	find(name) {
		const found = this.#drawn().filter((box) => box.node && this.tree?.name(box.node) === name).sort((a, b) => b.w - a.w)[0];
		return found ? { x: found.x + found.w / 2, y: this.#y(found.row) + ROW / 2 } : null;
	}

	/** The frames as SVG, with the same places and colours, moved down by `top`. @param {number} top */
	svg(top) {
		const tree = /** @type {Tree} */ (this.tree);
		const look = this.#look();
		// eslint-disable-next-line no-control-regex -- XML has no way to say these
		const escape = (/** @type {string} */ text) => safe(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
		return this.#drawn().map((box) => {
			const y = top + this.#y(box.row);
			const text = box.w < TEXT_LEAST ? "" : `<text x="${box.x + 4}" y="${y + 13}" fill="${look.ink}">${escape(this.#label(box, CHARACTER))}</text>`;
			return `<g><title>${escape(tree.name(box.node))}</title><rect x="${box.x}" y="${y}" width="${Math.max(box.w - 0.6, 0.4)}" height="${ROW - 1}" fill="${this.#fill(box.node, look)}"/>${text}</g>`;
		}).join("");
	}
}
