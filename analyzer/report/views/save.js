// SPDX-License-Identifier: Apache-2.0
// Saves what is drawn as files: a picture of one graph or of several below one another, and folded stacks.

import { styleColour } from "../colour.js";
import { download } from "../dom.js";

/** @typedef {import("./flame.js").Flame} Flame */

/** @param {Flame[]} flames from the top down */
export function saveSvg(flames) {
	let height = 0;
	const parts = flames.map((flame) => {
		const part = flame.svg(height);
		height += flame.height;
		return part;
	});
	const paper = `<rect width="100%" height="100%" fill="${styleColour("--paper")}"/>`;
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${flames[0].width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">${paper}${parts.join("")}</svg>`;
	download("seep.svg", new Blob([svg], { type: "image/svg+xml" }));
}

/** @param {Flame[]} flames from the top down */
export function savePng(flames) {
	const all = document.createElement("canvas");
	const drawn = flames.filter((flame) => flame.canvas.height > 0);
	all.width = Math.max(...drawn.map((flame) => flame.canvas.width));
	all.height = drawn.reduce((sum, flame) => sum + flame.canvas.height, 0);
	const context = all.getContext("2d");
	let top = 0;
	if (context) {
		context.fillStyle = styleColour("--paper");
		context.fillRect(0, 0, all.width, all.height);
	}
	for (const { canvas } of drawn) {
		context?.drawImage(canvas, 0, top);
		top += canvas.height;
	}
	all.toBlob((blob) => blob && download("seep.png", blob));
}

/** Folded stacks, for other tools. @param {import("../data/tree.js").Tree} tree */
export function saveFolded(tree) {
	const own = tree.own();
	const lines = [];
	for (let node = 0; node < tree.count; node++) {
		if (own[node] >= 0.5) lines.push(`${tree.path(node).map((at) => tree.name(at).replace(/[;\n]/g, ":")).join(";") || "[hidden]"} ${Math.round(own[node])}`);
	}
	download("seep.folded", new Blob([`${lines.join("\n")}\n`], { type: "text/plain" }));
}
