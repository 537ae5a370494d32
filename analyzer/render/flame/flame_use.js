/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flame graph's script, third part: pointer, keys, tooltip, zoom, search. The pointer is looked up in the tree, not
 * among elements, because most frames have no element of their own.
 */
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
		: value_text(shown[node]) + (by_space ? ", " + objects_text(objects[node]) : "");
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

/* The tooltip stays on the page and on the screen: it is below and right of the point, or on the other side. */
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

/* The node under a point of the drawing. With `block` set it is the first of the narrow nodes that are drawn as one
 * block. */
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
		return null; /* its caller is in a block already, so nothing is drawn here */
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

/* A text that is not a regular expression (yet) is searched for literally, and the page says so. */
function search_pattern(text) {
	let pattern = null;
	try {
		pattern = new RegExp(text, "i");
	} catch (error) {
		pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
		pattern.literal = true;
	}
	search.classList.toggle("literal", Boolean(pattern.literal));
	return pattern;
}

/* By node: its function, its module or its FILE:LINE matches. */
function nodes_found(pattern) {
	const module_found = modules.map(module => pattern.test(module));
	const frame_found = names.map((name, index) => module_found[frame_module[index]] || pattern.test(name));
	const result = new Uint8Array(count);
	for (let node = 0; node < count; node++)
		result[node] = frame_found[frame[node]] ||
			(file[node] && pattern.test(files[file[node] - 1] + ":" + line[node])) ? 1 : 0;
	return result;
}

/* Sums only the topmost matching frames, so that nothing is counted twice. */
function search_for(text) {
	found = null;
	matched.textContent = "";
	root.removeAttribute("data-matched");
	if (text) {
		const pattern = search_pattern(text);
		found = nodes_found(pattern);
		let sum = 0, frames = 0;
		for (let node = 0; node < count;) {
			if (found[node]) {
				sum += width[node];
				frames++;
				node = end[node];
			} else {
				node++;
			}
		}
		const share = share_text(sum, width[0]);
		matched.textContent = (pattern.literal ? "no regular expression, taken as text: " : "") +
			(frames ? "matched " + share + (about.differential ? "" : ", " + value_text(sum)) : "no match");
		root.setAttribute("data-matched", share);
	}
	draw();
	remember();
}

/* The address keeps the view, so that it can be sent to somebody. In another page the address is not ours. */
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
	} catch (error) { /* some browsers refuse this for local files; nothing is lost */
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

function show_hit(hit, x, y) {
	set_current(hit && !hit.block ? hit.node : -1);
	if (!hit)
		hide_tip();
	else if (hit.block)
		tip_for_block(hit.node, x, y);
	else
		tip_for_frame(hit.node, x, y);
}

surface.addEventListener("pointermove", event => {
	const [x, y] = point_of(event);
	show_hit(node_at(x, y), x, y);
});
surface.addEventListener("pointerleave", () => {
	set_current(-1);
	hide_tip();
});
/* A finger can't hover: the first tap on a frame shows its tooltip, the second is the click. */
let tapped = -1;
surface.addEventListener("click", event => {
	const [x, y] = point_of(event), hit = node_at(x, y), node = hit ? hit.node : -1;
	if (event.pointerType === "touch" && tapped !== node) {
		tapped = node;
		show_hit(hit, x, y);
		return;
	}
	tapped = -1;
	if (hit)
		zoom_to(hit.block ? parent[hit.node] : hit.node);
});
reset.addEventListener("click", () => zoom_to(0));
let search_timer = 0;
search.addEventListener("input", () => {
	clearTimeout(search_timer);
	search_timer = setTimeout(() => search_for(search.value), 60);
});

/* The frame to which an arrow key leads from the current one; frames that are not drawn are skipped. */
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
			return; /* pressed twice: leave it to the browser's own search */
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
