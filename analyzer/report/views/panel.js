// SPDX-License-Identifier: Apache-2.0
// The flame graph with its controls: metric, fold, search, zoom, sandwich, export.

import { growthColour, isDark, verdictColour } from "../colour.js";
import { download, make, safe } from "../dom.js";
import { Flame } from "./flame.js";
import { differenceInterval, measureAdd, measureNew, sumInterval, unseenBytes } from "../numbers/interval.js";
import { searchText, Tree } from "../data/tree.js";
import { isBytes, METRICS, siteValues } from "../data/values.js";
import { bytes, count, estimateText, percent, signedBytes } from "../numbers/words.js";

/** A regular expression, or null with the reason told. */
export function expression(text, complain) {
	if (!text) return null;
	try {
		return new RegExp(text, "i");
	} catch (error) {
		complain(`/${text}/ is no regular expression: ${error.message.replace(/^.*: /, "")}`);
		return null;
	}
}

function select(label, options, state, name) {
	const element = make("select", { aria: { label } }, ...Object.entries(options).map(([value, text]) => make("option", { value }, text)));
	element.value = state.get(name);
	element.addEventListener("change", () => state.set({ [name]: element.value, zoom: "", ...(name === "fold" ? { around: "" } : {}) }));
	state.on([name], () => { element.value = state.get(name); });
	return make("label", {}, `${label} `, element);
}

function toggle(label, title, state, name) {
	const button = make("button.toggle", { title, aria: { pressed: "false" }, on: { click: () => state.set({ [name]: state.get(name) ? "" : "1", zoom: "" }) } }, label);
	const show = () => button.setAttribute("aria-pressed", state.get(name) ? "true" : "false");
	state.on([name], show);
	show();
	return button;
}

export class Panel {
	constructor(recording, state, timeline) {
		Object.assign(this, { recording, state, timeline });
		this.canvas = make("canvas.flame", { tabIndex: 0, aria: { label: "flame graph: arrows move, Enter zooms, Escape goes back" } });
		this.flame = new Flame(this.canvas, (node) => this.#colour(node));
		this.tip = make("div.tip", { hidden: true, role: "tooltip" });
		this.crumbs = make("div.crumbs");
		this.status = make("span.status", { aria: { live: "polite" } });
		this.menu = make("div.menu", { hidden: true, role: "menu" });
		this.search = make("input", { type: "search", placeholder: "search: function, file:line, module", value: state.get("search"), aria: { label: "search" } });
		this.search.addEventListener("input", () => state.set({ search: this.search.value }));
		this.filters = make("div.filters");
		this.element = make(
			"section.frames", { aria: { label: "flame graph" } },
			make("h2", {}, "Where"),
			make(
				"div.controls", {},
				select("show", METRICS, state, "metric"),
				select("fold by", { function: "function", line: "line", module: "module" }, state, "fold"),
				select("colour by", { module: "module", verdict: "verdict" }, state, "colour"),
				toggle("inverted", "callees first: who allocates, and below it who called", state, "inverted"),
				toggle("fold recursion", "a call of a function by itself is one frame", state, "recursion"),
				this.search, this.status,
				make("span.exports", {}, "save ",
					make("button", { on: { click: () => download("seep.svg", new Blob([this.flame.svg()], { type: "image/svg+xml" })) } }, "SVG"),
					make("button", { on: { click: () => this.canvas.toBlob((blob) => download("seep.png", blob)) } }, "PNG"),
					make("button", { on: { click: () => download("seep.folded", new Blob([this.folded()], { type: "text/plain" })) } }, "folded")),
			),
			this.filters, this.crumbs, make("div.canvas", {}, this.canvas, this.tip, this.menu),
		);
		state.on(["from", "to", "metric", "fold", "inverted", "recursion", "only", "without", "around", "row"], () => this.update());
		state.on(["search"], () => this.#find());
		state.on(["zoom"], () => this.#zoomed());
		state.on(["colour"], () => this.flame.draw());
		this.#listen();
		new ResizeObserver(() => this.flame.draw()).observe(this.element);
	}

	/** Builds the tree that the state asks for. */
	update() {
		const { recording, state } = this;
		const moments = this.timeline.moments();
		const metric = state.get("metric");
		const values = siteValues(recording, metric, moments);
		const row = state.get("row");
		if (row !== "") for (let site = 0; site < recording.siteCount; site++) if (recording.siteRow[site] !== Number(row)) values.width[site] = values.net[site] = 0;
		this.complaint = "";
		const complain = (text) => { this.complaint = text; };
		this.metric = metric;
		this.measures = null;
		this.tree = new Tree(recording, [values.width, values.net], {
			fold: state.get("fold"),
			inverted: state.get("inverted") !== "",
			recursion: state.get("recursion") !== "",
			only: expression(state.get("only"), complain),
			without: expression(state.get("without"), complain),
			around: state.get("around") === "" ? null : Number(state.get("around")),
		});
		this.flame.show(this.tree, this.#zoomNode());
		this.#find();
		this.#showFilters();
		this.#showCrumbs();
	}

	/** Zoom stands in the address as child numbers of the path, so that it holds for other moments, too. */
	#zoomNode() {
		const names = this.state.get("zoom");
		if (!names) return 0;
		let node = 0;
		for (const key of names.split(".").map(Number)) {
			const child = this.tree.children.get(node * this.tree.keys.names.length + key);
			if (child === undefined) break;
			node = child;
		}
		return node;
	}

	#zoomed() {
		this.flame.zoom = this.#zoomNode();
		this.flame.draw();
		this.#showCrumbs();
	}

	zoomTo(node) {
		this.state.set({ zoom: this.tree.path(node).map((at) => this.tree.key[at]).join(".") });
	}

	#text(node) {
		return node === 0 ? "" : this.tree.options.fold === "module" ? this.tree.name(node) : searchText(this.recording, this.tree.frame[node]);
	}

	#find() {
		let complaint = this.complaint;
		const pattern = expression(this.state.get("search"), (text) => { complaint = text; });
		const found = this.flame.search(pattern, (node) => this.#text(node));
		this.status.classList.toggle("bad", Boolean(complaint));
		this.status.textContent = complaint || (pattern ? `${count(found.count)} frames match, ${(100 * found.share).toFixed(1)} % of all` : "");
		this.flame.draw();
	}

	/** Samples below every node, for intervals: made when first asked for. */
	#measuresOf(node) {
		const { recording, tree } = this;
		const { before, after } = this.timeline.moments();
		if (!this.measures) {
			const sites = recording.siteCount;
			const now = this.metric === "growth" ? recording.difference(before, after, sites, (site) => site) : { fresh: recording.inUse(after, sites, (site) => site), gone: null };
			const sum = (measures) => {
				const nodes = Array.from({ length: tree.count }, measureNew);
				tree.sites.forEach((at, site) => at >= 0 && measureAdd(nodes[at], measures[site]));
				for (let at = tree.count - 1; at > 0; at--) measureAdd(nodes[tree.parent[at]], nodes[at]);
				return nodes;
			};
			this.measures = { fresh: sum(now.fresh), gone: now.gone && sum(now.gone) };
		}
		return { fresh: this.measures.fresh[node], gone: this.measures.gone?.[node] };
	}

	#interval(node) {
		const { rate } = this.recording;
		if (!rate || !["inuse", "objects", "growth"].includes(this.metric)) return null;
		const { fresh, gone } = this.#measuresOf(node);
		if (this.metric === "growth") {
			const { before, after } = this.timeline.moments();
			return differenceInterval(fresh.bytes, gone.bytes, before === after ? 0 : unseenBytes(rate));
		}
		return this.metric === "inuse" ? sumInterval(fresh.bytes, unseenBytes(rate)) : sumInterval(fresh.objects, fresh.objects.largest);
	}

	#colour(node) {
		if (this.metric === "growth") {
			const ends = this.#interval(node);
			return growthColour(this.tree.sums[1][node] / (this.tree.sums[0][node] || 1), !ends || ends.low > 0 || ends.high < 0, isDark());
		}
		return this.state.get("colour") === "verdict" ? this.#verdictColour(node) : null;
	}

	/** The colour of the place to which most of the node belongs. */
	#verdictColour(node) {
		if (this.verdictTree !== this.tree) {
			const { recording, tree } = this;
			const leaves = recording.document.leaks?.places ?? [];
			this.verdictTree = tree;
			this.verdicts = new Array(tree.count).fill(null);
			const most = new Float64Array(tree.count);
			const { width } = siteValues(recording, this.metric, this.timeline.moments());
			tree.sites.forEach((leaf, site) => {
				const place = leaves[recording.siteRow[site]];
				if (leaf < 0 || !place) return;
				for (let at = leaf; at; at = tree.parent[at]) if (width[site] > most[at]) [most[at], this.verdicts[at]] = [width[site], place.verdict];
			});
		}
		return this.verdicts[node] ? `${verdictColour(this.verdicts[node])}bb` : null;
	}

	#amount(value) {
		return this.metric === "growth" ? signedBytes(value) : isBytes(this.metric) ? bytes(value) : count(value);
	}

	/** What is said of a node: lines of text. */
	details(node) {
		const { tree, recording } = this;
		const frame = tree.frame[node];
		const net = tree.sums[1][node];
		const ends = this.#interval(node);
		const width = tree.sums[0][node];
		const lines = [safe(tree.name(node))];
		if (node && this.tree.options.fold !== "module") lines.push(safe(`${recording.lineOf(frame)}  ${recording.moduleOf(frame)}${frame >= 0 && recording.frames.inlined[frame] ? "  (inlined)" : ""}`));
		const shown = estimateText(net, ends, { signed: this.metric === "growth", decimal: !isBytes(this.metric) });
		lines.push(`${shown.value} ${shown.interval}`);
		lines.push(`${percent(width, tree.sums[0][0])} of all${node ? `, ${percent(width, tree.sums[0][tree.parent[node]])} of its caller` : ""}`);
		if (ends && this.metric === "growth" && ends.low <= 0 && ends.high >= 0) lines.push("may be chance: the interval has 0 in it");
		return lines;
	}

	#showTip(node, x, y) {
		this.tip.replaceChildren(...this.details(node).map((line, i) => make(i ? "div" : "b", {}, line)));
		this.tip.hidden = false;
		const box = this.canvas.getBoundingClientRect();
		this.tip.style.left = `${Math.max(4, Math.min(x + 14, box.width - this.tip.offsetWidth - 8))}px`;
		this.tip.style.top = `${y + 18}px`;
	}

	#listen() {
		const nodeOf = (event) => this.flame.at(event.offsetX, event.offsetY);
		this.canvas.addEventListener("pointermove", (event) => {
			const node = nodeOf(event);
			const lit = node > 0 ? this.tree.key[node] : -1;
			if (lit !== this.flame.lit) {
				this.flame.lit = lit;
				this.flame.draw();
			}
			if (node < 0) this.tip.hidden = true;
			else this.#showTip(node, event.offsetX, event.offsetY);
		});
		this.canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
		this.canvas.addEventListener("click", (event) => {
			const node = nodeOf(event);
			this.menu.hidden = true;
			if (node >= 0) this.zoomTo(node === this.flame.zoom ? this.tree.parent[node] : node);
		});
		this.canvas.addEventListener("contextmenu", (event) => {
			const node = nodeOf(event);
			if (node <= 0) return;
			event.preventDefault();
			this.#showMenu(node, event.offsetX, event.offsetY);
		});
		this.canvas.addEventListener("keydown", (event) => this.#key(event));
	}

	#key(event) {
		const { tree, flame } = this;
		const siblings = tree.order.filter((node) => node && tree.parent[node] === tree.parent[flame.zoom]);
		const at = siblings.indexOf(flame.zoom);
		const child = tree.order.find((node) => node && tree.parent[node] === flame.zoom);
		const to = { ArrowDown: child, Enter: child, ArrowUp: tree.parent[flame.zoom], Escape: tree.parent[flame.zoom], ArrowLeft: siblings[at - 1], ArrowRight: siblings[at + 1], Home: 0, 0: 0 }[event.key];
		if (to === undefined) return;
		event.preventDefault();
		this.zoomTo(to);
		this.status.textContent = this.details(to).join("; ");
	}

	#showMenu(node, x, y) {
		const { state, tree } = this;
		const key = tree.key[node];
		const exact = (text) => `^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")} `;
		const name = this.recording.functionOf(tree.frame[node]);
		const stack = tree.path(node).map((at) => tree.name(at)).join("\n");
		const item = (text, act) => make("button", { role: "menuitem", on: { click: () => { this.menu.hidden = true; act(); } } }, text);
		this.menu.replaceChildren(
			item("copy name", () => navigator.clipboard.writeText(tree.name(node))),
			item("copy stack", () => navigator.clipboard.writeText(stack)),
			item("only stacks through this", () => state.set({ only: exact(name), zoom: "" })),
			item("without stacks through this", () => state.set({ without: exact(name), zoom: "" })),
			item("callees: from this on", () => state.set({ around: key, inverted: "", zoom: "" })),
			item("callers: who leads to this", () => state.set({ around: key, inverted: "1", zoom: "" })),
		);
		this.menu.hidden = false;
		this.menu.style.left = `${Math.min(x, this.canvas.clientWidth - 220)}px`;
		this.menu.style.top = `${y}px`;
		this.menu.firstChild.focus();
	}

	#showFilters() {
		const { state } = this;
		const clear = (name, text) => state.get(name) !== "" && make("button.filter", { title: "take it away", on: { click: () => state.set({ [name]: "", zoom: "" }) } }, `${text} ×`);
		const around = state.get("around") === "" ? "" : this.tree.keys.names[Number(state.get("around"))];
		const row = state.get("row") === "" ? null : this.recording.document.leaks?.places[Number(state.get("row"))];
		this.filters.replaceChildren(...[
			clear("only", `only ${state.get("only")}`), clear("without", `without ${state.get("without")}`),
			clear("around", `${state.get("inverted") ? "callers of" : "callees of"} ${safe(around)}`),
			row && clear("row", `only the place ${safe(row.function)}`),
		].filter(Boolean));
	}

	#showCrumbs() {
		const path = [0, ...this.tree.path(this.flame.zoom)];
		this.crumbs.replaceChildren(...path.slice(-6).map((node) => make("button.crumb", { on: { click: () => this.zoomTo(node) } }, safe(this.tree.name(node)))));
		const total = make("span.total", {}, `${this.#amount(this.tree.sums[1][this.flame.zoom])}${this.flame.zoom ? `, ${percent(this.tree.sums[0][this.flame.zoom], this.tree.sums[0][0])} of all` : ""}`);
		this.crumbs.append(total);
	}

	/** Folded stacks of the view, for other tools. */
	folded() {
		const { tree } = this;
		const lines = [];
		for (let node = 1; node < tree.count; node++) {
			if (tree.flat[node] >= 0.5) lines.push(`${tree.path(node).map((at) => tree.name(at).replace(/[;\n]/g, ":")).join(";")} ${Math.round(tree.flat[node])}`);
		}
		return `${lines.join("\n")}\n`;
	}
}
