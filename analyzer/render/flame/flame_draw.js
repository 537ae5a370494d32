/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flame graph's script, second part: it draws everything that is wide enough to be seen, with one path per colour
 * and one text per label. So a zoom into a hundred thousand frames takes milliseconds.
 */
const SVG = "http://www.w3.org/2000/svg";
const XHTML = "http://www.w3.org/1999/xhtml";
const MARGIN = 16, ROW = 18, FRAME = 17, LINE = 19; /* pixels, as in flame_svg.c */
const LEAST = 0.5;      /* narrower frames are merged into a grey block */
const DASH_LEAST = 6;   /* on narrower frames a dashed outline is only noise */
const LABEL_LEAST = 4;  /* columns */
const COMPACT = 820;    /* below this width the tools get a line of their own */
const TOOLS = 460;      /* width of the tools beside the title */
const TIP = 560;        /* widest tooltip */

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

/* The longest beginning of the text that fits, with an ellipsis if it was cut. */
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

/* Removes the drawing that was there for readers without scripts. */
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
				      title: "Regular expression over functions, modules and FILE:LINE (Ctrl+F)"}, tools);
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
let found = null;        /* by node: does it match the search? */
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

/* Collects what is on the page: paths by class and colour, and labels. */
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
		const matches = found && found[node];
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
		/* The heaviest siblings come first, so all that follow are narrow, too. */
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

/* Writes wrapped lines of text; returns the baseline of the next line. */
function draw_lines(into, texts, y) {
	for (const text of texts)
		for (const piece of wrap(text, "13px " + sans, inner)) {
			svg_element("text", {class: "line", x: MARGIN, y}, into).textContent = piece;
			y += LINE;
		}
	return y;
}

const legend_note = legend && legend.querySelector(".note");
const legend_x = legend && Number(legend_note.getAttribute("x"));
const legend_y = legend && Number(legend_note.getAttribute("y"));

/* The legend exists already. It is moved, and on a narrow page its last words get a line of their own. */
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
