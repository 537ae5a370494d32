// SPDX-License-Identifier: Apache-2.0
// d3-flame-graph, as bench.mjs drives it.
import flamegraph from "d3-flame-graph";
import { select } from "d3-selection";
import { callTree, functionName, nested } from "./tree.js";

const tree = callTree(100000);
const data = nested(tree, (node) => ({ name: node ? functionName(tree.name[node]) : "all", value: tree.value[node], children: [] }));
let chart;

Object.assign(window, {
	first() {
		chart = flamegraph().width(1280).transitionDuration(0).inverted(true);
		select("#chart").datum(data).call(chart);
	},
	zoom(i) {
		const root = select("#chart svg").datum();
		const wide = root.children.reduce((a, b) => (b.value > a.value ? b : a));
		chart.zoomTo(i % 2 ? root : wide);
	},
});
