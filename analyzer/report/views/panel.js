// SPDX-License-Identifier: Apache-2.0
// The flame graph with its controls: metric, fold, search, zoom, a function between its callers and its callees, export.

import { VERDICT_NAMES, verdictColour } from "../colour.js";
import { copy, make, safe } from "../dom.js";
import { exactly, expression, search } from "../data/search.js";
import { keyNamed } from "../data/frame_keys.js";
import { functionKey } from "../data/lines.js";
import { Flame, ROW } from "./flame.js";
import { Menu } from "./menu.js";
import { NodeValues } from "./node_values.js";
import { saveFolded, savePng, saveSvg } from "./save.js";
import { Tree } from "../data/tree.js";
import { METRICS, siteValues } from "../data/values.js";
import { count, percent } from "../numbers/words.js";

/**
 * @typedef {import("../state.js").State} State
 * @typedef {import("../data/recording.js").Recording} Recording
 */

/** @param {string} label @param {Record<string, string>} options @param {State} state @param {import("../state.js").Name} name */
function select(label, options, state, name) {
	const element = make("select", { aria: { label } }, ...Object.entries(options).map(([value, text]) => make("option", { value }, text)));
	element.value = state.get(name);
	element.addEventListener("change", () => state.set({ [name]: element.value, zoom: "", ...(name === "fold" ? { around: "" } : {}) }));
	state.on([name], () => { element.value = state.get(name); });
	return make("label", {}, `${label} `, element);
}

/** @param {string} label @param {string} title @param {State} state @param {import("../state.js").Name} name */
function toggle(label, title, state, name) {
	const button = make("button.toggle", { title, aria: { pressed: "false" }, on: { click: () => state.set({ [name]: state.get(name) ? "" : "1", zoom: "" }) } }, label);
	const show = () => button.setAttribute("aria-pressed", state.get(name) ? "true" : "false");
	state.on([name], show);
	show();
	return button;
}

export class Panel {
	/** @param {Recording} recording @param {State} state @param {import("./timeline.js").Timeline} timeline */
	constructor(recording, state, timeline) {
		this.recording = recording;
		this.state = state;
		this.timeline = timeline;
		this.canvas = make("canvas.flame", { tabIndex: 0, role: "img" });
		this.flame = new Flame(this.canvas, (node) => this.values?.colour(node, state.get("colour") === "verdict") ?? null);
		this.above = make("canvas.flame.callers", { hidden: true, role: "img", aria: { label: "callers of the function below" } });
		this.callers = new Flame(this.above, (node) => this.callerValues?.colour(node, state.get("colour") === "verdict") ?? null, true);
		this.scrolled = make("div.scrolled", {}, this.above, this.canvas); /* stacks may be higher than the window */
		this.tip = make("div.tip", { hidden: true, role: "tooltip" });
		this.crumbs = make("div.crumbs");
		this.status = make("span.status", { aria: { live: "polite" } });
		this.menu = new Menu(() => this.canvas.focus());
		this.filters = make("div.filters");
		this.legend = make("p.caption");
		this.colours = select("colour by", { module: "module", verdict: "verdict" }, state, "colour");
		/** @type {import("../data/search.js").Found|null} */
		this.found = null;
		this.walked = -1; /* the one of the matches at which the reader is */
		this.search = this.#searchField();
		this.element = make(
			"section.frames", { aria: { label: "flame graph" } },
			make("h2", {}, "Where"), this.#controls(), this.filters, this.crumbs, make("div.canvas", {}, this.scrolled, this.tip, this.menu.element), this.legend,
		);
		state.on(["from", "to", "metric", "fold", "inverted", "recursion", "only", "without", "hide", "around", "row"], () => this.update());
		state.on(["search"], () => this.#find());
		state.on(["zoom"], () => this.#zoomed());
		state.on(["colour"], () => {
			this.draw();
			this.#explain();
		});
		this.#listen();
		new ResizeObserver(() => this.canvas.clientWidth !== this.flame.width && this.draw()).observe(this.element);
	}

	/** The visible graphs, from the top down. */
	#shown() {
		return this.above.hidden ? [this.flame] : [this.callers, this.flame];
	}

	draw() {
		for (const flame of this.#shown()) flame.redraw();
	}

	#searchField() {
		const field = make("input", { type: "search", placeholder: "search function, line, module", value: this.state.get("search"), aria: { label: "search" } });
		field.addEventListener("input", () => this.state.set({ search: field.value }));
		field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
			if (event.key !== "Enter") return;
			event.preventDefault();
			this.walk(event.shiftKey ? -1 : 1);
		});
		return field;
	}

	#controls() {
		const { state } = this;
		/** @param {string} name @param {() => void} click */
		const save = (name, click) => make("button", { on: { click } }, name);
		return make(
			"div.controls", {},
			select("show", METRICS, state, "metric"),
			select("fold by", { function: "function", line: "line", module: "module" }, state, "fold"),
			this.colours,
			toggle("inverted", "callees first: who allocates, and below it who called", state, "inverted"),
			toggle("fold recursion", "a call of a function by itself is one frame", state, "recursion"),
			this.search,
			make("button", { title: "the match before (p)", aria: { label: "previous match" }, on: { click: () => this.walk(-1) } }, "‹"),
			make("button", { title: "the next match (n)", aria: { label: "next match" }, on: { click: () => this.walk(1) } }, "›"),
			this.status,
			make("span.exports", {}, "save ",
				save("SVG", () => saveSvg(this.#shown())), save("PNG", () => savePng(this.#shown())), save("folded", () => this.tree && saveFolded(this.tree))),
		);
	}

	/** Values by site; if a place is chosen, of that place only. */
	#siteValues() {
		const { recording, state } = this;
		const values = siteValues(recording, state.get("metric"), this.timeline.moments());
		const keys = recording.keysOfRow(recording.rowOf(state.get("row")));
		if (!keys) return values;
		const width = values.width.map((value, site) => (keys[site] < 0 ? 0 : value));
		return { width, net: values.net === values.width ? width : values.net.map((value, site) => (keys[site] < 0 ? 0 : value)) };
	}

	/** Builds the tree that the state asks for. */
	update() {
		const { recording, state } = this;
		const values = this.#siteValues();
		this.complaint = "";
		const complain = (/** @type {string} */ text) => { this.complaint = text; };
		const options = {
			fold: state.get("fold"),
			inverted: state.get("inverted") !== "",
			recursion: state.get("recursion") !== "",
			only: expression(state.get("only"), complain),
			without: expression(state.get("without"), complain),
			hide: expression(state.get("hide"), complain),
			around: keyNamed(recording, state.get("fold"), state.get("around")),
		};
		this.tree = new Tree(recording, values, options);
		this.values = new NodeValues(this.tree, state.get("metric"), this.timeline.moments(), values.width);
		const isBetween = options.around >= 0 && !options.inverted;
		this.above.hidden = !isBetween;
		if (isBetween) this.#showCallers(values, options);
		this.flame.matches = null;
		this.tip.hidden = true;
		this.flame.show(this.tree, this.#zoomNode(), isBetween ? 1 : 0);
		this.#find();
		this.#showFilters();
		this.#showCrumbs();
		this.#explain();
	}

	/** What the colours mean and what the reader can do; and the graph in words for those who can't see it. */
	#explain() {
		const { state, legend, canvas, colours } = this;
		const isGrowth = state.get("metric") === "growth";
		const byVerdict = state.get("colour") === "verdict";
		const dots = VERDICT_NAMES.flatMap((name, i) => [make("span.dot", { style: `background:${verdictColour(name)}` }), `${name}${i + 1 < VERDICT_NAMES.length ? ", " : ". "}`]);
		const means = isGrowth ? ["As wide as what grew plus what shrank: red grew, blue shrank, grey may be chance. "] : byVerdict ? ["The verdict on most of it: ", ...dots] : [];
		/** @type {HTMLSelectElement} */ (colours.lastElementChild).disabled = isGrowth; /* it has colours of its own */
		legend.replaceChildren(...means, "A click zooms, a right click offers more, ? tells the keys.");
		canvas.setAttribute("aria-label", `flame graph, ${this.#summary()}; arrows move, Enter zooms, Escape goes back`);
	}

	/** "54.1 MiB in use (bytes), most of it through main": that is the last frame from the root that has half of everything. */
	#summary() {
		const tree = /** @type {Tree} */ (this.tree);
		let node = 0;
		for (let [child] = tree.children(0); child && tree.width[child] >= tree.width[0] / 2; [child] = tree.children(child)) node = child;
		return safe(`${this.values?.amount(tree.net[0])} ${METRICS[this.state.get("metric")]}${node ? `, ${percent(tree.width[node], tree.width[0])} through ${tree.label(node)}` : ""}`);
	}

	/** The callers of the function, drawn above it. Their root is the function's own row in the graph below. @param {import("../data/values.js").Values} values @param {import("../data/tree.js").TreeOptions} options */
	#showCallers(values, options) {
		const tree = new Tree(this.recording, values, { ...options, inverted: true });
		this.callerValues = new NodeValues(tree, this.state.get("metric"), this.timeline.moments(), values.width);
		this.callers.matches = null;
		this.callers.show(tree, 0, 2);
	}

	/** The address holds the zoom as the names on its path, so that it holds for other moments and newer data, too. */
	#zoomNode() {
		return this.tree?.nodeAt(this.state.get("zoom")) ?? 0;
	}

	#zoomed() {
		this.tip.hidden = true;
		this.flame.zoomTo(this.#zoomNode());
		this.#showCrumbs();
		this.#bringIntoView();
	}

	/** Scrolls to the zoomed frame, if high stacks put it outside of the visible part. */
	#bringIntoView() {
		const { scrolled } = this;
		const y = this.canvas.offsetTop + (this.tree?.depth[this.flame.zoom] ?? 0) * ROW;
		if (y < scrolled.scrollTop || y + ROW > scrolled.scrollTop + scrolled.clientHeight) scrolled.scrollTop = y - 3 * ROW;
	}

	/** @param {number} node */
	zoomTo(node) {
		const { tree } = this;
		if (!tree) return;
		const of = node && tree.options.fold !== "module" ? { source: functionKey(this.recording, tree.frame[node]) } : {};
		this.state.set({ zoom: tree.path(node).map((at) => tree.shortName(at)).join("."), ...of });
	}

	/** Zooms out by one frame. */
	back() {
		if (this.tree) this.zoomTo(this.tree.parent[this.flame.zoom]);
	}

	#find() {
		const { state, tree } = this;
		let complaint = this.complaint;
		if (!tree) return;
		if (this.search.value !== state.get("search")) this.search.value = state.get("search");
		const pattern = expression(state.get("search"), (text) => { complaint = text; });
		this.found = pattern ? search(tree, pattern) : null;
		const above = pattern && this.callers.tree && !this.above.hidden ? search(this.callers.tree, pattern) : null;
		/* both graphs have the function itself */
		if (this.found && above) this.found.count += above.count - above.matches[1];
		this.walked = -1;
		this.status.classList.toggle("bad", Boolean(complaint));
		this.status.textContent = complaint || this.#foundText();
		if (!this.found && !this.flame.matches) return;
		this.flame.matches = this.found?.matches ?? null;
		this.callers.matches = above?.matches ?? null;
		this.draw();
	}

	#foundText() {
		const { found } = this;
		if (!found) return "";
		const at = this.walked < 0 ? "" : `${count(this.walked + 1)}/${count(found.tops.length)}: `;
		return `${at}${count(found.count)} frames match, ${(100 * found.share).toFixed(1)} % of all`;
	}

	/** Zooms to the next match of the search, or to the one before. @param {number} by */
	walk(by) {
		const { found } = this;
		if (!found?.tops.length) return;
		this.walked = (this.walked < 0 ? (by > 0 ? 0 : -1) : this.walked + by + found.tops.length) % found.tops.length;
		if (this.walked < 0) this.walked = found.tops.length - 1;
		this.zoomTo(found.tops[this.walked]);
		this.status.textContent = this.#foundText();
	}

	/** @param {NodeValues|undefined} values @param {number} node @param {number} x @param {number} y within the part that scrolls */
	#showTip(values, node, x, y) {
		this.tip.replaceChildren(...(values?.details(node) ?? []).map((line, i) => make(i ? "div" : "b", {}, line)));
		this.tip.hidden = false;
		this.tip.style.left = `${Math.max(4, Math.min(x + 14, this.canvas.clientWidth - this.tip.offsetWidth - 8))}px`;
		this.tip.style.top = `${y - this.scrolled.scrollTop + 18}px`;
	}

	/** By site: is it in the present view? null: all are. */
	sitesInView() {
		const { tree } = this;
		const { zoom } = this.flame;
		if (!tree || (!zoom && !tree.wanted)) return null;
		const { sites } = tree;
		const isBelow = new Uint8Array(tree.count);
		isBelow[zoom] = 1;
		for (let node = zoom + 1; node < tree.count; node++) isBelow[node] = isBelow[tree.parent[node]];
		return Uint8Array.from(sites, (node) => (node < 0 ? 0 : isBelow[node]));
	}

	/** @param {number} key frames with this key get a border; -1: none */
	light(key) {
		if (key === this.flame.lit) return;
		this.flame.lit = this.callers.lit = key;
		this.draw();
	}

	/** The pointer's actions on either graph. @param {Flame} flame @param {() => NodeValues|undefined} values @param {(node: number) => void} click */
	#follow(flame, values, click) {
		const { canvas } = flame;
		const nodeOf = (/** @type {MouseEvent} */ event) => flame.at(event.offsetX, event.offsetY);
		canvas.addEventListener("pointermove", (event) => {
			const node = nodeOf(event);
			this.light(node > 0 ? flame.tree?.key[node] ?? -1 : -1);
			if (node < 0) this.tip.hidden = true;
			else this.#showTip(values(), node, event.offsetX, canvas.offsetTop + event.offsetY);
		});
		canvas.addEventListener("pointerleave", () => {
			this.tip.hidden = true;
			this.light(-1);
		});
		canvas.addEventListener("click", (event) => {
			const node = nodeOf(event);
			this.menu.close();
			if (node >= 0) click(node);
			if (node > 0 && flame === this.flame && event instanceof PointerEvent && event.pointerType === "touch") this.#showTip(values(), node, event.offsetX, canvas.offsetTop + event.offsetY); /* a finger does not hover */
		});
		canvas.addEventListener("contextmenu", (event) => {
			const node = nodeOf(event);
			if (node <= 0 || !flame.tree) return;
			event.preventDefault();
			this.#showMenu(flame.tree, node, event.offsetX, canvas.offsetTop + event.offsetY);
		});
	}

	#listen() {
		this.#follow(this.flame, () => this.values, (node) => this.zoomTo(node === this.flame.zoom ? this.tree?.parent[node] ?? 0 : node));
		this.#follow(this.callers, () => this.callerValues, (node) => this.state.set({ around: node ? this.callers.tree?.shortName(node) : "", zoom: "" }));
		this.canvas.addEventListener("keydown", (event) => this.#key(event));
		document.addEventListener("pointerdown", (event) => { this.tip.hidden ||= event.target !== this.canvas; });
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		const { tree, flame } = this;
		if (!tree) return;
		const siblings = tree.children(tree.parent[flame.zoom]);
		const at = siblings.indexOf(flame.zoom);
		const [child] = tree.children(flame.zoom);
		/** @type {Record<string, number|undefined>} */
		const ways = { ArrowDown: child, Enter: child, ArrowUp: tree.parent[flame.zoom], Escape: tree.parent[flame.zoom], ArrowLeft: siblings[at - 1], ArrowRight: siblings[at + 1], Home: 0, 0: 0 };
		if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
			event.preventDefault();
			if (flame.zoom) this.#showZoomedMenu();
			return;
		}
		const to = ways[event.key];
		if (to === undefined) return;
		event.preventDefault();
		event.stopPropagation();
		this.zoomTo(to);
		this.status.textContent = this.values?.details(to).join("; ") ?? "";
	}

	/** @param {Tree} tree @param {number} node @returns {[string, () => void][]} */
	#menuItems(tree, node) {
		const { state } = this;
		const name = tree.options.fold === "module" ? tree.name(node) : this.recording.functionOf(tree.frame[node]);
		const through = tree.options.fold === "module" ? exactly(name).slice(1, -1) : exactly(name);
		/** Adds one more name to the pattern. @param {"without"|"hide"} choice */
		const more = (choice) => state.set({ [choice]: state.get(choice) ? `${state.get(choice)}|${through}` : through, zoom: "" });
		return [
			["copy name", () => copy(tree.name(node))],
			["copy stack", () => copy(tree.path(node).map((at) => tree.name(at)).join("\n"))],
			["only stacks through this", () => state.set({ only: through, zoom: "" })],
			["without stacks through this", () => more("without")],
			["hide this: callees move up", () => more("hide")],
			["between callers and callees", () => state.set({ around: tree.shortName(node), inverted: "", zoom: "" })],
			["callers: who leads to this", () => state.set({ around: tree.shortName(node), inverted: "1", zoom: "" })],
			["rows of this in the table", () => state.set({ filter: through })],
		];
	}

	/** @param {Tree} tree @param {number} node @param {number} x @param {number} y within the part that scrolls */
	#showMenu(tree, node, x, y) {
		this.tip.hidden = true;
		this.menu.open(this.#menuItems(tree, node), x, y - this.scrolled.scrollTop, this.canvas.clientWidth);
	}

	/** Opens the zoomed frame's menu below it, for devices without a right button. */
	#showZoomedMenu() {
		const tree = /** @type {Tree} */ (this.tree);
		const { zoom, skipped } = this.flame;
		this.#showMenu(tree, zoom, 20, this.canvas.offsetTop + (tree.depth[zoom] + 1 - skipped) * ROW);
	}

	#showFilters() {
		const { state } = this;
		/** @param {import("../state.js").Name} name @param {string} text */
		const clear = (name, text) => state.get(name) !== "" && make("button.filter", { title: `take away: ${text}`, on: { click: () => state.set({ [name]: "", zoom: "" }) } }, `${text} ×`);
		const tree = /** @type {Tree} */ (this.tree);
		const row = this.recording.rowOf(state.get("row"));
		/** @type {(HTMLElement|false)[]} */
		const filters = [
			clear("only", `only ${state.get("only")}`), clear("without", `without ${state.get("without")}`), clear("hide", `hidden ${state.get("hide")}`),
			tree.options.around >= 0 && clear("around", `${state.get("inverted") ? "callers of" : "around"} ${safe(tree.keys.names[tree.options.around])}`),
			row >= 0 && clear("row", `only the place ${safe(this.recording.rowName(row))}`),
		];
		this.filters.replaceChildren(...filters.filter((filter) => filter !== false));
	}

	#showCrumbs() {
		const tree = /** @type {Tree} */ (this.tree);
		const { zoom } = this.flame;
		const path = [0, ...tree.path(zoom)];
		const share = zoom ? `, ${percent(tree.width[zoom], tree.width[0])} of all` : "";
		const shown = path.length > 7 ? [0, ...path.slice(-6)] : path;
		/** @type {HTMLElement[]} */
		const crumbs = shown.map((node) => make("button.crumb", { title: safe(tree.name(node)), on: { click: () => this.zoomTo(node) } }, safe(tree.name(node))));
		if (shown.length < path.length) crumbs.splice(1, 0, make("span", {}, "…"));
		if (zoom) crumbs.push(make("button", { title: "what a right click offers", aria: { label: "more of this frame", haspopup: "menu" }, on: { click: () => this.#showZoomedMenu() } }, "⋯"));
		const empty = tree.width[0] ? "" : this.state.get("metric") === "growth" ? "nothing grew or shrank between these two" : "nothing to show here";
		this.crumbs.replaceChildren(...crumbs, make("span.total", {}, empty || `${this.values?.amount(tree.net[zoom])}${share}`));
	}
}
