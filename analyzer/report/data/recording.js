// SPDX-License-Identifier: Apache-2.0
// The recording that a page is about, and its answers by site: what was in use at a moment, what grew between two
// moments, what had been allocated. The numbers are those of `seep report` and `seep diff` (docs/SAMPLING.md).

import { column } from "./data.js";
import { Growth } from "./growth.js";
import { sumInterval, unseenBytes } from "../numbers/interval.js";
import { shortName } from "../numbers/hash.js";
import { Measures, Sums } from "../numbers/measures.js";
import { Weights } from "../numbers/weights.js";
import { nameText } from "../numbers/names.js";

/**
 * @typedef {import("../numbers/interval.js").Interval} Interval
 * @typedef {Int32Array|null} Keys the key of each site, -1: not counted; null: each site is its own
 */

/**
 * @template {string} N @template {Int32Array|Float64Array} T
 * @param {any} columns @param {N[]} names @param {new (count: number) => T} Type @returns {Record<N, T>}
 */
function columnsOf(columns, names, Type) {
	return /** @type {Record<N, T>} */ (Object.fromEntries(names.map((name) => [name, column(columns[name], Type)])));
}

/** @template {Int32Array|Float64Array} T @param {T} values @param {number[]} more @returns {T} */
function extended(values, more) {
	const all = /** @type {T} */ (new /** @type {any} */ (values.constructor)(values.length + more.length));
	all.set(values);
	all.set(more, values.length);
	return all;
}

export class Recording {
	/** @param {any} document as in docs/PAGE.md */
	constructor(document) {
		this.document = document;
		/** @type {number} */
		this.rate = document.unsure ? 0 : document.rate || 0; /* 0: there are no intervals */
		/** @type {string[]} */
		this.texts = [""].concat(document.texts);
		this.times = column(document.moments.time_us).map((us) => us / 1e6);
		this.numbers = column(document.moments.number);
		/** @type {string[]} */
		this.triggers = document.moments.trigger;
		this.count = this.times.length;
		this.siteNode = column(document.sites.node, Int32Array);
		this.sitePlace = column(document.sites.place, Int32Array).map((frame) => frame - 1);
		this.siteRow = column(document.sites.row, Int32Array).map((row) => row - 1);
		this.siteCount = this.siteNode.length;
		this.nodeParent = column(document.nodes.parent, Int32Array, 1);
		this.nodeFrame = column(document.nodes.frame, Int32Array, 1);
		this.nodeFrame[0] = -1;
		this.frames = columnsOf(document.frames, ["function", "file", "module", "line", "inlined"], Int32Array);
		this.cells = columnsOf(document.cells, ["site", "born", "dead"], Int32Array);
		this.weights = this.#weigh();
		/** @type {number} sites that share the last site's number */
		this.leftOut = document.sites.left_out;
		if (this.leftOut) this.#nameRest();
		this.counters = { ...columnsOf(document.counters, ["site", "moment"], Int32Array), ...columnsOf(document.counters, ["bytes", "objects"], Float64Array) };
		/** @type {number[]} */
		this.largest = document.counters.largest;
		/** @type {string[]} names of the answer's rows in the address; they hold for another page's data, too */
		this.rowKeys = [];
		for (const place of document.leaks?.places ?? []) this.rowKeys.push(this.#newRowKey(shortName(JSON.stringify([place.function, place.file, place.line, place.module]))));
		/** @type {Map<string, {count: number, frames: number[], keyOf: Int32Array}>} */
		this.grouped = new Map();
	}

	/** Places without names may read alike, so they are numbered. @param {string} key */
	#newRowKey(key) {
		let name = key;
		for (let again = 2; this.rowKeys.includes(name); again++) name = `${key}-${again}`;
		return name;
	}

	/** What each cell adds to a sum. */
	#weigh() {
		const { size, rate, count } = columnsOf(this.document.cells, ["size", "rate", "count"], Float64Array);
		/** @type {{site: number, born: number, dead: number, samples: number, bytes: number[], objects: number[]}[]} cells of which only the sums are known */
		const rest = this.document.rest;
		const sums = new Measures(rest.length);
		rest.forEach((of, i) => sums.set(i, of));
		if (rest.length) for (const name of /** @type {const} */ (["site", "born", "dead"])) this.cells[name] = extended(this.cells[name], rest.map((of) => of[name]));
		return new Weights(size, rate, count, sums);
	}

	/** The sites that are left out become one, with a frame of its own. */
	#nameRest() {
		const site = this.siteCount - 1;
		const frame = this.frames.function.length;
		this.texts.push(`[${this.leftOut.toLocaleString("en-US")} smaller sites]`);
		for (const name of /** @type {const} */ (["function", "file", "module", "line", "inlined"])) this.frames[name] = extended(this.frames[name], [name === "function" ? this.texts.length - 1 : 0]);
		this.siteNode[site] = this.nodeParent.length;
		this.sitePlace[site] = frame;
		this.nodeParent = extended(this.nodeParent, [0]);
		this.nodeFrame = extended(this.nodeFrame, [frame]);
	}

	/** Text of a frame. @param {number} frame */
	functionOf(frame) {
		return frame < 0 ? "[no stack]" : this.texts[this.frames.function[frame]] || "[unknown]";
	}
	/** @param {number} frame */
	fileOf(frame) {
		return frame < 0 ? "" : this.texts[this.frames.file[frame]];
	}
	/** @param {number} frame */
	moduleOf(frame) {
		return frame < 0 ? "" : this.texts[this.frames.module[frame]];
	}
	/** "file.c:12", the file without its directories; "": it is not known. @param {number} frame */
	lineOf(frame) {
		const file = this.fileOf(frame);
		return file ? `${file.slice(file.lastIndexOf("/") + 1)}:${this.frames.line[frame]}` : "";
	}

	/** The function of a row of the answer, without parameters. @param {number} row */
	rowName(row) {
		return nameText(this.document.leaks.places[row].function || "[unknown]");
	}

	/** The answer's row with that name in the address; -1: there is none, or none is chosen. @param {string} key */
	rowOf(key) {
		return this.rowKeys.indexOf(key);
	}

	/** Keys for the functions below that make them count the sites of one row of the answer only. @param {number} row -1: count all @returns {Keys} */
	keysOfRow(row) {
		return row < 0 ? null : this.siteRow.map((of, site) => (of === row ? site : -1));
	}

	/**
	 * The moment of the snapshot with that number, or of the nearest one that still exists; -1: the text is not a number.
	 * @param {string} text @param {boolean} isLater which to take if two recordings each have that number
	 */
	momentOf(text, isLater) {
		if (!/^\d+$/.test(text)) return -1;
		const distance = this.numbers.map((number) => Math.abs(number - Number(text)));
		const least = distance.reduce((a, b) => Math.min(a, b));
		return isLater ? distance.lastIndexOf(least) : distance.indexOf(least);
	}

	/** Samples alive at a moment. @param {number} moment @param {number} keys how many there are @param {Keys} keyOf @returns {Measures} */
	inUse(moment, keys, keyOf) {
		const measures = new Measures(keys);
		const { site, born, dead } = this.cells;
		for (let i = 0; i < born.length; i++) {
			if (born[i] > moment || moment >= dead[i]) continue;
			const key = keyOf ? keyOf[site[i]] : site[i];
			if (key >= 0) this.weights.add(measures, key, i);
		}
		return measures;
	}

	/** What each site has in use at a moment. @param {number} moment @param {"bytes"|"objects"} of */
	inUseBySite(moment, of) {
		const values = new Float64Array(this.siteCount);
		const { site, born, dead } = this.cells;
		for (let i = 0; i < born.length; i++) if (born[i] <= moment && moment < dead[i]) values[site[i]] += this.weights.estimate(i, of);
		return values;
	}

	/** How much more or less each site has at the later of two moments. @param {number} before @param {number} after */
	growthBySite(before, after) {
		const values = new Float64Array(this.siteCount);
		const { site, born, dead } = this.cells;
		for (let i = 0; i < born.length; i++) {
			const then = born[i] <= before && before < dead[i];
			const now = born[i] <= after && after < dead[i];
			if (then !== now) values[site[i]] += this.weights.estimate(i, "bytes") * (now ? 1 : -1);
		}
		return values;
	}

	/**
	 * In-use bytes by key at every moment: one pass over all cells. `keyOfBirth`: the keys by the moment that first saw a sample,
	 * for sites that have a key.
	 * @param {number} keys @param {Keys} keyOf @param {Int32Array} [keyOfBirth]
	 * @returns {Float64Array[]}
	 */
	seriesByKey(keys, keyOf, keyOfBirth) {
		const series = Array.from({ length: keys }, () => new Float64Array(this.count));
		const { site, born, dead } = this.cells;
		for (let i = 0; i < born.length; i++) {
			const at = keyOf ? keyOf[site[i]] : site[i];
			const key = at < 0 || !keyOfBirth ? at : keyOfBirth[born[i]];
			if (key < 0) continue;
			const bytes = this.weights.estimate(i, "bytes");
			for (let k = born[i]; k < dead[i]; k++) series[key][k] += bytes;
		}
		return series;
	}

	/** In-use bytes with their interval at each moment, of all sites or of those with a key. @param {Keys} keyOf */
	series(keyOf) {
		const sums = new Sums(this.count);
		const { site, born, dead } = this.cells;
		for (let i = 0; i < born.length; i++) {
			if (keyOf && keyOf[site[i]] < 0) continue;
			for (let k = born[i]; k < dead[i]; k++) this.weights.addBytes(sums, k, i);
		}
		return Array.from({ length: this.count }, (_, k) => {
			const band = this.rate ? sumInterval(sums.at(k), unseenBytes(this.rate)) : { low: NaN, high: NaN };
			return { value: sums.estimate(k), ...band };
		});
	}

	/** The samples that only the later moment has, and those that only the earlier has. @param {number} before @param {number} after @param {number} keys @param {Keys} keyOf */
	difference(before, after, keys, keyOf) {
		const fresh = new Measures(keys);
		const gone = new Measures(keys);
		const { site, born, dead } = this.cells;
		for (let i = 0; i < born.length; i++) {
			const then = born[i] <= before && before < dead[i];
			const now = born[i] <= after && after < dead[i];
			if (then === now) continue;
			const key = keyOf ? keyOf[site[i]] : site[i];
			if (key >= 0) this.weights.add(now ? fresh : gone, key, i);
		}
		return { fresh, gone };
	}

	/** What each site had allocated by a moment: bytes, objects, and the objects for which its largest sample stood. @param {number} moment */
	allocated(moment) {
		const bytes = new Float64Array(this.siteCount);
		const objects = new Float64Array(this.siteCount);
		const largest = new Float64Array(this.siteCount);
		const { counters } = this;
		for (let i = 0; i < counters.site.length && counters.moment[i] <= moment; i++) {
			bytes[counters.site[i]] = counters.bytes[i];
			objects[counters.site[i]] = counters.objects[i];
			if (this.largest[i]) largest[counters.site[i]] = this.largest[i];
		}
		return { bytes, objects, largest };
	}

	/** The same between two moments. If the recording has only one moment: everything until then. @param {number} before @param {number} after */
	allocatedBetween(before, after) {
		const now = this.allocated(after);
		if (this.count === 1) return now;
		const then = this.allocated(before);
		return { bytes: now.bytes.map((value, site) => value - then.bytes[site]), objects: now.objects.map((value, site) => value - then.objects[site]) };
	}

	/** Growth between two moments by key. @param {number} before @param {number} after @param {number} keys @param {Keys} keyOf */
	growth(before, after, keys, keyOf) {
		const { largest } = this.allocated(after);
		const largestOfKey = new Float64Array(keys); /* the largest weight that the key ever showed */
		for (let site = 0; site < this.siteCount; site++) {
			const key = keyOf ? keyOf[site] : site;
			if (key >= 0) largestOfKey[key] = Math.max(largestOfKey[key], largest[site]);
		}
		return new Growth(this.difference(before, after, keys, keyOf), before === after ? 0 : this.rate, largestOfKey);
	}

	/** @param {string} by @param {number} site */
	#groupName(by, site) {
		const frame = this.sitePlace[site];
		if (by === "function") return `${this.functionOf(frame)}\n${this.fileOf(frame) || this.moduleOf(frame)}`;
		if (by === "line") return `${this.functionOf(frame)}\n${this.fileOf(frame)}:${frame < 0 ? 0 : this.frames.line[frame]}`;
		return by === "module" ? this.moduleOf(frame) : String(site);
	}

	/** The key of every site if sites are grouped by "site", or by "function", "line" or "module" of their place. @param {string} by */
	groups(by) {
		const known = this.grouped.get(by);
		if (known) return known;
		/** @type {Map<string, number>} */
		const numbers = new Map();
		const groups = { count: 0, frames: /** @type {number[]} */ ([]), keyOf: new Int32Array(this.siteCount) };
		for (let site = 0; site < this.siteCount; site++) {
			const name = this.#groupName(by, site);
			let number = numbers.get(name);
			if (number === undefined) {
				number = groups.count++;
				numbers.set(name, number);
				groups.frames.push(this.sitePlace[site]);
			}
			groups.keyOf[site] = number;
		}
		this.grouped.set(by, groups);
		return groups;
	}
}
