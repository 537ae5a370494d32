// SPDX-License-Identifier: Apache-2.0
// flame-chart-js, as bench.mjs drives it. It draws in a frame of its own.
import { FlameChart } from "flame-chart-js";
import { callTree, functionName, nested } from "./tree.js";

const tree = callTree(100000);
const data = nested(tree, (node, start) => ({ name: node ? functionName(tree.name[node]) : "all", type: `module${tree.name[node] % 20}`, start, duration: tree.value[node], children: [] }));
let chart;

Object.assign(window, {
	first() {
		const canvas = document.createElement("canvas");
		[canvas.width, canvas.height] = [1280, 900];
		document.getElementById("chart").append(canvas);
		chart = new FlameChart({ canvas, data: [data] });
	},
	zoom(i) {
		const wide = data.children.reduce((a, b) => (b.duration > a.duration ? b : a));
		if (i % 2) chart.setZoom(0, data.duration);
		else chart.setZoom(wide.start, wide.start + wide.duration);
	},
});
