// SPDX-License-Identifier: Apache-2.0
// What is said about a node of the flame graph: its numbers with intervals, and its colour.

import { growthColour, isDark, verdictColour } from "../colour.js";
import { safe } from "../dom.js";
import { isBytes } from "../data/values.js";
import { differenceInterval, sumInterval, unseenBytes } from "../numbers/interval.js";
import { smallestSampled } from "../numbers/weights.js";
import { shorten, WHOLE_MOST } from "../numbers/names.js";
import { bytes, count, estimateText, percent, signedBytes } from "../numbers/words.js";

/**
 * @typedef {import("../data/recording.js").Recording} Recording
 * @typedef {import("../numbers/measures.js").Measures} Measures
 */

export class NodeValues {
	/**
	 * @param {import("../data/tree.js").Tree} tree @param {string} metric @param {import("../data/values.js").Moments} moments
	 * @param {Float64Array} width by site
	 */
	constructor(tree, metric, moments, width) {
		this.tree = tree;
		this.recording = tree.recording;
		this.metric = metric;
		this.moments = moments;
		this.width = width;
		/** @type {{fresh: Measures, gone: Measures|null}|null} samples below every node: made when first asked for */
		this.samples = null;
		/** @type {(string|null)[]|null} */
		this.verdicts = null;
		/** @type {Measures|null} of the difference: what is in use at AFTER */
		this.left = null;
	}

	#samplesOfNodes() {
		if (this.samples) return this.samples;
		const { recording, tree, moments } = this;
		const sites = recording.siteCount;
		if (this.metric === "growth") {
			const { fresh, gone } = recording.difference(moments.before, moments.after, sites, null);
			this.samples = { fresh: tree.sumMeasures(fresh), gone: tree.sumMeasures(gone) };
		} else {
			this.samples = { fresh: tree.sumMeasures(recording.inUse(moments.after, sites, null)), gone: null };
		}
		return this.samples;
	}

	/** The interval of a node's value; null: the metric has none. @param {number} node @param {"bytes"|"objects"} of */
	interval(node, of = this.metric === "objects" ? "objects" : "bytes") {
		const { rate } = this.recording;
		if (!rate || !["inuse", "objects", "growth"].includes(this.metric)) return null;
		const { fresh, gone } = this.#samplesOfNodes();
		const sum = fresh[of].at(node);
		if (!gone) return sumInterval(sum, of === "bytes" ? unseenBytes(rate) : sum.largest);
		const less = gone[of].at(node);
		const unseen = this.moments.before === this.moments.after ? 0 : of === "bytes" ? unseenBytes(rate) : Math.max(sum.largest, less.largest);
		return differenceInterval(sum, less, unseen);
	}

	/** @param {number} node */
	#isSure(node) {
		const ends = this.interval(node);
		return !ends || ends.low > 0 || ends.high < 0;
	}

	/** In a difference: is everything gone that the node had? @param {number} node */
	#isGone(node) {
		if (this.tree.net[node] >= 0) return false;
		this.left ||= this.tree.sumMeasures(this.recording.inUse(this.moments.after, this.recording.siteCount, null));
		return this.left.bytes.estimate(node) === 0;
	}

	/** In a difference it shows growth, or the verdict if `byVerdict` is set; null: colour by module. @param {number} node @param {boolean} byVerdict */
	colour(node, byVerdict) {
		const { tree } = this;
		if (this.metric === "growth") return growthColour(tree.net[node] / (tree.width[node] || 1), this.#isSure(node), isDark());
		if (!byVerdict) return null;
		this.verdicts ||= this.#verdictsOfNodes();
		return `${verdictColour(this.verdicts[node] ?? "")}bb`;
	}

	/** The verdict on the place that has most of a node. */
	#verdictsOfNodes() {
		const { recording, tree } = this;
		const places = recording.document.leaks?.places ?? [];
		const { sites } = tree; /* this makes all nodes grow */
		/** @type {(string|null)[]} */
		const verdicts = new Array(tree.count).fill(null);
		const most = new Float64Array(tree.count);
		sites.forEach((leaf, site) => {
			const place = places[recording.siteRow[site]];
			for (let at = place ? leaf : 0; at > 0; at = tree.parent[at]) if (this.width[site] > most[at]) [most[at], verdicts[at]] = [this.width[site], place.verdict];
		});
		return verdicts;
	}

	/** @param {number} value */
	amount(value) {
		return this.metric === "growth" ? signedBytes(value) : isBytes(this.metric) ? bytes(value) : count(value);
	}

	/** @param {number} node */
	#numbers(node) {
		const signed = this.metric === "growth";
		if (!["inuse", "objects", "growth"].includes(this.metric)) return [this.amount(this.tree.net[node])];
		const { fresh, gone } = this.#samplesOfNodes();
		const of = (/** @type {"bytes"|"objects"} */ name) => fresh[name].estimate(node) - (gone ? gone[name].estimate(node) : 0);
		const space = estimateText(of("bytes"), this.interval(node, "bytes"), { signed });
		const objects = estimateText(of("objects"), this.interval(node, "objects"), { signed, decimal: true });
		return [`${space.value} ${space.interval}`, `${objects.value} objects ${objects.interval}${this.#ofWhich(node)}`];
	}

	/** Of which objects their interval speaks. @param {number} node */
	#ofWhich(node) {
		const { fresh, gone } = this.#samplesOfNodes();
		const { rate } = this.recording;
		return rate > 1 ? ` of ${bytes(smallestSampled(rate, Math.max(fresh.objects.largest[node], gone?.objects.largest[node] ?? 0)))} or more` : "";
	}

	/** @param {number} frame */
	#where(frame) {
		const { recording } = this;
		const inlined = frame >= 0 && recording.frames.inlined[frame] ? "  (inlined)" : "";
		return safe(`${recording.lineOf(frame)}  ${recording.moduleOf(frame)}${inlined}`);
	}

	/** Lines of text about a node. @param {number} node */
	details(node) {
		const { tree } = this;
		const lines = [safe(shorten(tree.name(node), WHOLE_MOST))];
		if (node && tree.options.fold !== "module") lines.push(this.#where(tree.frame[node]));
		lines.push(...this.#numbers(node));
		const parent = tree.options.inverted ? "of what it called" : "of its caller";
		lines.push(`${percent(tree.width[node], tree.width[0])} of all${node ? `, ${percent(tree.width[node], tree.width[tree.parent[node]])} ${parent}` : ""}`);
		const through = node && tree.frame[node] >= 0 ? tree.through(tree.key[node]) : tree.net[node];
		if (Math.abs(through - tree.net[node]) >= 0.5) lines.push(`all its frames together: ${this.amount(through)}`);
		const own = tree.ownOf(node);
		if (!tree.options.inverted && Math.abs(own) >= 0.5 && Math.abs(tree.net[node] - own) >= 0.5) lines.push(`asked for by itself: ${this.amount(own)}`);
		if (this.metric !== "growth") return lines;
		if (!this.#isSure(node)) lines.push("may be chance: the interval has 0 in it");
		else if (this.#isGone(node)) lines.push("nothing of it is left at AFTER");
		return lines;
	}
}
