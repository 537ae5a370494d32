/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flame graph's script, first part of three: the tree as the file has it, and numbers as people read them. When a
 * page is written, the parts are put into one function (analyzer/render/flame/flame_svg.c), so that the page around the
 * drawing sees nothing of them.
 *
 * Names come from programs that nobody vouches for. They are put on the page as text only, never as markup.
 */
const root = document.currentScript.closest("svg");
const standalone = document.documentElement === root;
const own_page = standalone || root.parentElement === document.body; /* else a guest in another page */

/* ---- The data ---- */

function part(name) {
	const element = root.querySelector('script[data-part="' + name + '"]');
	return element ? JSON.parse(element.textContent) : null;
}

/* A part that has values for few numbers only: number, value, number, value, ... */
function pairs(name) {
	const map = new Map(), list = part(name);
	for (let at = 0; at < list.length; at += 2)
		map.set(list[at], list[at + 1]);
	return map;
}

const about = part("about")[0];
const names = part("frame_name"), frame_module = part("frame_module"), frame_colour = part("frame_colour");
const modules = part("modules"), files = part("files");
const depth = Uint16Array.from(part("depth")), frame = Uint32Array.from(part("frame"));
const file = part("file"), line = part("line");
const inlined = new Set(part("inlined")), lines = pairs("lines"), shorts = pairs("frame_short");
const space = part("space"), objects = part("objects");
const base_space = part("base_space"), base_objects = part("base_objects");
const in_use = about.value.startsWith("inuse");
const by_space = about.value.endsWith("space");
const shown = by_space ? space : objects, base_shown = by_space ? base_space : base_objects;
const width = Float64Array.from(part("width") || shown);
const count = width.length;
width[0] = width[0] || 1; /* nothing was allocated: the drawing is empty */

/* In preorder a node's subtree is the range up to end[node]; siblings lie side by side from start[node] on. */
const parent = new Uint32Array(count), end = new Uint32Array(count);
const start = new Float64Array(count);
const filled = new Float64Array(count); /* where the last child of a node ends */
const rows = [];                        /* the nodes of each depth, from left to right */

function arrange() {
	const open = [];
	for (let node = 0; node < count; node++) {
		while (open.length > depth[node])
			end[open.pop()] = node;
		if (node > 0) {
			parent[node] = open[open.length - 1];
			start[node] = filled[parent[node]];
			filled[parent[node]] += width[node];
		}
		filled[node] = start[node];
		open.push(node);
		(rows[depth[node]] = rows[depth[node]] || []).push(node);
	}
	while (open.length)
		end[open.pop()] = count;
}
arrange();

/* Values are rounded to: */
const grain = width[0] < 1e6 ? 0.001 : 1;

/* A node's flat value: the part that its children do not have; 0 if mere rounding could explain the difference. */
function flat(values, node) {
	let left = values[node], rounding = grain / 2;
	for (let child = node + 1; child < end[node]; child = end[child]) {
		left -= values[child];
		rounding += grain / 2;
	}
	return left > rounding ? left : 0;
}

/* The same as flame_change_index() in flame_colour.c. */
function colour_of(node) {
	if (!about.differential)
		return frame_colour[frame[node]];
	const now = shown[node], base = base_shown[node], larger = Math.max(now, base);
	const share = larger > 0 ? (now - base) / larger : 0;
	const steps = (about.colours.length - 1) / 2;
	if (Math.abs(share) < 0.005)
		return steps;
	return steps + Math.sign(share) * Math.ceil(Math.abs(share) * steps - 1e-9);
}

/* ---- Numbers ---- */

function exact(value) {
	return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

function bytes_text(value) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
	let size = Math.abs(value), unit = 0;
	while (size >= 1023.5 && unit < 5) {
		size /= 1024;
		unit++;
	}
	const digits = unit === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
	return (value <= -0.5 ? "-" : "") + size.toFixed(digits) + " " + units[unit];
}

function signed(text, value) {
	return value >= 0.5 ? "+" + text : text;
}

function share_text(part, whole) {
	if (!(whole > 0))
		return "-";
	const percent = 100 * part / whole;
	return percent > 0 && percent < 0.05 ? "<0.1 %" : percent.toFixed(1) + " %";
}

function objects_text(value) {
	const text = exact(value);
	return text + (text === "1" ? " object" : " objects");
}

function value_text(value) {
	return by_space ? bytes_text(value) : objects_text(value);
}
