// SPDX-License-Identifier: Apache-2.0
// The page's own flame graph, as bench.mjs drives it: its data are columns, as a page carries them.
import { Recording } from "../../../analyzer/report/data/recording.js";
import { Tree } from "../../../analyzer/report/data/tree.js";
import { siteValues } from "../../../analyzer/report/data/values.js";
import { Flame } from "../../../analyzer/report/views/flame.js";
import { callTree, functionName } from "./tree.js";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A column as a page has it (docs/PAGE.md). @param {number[]} values */
function column(values) {
	let text = "";
	values.forEach((value, i) => {
		const difference = value - (i ? values[i - 1] : 0);
		let rest = Math.abs(difference) * 2 + (difference < 0 ? 1 : 0);
		for (; rest > 31; rest = Math.floor(rest / 32)) text += DIGITS[32 + (rest % 32)];
		text += DIGITS[rest];
	});
	return text;
}

function documentOf(/** @type {import("./tree.js").CallTree} */ { parent, name, value }) {
	const names = [...new Set(name)];
	const frameOf = new Map(names.map((of, frame) => [of, frame]));
	const isLeaf = new Uint8Array(parent.length).fill(1);
	for (let node = 1; node < parent.length; node++) isLeaf[parent[node]] = 0;
	const leaves = [...parent.keys()].filter((node) => isLeaf[node]);
	const none = column(leaves.map(() => 0));
	const zeros = column(names.map(() => 0));
	return {
		rate: 1, texts: [...names.map(functionName), ...Array.from({ length: 20 }, (_, i) => `/usr/lib/module${i}.so`)],
		moments: { time_us: column([0]), number: column([1]), trigger: ["timer"] },
		sites: { node: column(leaves), place: none, row: none, left_out: 0 },
		nodes: { parent: column([...parent.slice(1)]), frame: column([...name.slice(1)].map((of) => frameOf.get(of) ?? 0)) },
		frames: { function: column(names.map((_, i) => i + 1)), file: zeros, module: column(names.map((of) => names.length + 1 + (of % 20))), line: zeros, inlined: zeros },
		cells: { site: column(leaves.map((_, i) => i)), born: none, dead: column(leaves.map(() => 1)), size: column(leaves.map((node) => value[node])), rate: column(leaves.map(() => 1)), count: column(leaves.map(() => 1)) },
		rest: [],
		counters: { site: "", moment: "", bytes: "", objects: "", largest: [] },
	};
}

/** @type {Flame} */
let flame;
/** @type {Tree} */
let tree;
/** As a page has it once it is parsed: a text that is put together from pieces would be joined only when it is read. */
const carried = JSON.parse(JSON.stringify(documentOf(callTree(100000))));

Object.assign(window, {
	first() {
		const canvas = document.createElement("canvas");
		canvas.style.width = "100%";
		document.getElementById("chart")?.append(canvas);
		const recording = new Recording(carried);
		flame = new Flame(canvas, () => null);
		tree = new Tree(recording, siteValues(recording, "inuse", { before: 0, after: 0 }), { fold: "function", inverted: false, recursion: false, only: null, without: null, hide: null, around: -1 });
		flame.show(tree);
	},
	zoom(/** @type {number} */ i) {
		const [wide] = tree.children(0);
		flame.zoomTo(i % 2 ? 0 : wide);
	},
});
