/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flame graph's script. It reads the tree from the data beside it and draws what is wide enough to be seen: one
 * path for each colour and one text for each label, so that a zoom into a hundred thousand frames is a matter of
 * milliseconds. The pointer is matched with the tree, not with elements.
 *
 * Names come from programs that nobody vouches for. They are put on the page as text only, never as markup.
 */
(function () {
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const XHTML = "http://www.w3.org/1999/xhtml";
const MARGIN = 16, ROW = 18, FRAME = 17, LINE = 19; /* pixels, as in flame_svg.c */
const LEAST = 0.4;      /* what is narrower goes into a grey block */
const DASH_LEAST = 6;   /* on narrower frames a dashed outline is only noise */
const LABEL_LEAST = 4;  /* columns */
const COMPACT = 820;    /* below this width the tools have a line of their own */
const TOOLS = 460;      /* width of the tools beside the title */
const TIP = 560;        /* widest tooltip */

const root = document.currentScript.closest("svg");
const standalone = document.documentElement === root;
const own_page = standalone || root.parentElement === document.body; /* else a guest in another page */

/* ---- The data ---- */

function part(name) {
	const element = root.querySelector('script[data-part="' + name + '"]');
	return element ? JSON.parse(element.textContent) : null;
}

/* A part that says something of a few numbers only: number, what is said, number, ... */
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
width[0] = width[0] || 1; /* nothing was allocated: an empty drawing */

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

/* What a node has beyond what its children have: its flat value. */
function flat(values, node) {
	let left = values[node];
	for (let child = node + 1; child < end[node]; child = end[child])
		left -= values[child];
	return left > 0.5 ? left : 0;
}

/* As flame_change_index() in flame_colour.c. */
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

function value_text(value) {
	return by_space ? bytes_text(value) : exact(value) + " objects";
}

/* ---- Elements ---- */

function svg_element(name, attributes, into) {
	const element = document.createElementNS(SVG, name);
	for (const key in attributes)
		element.setAttribute(key, attributes[key]);
	return into ? into.appendChild(element) : element;
}

function html_element(name, properties, into) {
	const element = document.createElementNS(XHTML, name);
	Object.assign(element, properties);
	return into ? into.appendChild(element) : element;
}

const pen = html_element("canvas", {}).getContext("2d"); /* measures text */
const style = getComputedStyle(root);
const mono = style.getPropertyValue("--mono"), sans = style.getPropertyValue("--sans");

function text_width(text, font) {
	pen.font = font;
	return pen.measureText(text).width;
}
const character = text_width("0".repeat(100), "12px " + mono) / 100;

/* The longest beginning of the text that fits, with an ellipsis where it had to be cut. */
function fit(text, columns) {
	if (text.length <= columns && /^[\x20-\x7e]*$/.test(text))
		return text;
	let used = 0, kept = "", kept_short = "";
	for (const letter of text) {
		used += letter > "\x7e" ? 2 : 1; /* ideographs are two columns wide */
		if (used > columns)
			return kept_short + "\u2026";
		kept += letter;
		if (used <= columns - 1)
			kept_short = kept;
	}
	return text;
}

function label_of(index, columns) {
	const name = names[index];
	return fit(name.length <= columns ? name : shorts.get(index) || name, columns);
}

/* Breaks a text into lines of at most `room` pixels. */
function wrap(text, font, room) {
	const result = [];
	let current = "";
	for (const word of text.split(" ")) {
		const longer = current ? current + " " + word : word;
		if (current && text_width(longer, font) > room) {
			result.push(current);
			current = word;
		} else {
			current = longer;
		}
	}
	result.push(current);
	return result;
}

/* The drawing that was there for readers without script makes room. */
for (const selector of [".head", ".frames", ".foot"])
	root.querySelector(selector).remove();
for (const title of root.querySelectorAll(":scope > title")) {
	document.title = title.textContent;
	if (!standalone)
		title.remove(); /* browsers would show it as a tooltip everywhere */
}
const paper = root.querySelector(".paper"), legend = root.querySelector(".legend");
const head = svg_element("g", {class: "head"}, root);
const status = svg_element("text", {class: "status", role: "status", "aria-live": "polite"}, root);
const drawing = svg_element("g", {class: "frames"}, root);
const outline = svg_element("rect", {class: "outline", rx: 2, visibility: "hidden"}, root);
const foot = svg_element("g", {class: "foot"}, root);
const surface = svg_element("rect", {class: "surface"}, root);
const tools_place = svg_element("foreignObject", {height: 32}, root);
const tools = html_element("div", {className: "tools"}, tools_place);
const matched = html_element("output", {}, tools);
const search = html_element("input", {type: "search", placeholder: "Search (regex)", spellcheck: false,
				      title: "Regular expression over functions and modules (Ctrl+F)"}, tools);
const reset = html_element("button", {type: "button", textContent: "Reset zoom", title: "Esc"}, tools);
const tip_place = svg_element("foreignObject", {visibility: "hidden", "pointer-events": "none"}, root);
const tip = html_element("div", {className: "tip"}, tip_place);
search.setAttribute("aria-label", "Search");
root.setAttribute("tabindex", "0");
root.setAttribute("role", "application");
root.setAttribute("aria-label", about.title + ". Arrow keys walk through the frames, Enter zooms, Escape zooms out.");

/* ---- State ---- */

let zoom = 0;            /* the node that fills the width */
let current = -1;        /* the node that the pointer or the keyboard is on */
let found = null;        /* by frame: does it match the search? */
let page = 1200, inner = page - 2 * MARGIN, top_edge = 0, narrow_count = 0;

/* ---- Drawing ---- */

function rectangle(x, y, w, h) {
	x = Math.round(x * 20) / 20;
	if (w <= 6)
		return "M" + x + " " + y + "h" + w.toFixed(2) + "v" + h + "h-" + w.toFixed(2) + "z";
	const a = (w - 4).toFixed(2), b = h - 4;
	return "M" + (x + 2) + " " + y + "h" + a + "a2 2 0 0 1 2 2v" + b + "a2 2 0 0 1-2 2h-" + a +
	       "a2 2 0 0 1-2-2v-" + b + "a2 2 0 0 1 2-2z";
}

function frame_x(node) {
	return MARGIN + Math.max(0, (start[node] - start[zoom]) / width[zoom]) * inner;
}

function frame_width(node) {
	return depth[node] <= depth[zoom] ? inner : width[node] / width[zoom] * inner;
}

/* Paths by class and colour, and labels, for what is on the page. */
function collect() {
	const paths = new Map(), labels = [];
	const scale = inner / width[zoom];
	let deepest = depth[zoom];

	function add(key, path) {
		const list = paths.get(key);
		if (list)
			list.push(path);
		else
			paths.set(key, [path]);
	}
	function add_frame(node, x, w, dim) {
		const y = top_edge + depth[node] * ROW, drawn = w - (w > 3 ? 1 : w * 0.2);
		const matches = found && found[frame[node]];
		const path = rectangle(x, y, drawn, FRAME);
		add(matches ? "match" : (dim ? "dim " : "") + colour_of(node), path);
		if (about.differential && !(shown[node] > 0) && w > DASH_LEAST)
			add("gone", rectangle(x + 0.5, y + 0.5, drawn - 1, FRAME - 1));
		const columns = Math.floor((w - 8) / character);
		if (columns >= LABEL_LEAST)
			labels.push([x + 4, y + 13, label_of(frame[node], columns), dim]);
	}

	for (let node = zoom; node !== 0;) {
		node = parent[node];
		add_frame(node, MARGIN, inner, true);
	}
	narrow_count = 0;
	for (let node = zoom; node < end[zoom];) {
		const w = width[node] * scale;
		if (w >= LEAST || node === zoom) {
			add_frame(node, MARGIN + (start[node] - start[zoom]) * scale, w, false);
			deepest = Math.max(deepest, depth[node]);
			node++;
			continue;
		}
		/* The heaviest siblings stand first: all that follow are narrow too. */
		const above = parent[node], block = (filled[above] - start[node]) * scale;
		if (block >= LEAST)
			add("narrow", rectangle(MARGIN + (start[node] - start[zoom]) * scale,
						top_edge + depth[node] * ROW, block, FRAME));
		narrow_count += end[above] - node;
		node = end[above];
	}
	return {paths, labels, deepest};
}

function path_attributes(key) {
	if (key === "match" || key === "gone" || key === "narrow")
		return {class: key};
	const dim = key.startsWith("dim ");
	const fill = about.colours[dim ? key.slice(4) : key];
	return dim ? {class: "dim", fill} : {fill};
}

function draw_frames() {
	const {paths, labels, deepest} = collect();
	const fresh = document.createDocumentFragment();

	for (const key of [...paths.keys()].sort((a, b) => (a === "gone") - (b === "gone"))) {
		const attributes = path_attributes(key);
		attributes.d = paths.get(key).join("");
		svg_element("path", attributes, fresh);
	}
	for (const [x, y, text, dim] of labels) {
		const label = svg_element("text", {x, y}, fresh);
		if (dim)
			label.setAttribute("class", "dim");
		label.textContent = text;
	}
	drawing.replaceChildren(fresh);
	return deepest;
}

/* Lines of text, wrapped; returns the baseline that would come next. */
function draw_lines(into, texts, y) {
	for (const text of texts)
		for (const piece of wrap(text, "13px " + sans, inner)) {
			svg_element("text", {class: "line", x: MARGIN, y}, into).textContent = piece;
			y += LINE;
		}
	return y;
}

const legend_note = legend && legend.querySelector(".note");
const legend_y = legend && Number(legend_note.getAttribute("y")), legend_x = legend && Number(legend_note.getAttribute("x"));

/* The legend is drawn already; it is moved, and its last words get a line of their own where the page is narrow. */
function draw_legend(y) {
	const fits = legend_x + text_width(legend_note.textContent, "13px " + sans) <= page - MARGIN;
	legend.setAttribute("transform", "translate(0," + (y - legend_y) + ")");
	legend_note.setAttribute("x", fits ? legend_x : MARGIN);
	legend_note.setAttribute("y", fits ? legend_y : legend_y + LINE);
	return y + (fits ? LINE : 2 * LINE);
}

function draw_head() {
	const compact = page < COMPACT;
	const room = compact ? inner : inner - TOOLS - 12;
	let y = 36;

	head.replaceChildren();
	for (const piece of wrap(about.title, "600 19px " + sans, room)) {
		svg_element("text", {class: "heading", x: MARGIN, y}, head).textContent = piece;
		y += 24;
	}
	y = draw_lines(head, about.totals, y);
	if (legend)
		y = draw_legend(y + 2);
	tools.classList.toggle("compact", compact);
	tools_place.setAttribute("width", compact ? inner : TOOLS);
	tools_place.setAttribute("x", compact ? MARGIN : page - MARGIN - TOOLS);
	tools_place.setAttribute("y", compact ? y - 8 : 15);
	if (compact)
		y += 36;
	status.setAttribute("x", MARGIN);
	status.setAttribute("y", y + 2);
	top_edge = y + 12;
}
function draw() {
	const available = standalone ? window.innerWidth : root.parentElement.clientWidth;
	page = Math.max(320, Math.min(available, document.documentElement.clientWidth || available));
	inner = page - 2 * MARGIN;
	draw_head();
	const bottom = top_edge + (draw_frames() + 1) * ROW;
	foot.replaceChildren();
	const notes = about.foot.slice();
	if (narrow_count)
		notes.push(exact(narrow_count) + (narrow_count === 1 ? " frame is" : " frames are") +
			   " too narrow to be drawn here (grey blocks): zoom in to see " +
			   (narrow_count === 1 ? "it." : "them."));
	const needed = draw_lines(foot, notes, bottom + 26);
	const height = own_page ? Math.max(needed, window.innerHeight) : needed; /* room for the tooltip */
	root.setAttribute("width", page);
	root.setAttribute("height", height);
	root.setAttribute("viewBox", "0 0 " + page + " " + height);
	surface.setAttribute("x", MARGIN);
	surface.setAttribute("y", top_edge);
	surface.setAttribute("width", inner);
	surface.setAttribute("height", bottom - top_edge);
	reset.disabled = zoom === 0;
	root.setAttribute("data-zoom", zoom);
	show_current();
}

/* ---- The current frame: outline, status line, tooltip ---- */

function place_text(node) {
	if (!file[node])
		return "";
	const more = lines.has(node) ? ", the heaviest of " + lines.get(node) + " lines" : "";
	return files[file[node] - 1] + ":" + line[node] + more;
}

function status_text(node) {
	const name = names[frame[node]];
	const change = about.differential
		? value_text(base_shown[node]) + " \u2192 " + value_text(shown[node])
		: value_text(shown[node]) + (by_space ? ", " + exact(objects[node]) + " objects" : "");
	const tail = "  " + change + ", " + share_text(width[node], width[0]) + " of all";
	const columns = Math.floor(inner / character);
	return fit(name, Math.max(columns - tail.length, 12)) + tail;
}

function show_status() {
	status.classList.toggle("live", current >= 0);
	status.textContent = current >= 0 ? status_text(current)
		: fit("Click a frame to zoom in, Esc to zoom out, Ctrl+F to search; arrow keys and Enter do too.",
		      Math.floor(inner / character));
}

function show_current() {
	show_status();
	if (current < 0) {
		outline.setAttribute("visibility", "hidden");
		return;
	}
	const x = frame_x(current), w = Math.max(frame_width(current) - 1, 1);
	outline.setAttribute("x", x);
	outline.setAttribute("y", top_edge + depth[current] * ROW);
	outline.setAttribute("width", w);
	outline.setAttribute("height", FRAME);
	outline.setAttribute("visibility", "visible");
}

function table_row(table, cells, kind) {
	const row = html_element("tr", {}, table);
	for (const cell of cells)
		html_element(kind || "td", {textContent: cell}, row);
}

function fill_table(table, node) {
	const of_all = share_text(width[node], width[0]);
	const of_parent = share_text(width[node], width[parent[node]]);
	if (about.differential) {
		const values = (label, before, after, text) =>
			table_row(table, [label, text(before), text(after), signed(text(after - before), after - before)]);
		table_row(table, ["", "before", "after", "change"], "th");
		values(in_use ? "in use" : "allocated", base_space[node], space[node], bytes_text);
		values("bytes", base_space[node], space[node], exact);
		values("objects", base_objects[node], objects[node], exact);
		if (node + 1 < end[node] && flat(base_shown, node) + flat(shown, node) > 0)
			values("by itself", flat(base_shown, node), flat(shown, node), by_space ? bytes_text : exact);
		table_row(table, ["width", of_all + " of all", node ? of_parent + " of caller" : "", ""]);
		return;
	}
	table_row(table, [in_use ? "in use" : "allocated", bytes_text(space[node]), exact(space[node]) + " bytes"]);
	table_row(table, ["objects", exact(objects[node]), ""]);
	const self = flat(shown, node);
	if (self > 0 && node + 1 < end[node])
		table_row(table, ["by itself", by_space ? bytes_text(self) : exact(self), share_text(self, width[node])]);
	table_row(table, ["share", of_all + " of all", node ? of_parent + " of caller" : ""]);
}

/* The tooltip stays on the page and on the screen: below and right of the point, or on its other side. */
function show_tip(x, y) {
	tip_place.setAttribute("width", Math.min(TIP, page - 2 * MARGIN));
	tip_place.setAttribute("height", 1000);
	const box = tip.getBoundingClientRect(), top = root.getBoundingClientRect().top;
	const right = x + 14, below = y + 18;
	const left = right + box.width <= page - 4 ? right : Math.max(4, x - 14 - box.width);
	const lowest = Math.min(window.innerHeight - top, Number(root.getAttribute("height"))) - box.height - 4;
	tip_place.setAttribute("x", left);
	tip_place.setAttribute("y", below <= lowest ? below : Math.max(y - 12 - box.height, 4, 4 - top));
	tip_place.setAttribute("width", Math.ceil(box.width) + 4);
	tip_place.setAttribute("height", Math.ceil(box.height) + 4);
	tip_place.setAttribute("visibility", "visible");
}

function hide_tip() {
	tip_place.setAttribute("visibility", "hidden");
}

function tip_for_frame(node, x, y) {
	tip.replaceChildren();
	html_element("b", {textContent: names[frame[node]]}, tip);
	const place = place_text(node) + (inlined.has(node) ? " (inlined)" : "");
	if (place)
		html_element("i", {textContent: place}, tip);
	if (modules[frame_module[frame[node]]])
		html_element("i", {textContent: modules[frame_module[frame[node]]]}, tip);
	fill_table(html_element("table", {}, tip), node);
	show_tip(x, y);
}

function tip_for_block(first, x, y) {
	const above = parent[first];
	let branches = 0;
	for (let child = first; child < end[above]; child = end[child])
		branches++;
	tip.replaceChildren();
	html_element("b", {textContent: exact(branches) + (branches === 1 ? " narrow frame" : " narrow frames")}, tip);
	html_element("i", {textContent: value_text(filled[above] - start[first]) + " in all; zoom into " +
			   fit(names[frame[above]], 60) + " to see them"}, tip);
	show_tip(x, y);
}

function set_current(node) {
	current = node;
	show_current();
}

/* ---- From a point to a frame ---- */

/* The node under a point of the drawing; or, with `block` set, the first of the narrow ones that are drawn as one. */
function node_at(x, y) {
	const row = Math.floor((y - top_edge) / ROW);
	if (row < 0 || row >= rows.length || x < MARGIN || x >= MARGIN + inner)
		return null;
	if (row < depth[zoom]) {
		let node = zoom;
		while (depth[node] > row)
			node = parent[node];
		return {node, block: false};
	}
	const at = start[zoom] + (x - MARGIN) / inner * width[zoom], nodes = rows[row];
	let low = 0, high = nodes.length; /* the last node that starts at or before the point */
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if (start[nodes[middle]] <= at)
			low = middle;
		else
			high = middle;
	}
	const node = nodes[low];
	if (node < zoom || node >= end[zoom] || at < start[node] || at >= start[node] + width[node])
		return null;
	return visible_or_block(node);
}

function is_narrow(node) {
	return node !== zoom && frame_width(node) < LEAST;
}

function visible_or_block(node) {
	if (!is_narrow(node))
		return {node, block: false};
	if (is_narrow(parent[node]))
		return null; /* its caller is in a block already, nothing is drawn here */
	let first = parent[node] + 1;
	while (!is_narrow(first))
		first = end[first];
	return {node: first, block: true};
}

function point_of(event) {
	const box = root.getBoundingClientRect();
	const scale = page / (box.width || page);
	return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

/* ---- Zoom and search ---- */

function zoom_to(node) {
	zoom = node;
	hide_tip();
	if (current >= 0 && depth[current] > depth[zoom] && (current < zoom || current >= end[zoom]))
		current = -1;
	draw();
	reveal(zoom);
	remember();
}

/* Scrolls so that the row of a node is on the screen. */
function reveal(node) {
	const y = root.getBoundingClientRect().top + top_edge + depth[node] * ROW;
	if (y < 0 || y > window.innerHeight - 3 * ROW)
		window.scrollBy(0, y - window.innerHeight / 3);
}

function search_pattern(text) {
	search.classList.remove("literal");
	try {
		return new RegExp(text, "i");
	} catch (error) { /* not a regular expression (yet): take it as it stands */
		search.classList.add("literal");
		return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
	}
}

/* Sums the topmost matching frames, so that nothing is counted twice. */
function search_for(text) {
	found = null;
	matched.textContent = "";
	root.removeAttribute("data-matched");
	if (text) {
		const pattern = search_pattern(text);
		const module_found = modules.map(module => pattern.test(module));
		found = names.map((name, index) => module_found[frame_module[index]] || pattern.test(name));
		let sum = 0, frames = 0;
		for (let node = 0; node < count;) {
			if (found[frame[node]]) {
				sum += width[node];
				frames++;
				node = end[node];
			} else {
				node++;
			}
		}
		const share = share_text(sum, width[0]);
		matched.textContent = frames ? "matched " + share + (about.differential ? "" : ", " + value_text(sum))
					     : "no match";
		root.setAttribute("data-matched", share);
	}
	draw();
	remember();
}

/* The address keeps what is shown, so that it can be sent to somebody; in another page it is not ours. */
function remember() {
	if (!own_page)
		return;
	const state = [];
	if (zoom)
		state.push("zoom=" + zoom);
	if (search.value)
		state.push("search=" + encodeURIComponent(search.value));
	try {
		history.replaceState(null, "", "#" + state.join("&"));
	} catch (error) { /* some browsers refuse that to files; nothing is lost */
	}
}

function recall() {
	if (own_page)
		for (const piece of location.hash.slice(1).split("&")) {
			const [key, value] = piece.split("=");
			if (key === "zoom" && Number(value) < count)
				zoom = Math.max(0, Math.floor(Number(value)));
			if (key === "search")
				search.value = decodeURIComponent(value);
		}
	if (search.value)
		search_for(search.value);
	else
		draw();
}

/* ---- Events ---- */

surface.addEventListener("pointermove", event => {
	const [x, y] = point_of(event), hit = node_at(x, y);
	set_current(hit && !hit.block ? hit.node : -1);
	if (!hit)
		hide_tip();
	else if (hit.block)
		tip_for_block(hit.node, x, y);
	else
		tip_for_frame(hit.node, x, y);
});
surface.addEventListener("pointerleave", () => {
	set_current(-1);
	hide_tip();
});
surface.addEventListener("click", event => {
	const hit = node_at(...point_of(event));
	if (hit)
		zoom_to(hit.block ? parent[hit.node] : hit.node);
});
reset.addEventListener("click", () => zoom_to(0));
let search_timer = 0;
search.addEventListener("input", () => {
	clearTimeout(search_timer);
	search_timer = setTimeout(() => search_for(search.value), 60);
});

/* Where an arrow key leads from the current frame; frames that are not drawn are passed over. */
function neighbour(node, key) {
	if (key === "ArrowUp")
		return parent[node];
	if (key === "ArrowDown")
		return node < zoom && end[node] > zoom ? ancestor_at(depth[node] + 1)
			: node + 1 < end[node] && !is_narrow(node + 1) ? node + 1 : node;
	if (node === zoom || depth[node] <= depth[zoom])
		return node;
	if (key === "ArrowRight")
		return end[node] < end[parent[node]] && !is_narrow(end[node]) ? end[node] : node;
	let before = parent[node] + 1;
	while (before !== node && end[before] !== node)
		before = end[before];
	return before;
}

function ancestor_at(level) {
	let node = zoom;
	while (depth[node] > level)
		node = parent[node];
	return node;
}

function walk(key) {
	set_current(current < 0 ? zoom : neighbour(current, key));
	reveal(current);
	tip_for_frame(current, frame_x(current), top_edge + depth[current] * ROW);
}

function on_key(event) {
	const typing = event.target === search;
	if ((event.ctrlKey || event.metaKey) && event.key === "f") {
		if (typing)
			return; /* pressed twice: the browser's own search */
		event.preventDefault();
		search.focus();
		search.select();
	} else if (event.key === "Escape") {
		hide_tip();
		if (typing) {
			search.value = "";
			search_for("");
			root.focus();
		} else {
			zoom_to(0);
		}
	} else if (typing || event.ctrlKey || event.altKey || event.metaKey) {
		return;
	} else if (event.key.startsWith("Arrow")) {
		event.preventDefault();
		walk(event.key);
	} else if (event.key === "Enter" && current >= 0 && event.target !== reset) {
		event.preventDefault();
		zoom_to(current);
	} else if (event.key === "/") {
		event.preventDefault();
		search.focus();
	}
}
(own_page ? window : root).addEventListener("keydown", on_key);

let resize_pending = false;
window.addEventListener("resize", () => {
	if (!resize_pending)
		requestAnimationFrame(() => {
			resize_pending = false;
			hide_tip();
			draw();
		});
	resize_pending = true;
});

recall();
root.setAttribute("data-ready", count);
})();
