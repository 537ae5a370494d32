// SPDX-License-Identifier: Apache-2.0
// The recording that a page is about, and what it answers: what was in use at a moment, what grew between two, what had
// been allocated, by site. The numbers are those of `seep report` and `seep diff` (docs/SAMPLING.md).

import { column } from "./data.js";
import { differenceInterval, differencePValue, estimate, measureAddSamples, measureNew, sumInterval } from "../numbers/interval.js";
import { unseenBytes, unseenObjects } from "../numbers/interval.js";

/** q-values of Benjamini and Hochberg; NaN stays. @param {Float64Array} p */
export function qValues(p) {
	const order = [];
	for (let i = 0; i < p.length; i++) if (!Number.isNaN(p[i])) order.push(i);
	order.sort((a, b) => p[a] - p[b]);
	const q = new Float64Array(p.length).fill(NaN);
	let least = 1;
	for (let j = order.length; j > 0; j--) {
		const here = p[order[j - 1]];
		least = Math.min(least, Math.max(here, (here * order.length) / j));
		q[order[j - 1]] = least;
	}
	return q;
}

export class Recording {
	/** @param {any} document what docs/PAGE.md describes */
	constructor(document) {
		this.document = document;
		this.rate = document.rate || 0;
		this.texts = [""].concat(document.texts);
		this.times = column(document.moments.time_us).map((us) => us / 1e6);
		this.numbers = column(document.moments.number);
		this.triggers = document.moments.trigger;
		this.count = this.times.length;
		this.siteNode = column(document.sites.node);
		this.sitePlace = column(document.sites.place).map((frame) => frame - 1);
		this.siteRow = column(document.sites.row).map((row) => row - 1);
		this.siteCount = this.siteNode.length;
		this.nodeParent = Uint32Array.from([0, ...column(document.nodes.parent)]);
		this.nodeFrame = Int32Array.from([-1, ...column(document.nodes.frame)]);
		this.frames = {
			function: column(document.frames.function),
			file: column(document.frames.file),
			module: column(document.frames.module),
			line: column(document.frames.line),
			inlined: column(document.frames.inlined),
		};
		this.cells = {};
		for (const name of ["site", "born", "dead", "size", "rate", "count"]) this.cells[name] = column(document.cells[name]);
		this.counters = {};
		for (const name of ["site", "moment", "bytes", "objects"]) this.counters[name] = column(document.counters[name]);
		this.counters.largest = document.counters.largest;
	}

	/** Text of a frame. */
	functionOf(frame) {
		return frame < 0 ? "[no stack]" : this.texts[this.frames.function[frame]] || "[unknown]";
	}
	fileOf(frame) {
		return frame < 0 ? "" : this.texts[this.frames.file[frame]];
	}
	moduleOf(frame) {
		return frame < 0 ? "" : this.texts[this.frames.module[frame]];
	}
	/** "file.c:12", the file without its directories; "" where it is not known. */
	lineOf(frame) {
		const file = this.fileOf(frame);
		return file ? `${file.slice(file.lastIndexOf("/") + 1)}:${this.frames.line[frame]}` : "";
	}

	/** Calls visit(cell index) for each cell with samples alive at the moment. */
	#alive(moment, visit) {
		const { born, dead } = this.cells;
		for (let i = 0; i < born.length; i++) if (born[i] <= moment && moment < dead[i]) visit(i);
	}

	/**
	 * Samples alive at a moment, by key: keyOf(site) is an index below `keys`, or -1.
	 * @returns {import("./interval.js").Measure[]}
	 */
	inUse(moment, keys, keyOf) {
		return this.inUseByBirth(moment, keys, keyOf);
	}

	/** The same, where the moment that first saw a sample matters, too: keyOf(site, born). */
	inUseByBirth(moment, keys, keyOf) {
		const measures = Array.from({ length: keys }, measureNew);
		const { site, born, size, rate, count } = this.cells;
		this.#alive(moment, (i) => {
			const key = keyOf(site[i], born[i]);
			if (key >= 0) measureAddSamples(measures[key], size[i], rate[i], count[i]);
		});
		return measures;
	}

	/** In-use bytes with their interval at each moment, of all sites or of those that `chosen` is true for. */
	series(chosen) {
		const rows = [];
		for (let k = 0; k < this.count; k++) {
			const [all] = this.inUse(k, 1, (site) => (!chosen || chosen(site) ? 0 : -1));
			const band = this.rate ? sumInterval(all.bytes, unseenBytes(this.rate)) : { low: NaN, high: NaN };
			rows.push({ value: estimate(all.bytes), ...band });
		}
		return rows;
	}

	/** Samples that only the later moment has, and that only the earlier has, by key. */
	difference(before, after, keys, keyOf) {
		const fresh = Array.from({ length: keys }, measureNew);
		const gone = Array.from({ length: keys }, measureNew);
		const { site, born, dead, size, rate, count } = this.cells;
		for (let i = 0; i < born.length; i++) {
			const then = born[i] <= before && before < dead[i];
			const now = born[i] <= after && after < dead[i];
			if (then === now) continue;
			const key = keyOf(site[i]);
			if (key >= 0) measureAddSamples((now ? fresh : gone)[key], size[i], rate[i], count[i]);
		}
		return { fresh, gone };
	}

	/** What each site had allocated by a moment: bytes, objects, and the objects that its largest sample stood for. */
	allocated(moment) {
		const bytes = new Float64Array(this.siteCount);
		const objects = new Float64Array(this.siteCount);
		const largest = new Float64Array(this.siteCount);
		const { counters } = this;
		for (let i = 0; i < counters.site.length && counters.moment[i] <= moment; i++) {
			bytes[counters.site[i]] = counters.bytes[i];
			objects[counters.site[i]] = counters.objects[i];
			if (counters.largest[i]) largest[counters.site[i]] = counters.largest[i];
		}
		return { bytes, objects, largest };
	}

	/**
	 * Growth between two moments by key, as `seep diff` has it: bytes and objects with intervals, q, verdict.
	 * @returns {{bytes: number, objects: number, interval: object, objectsInterval: object, p: number, q: number,
	 *	verdict: string, fresh: object, gone: object}[]}
	 */
	growth(before, after, keys, keyOf) {
		const { fresh, gone } = this.difference(before, after, keys, keyOf);
		const { largest } = this.allocated(after);
		const uncertain = new Float64Array(keys); /* the largest weight that the key ever showed */
		for (let site = 0; site < this.siteCount; site++) {
			const key = keyOf(site);
			if (key >= 0) uncertain[key] = Math.max(uncertain[key], largest[site]);
		}
		const sameMoment = before === after;
		const p = new Float64Array(keys).fill(NaN);
		const rows = fresh.map((more, key) => {
			const less = gone[key];
			const unseen = sameMoment || !uncertain[key] ? 0 : unseenBytes(this.rate);
			const unseenCount = sameMoment ? 0 : unseenObjects(this.rate, uncertain[key]);
			if (more.samples + less.samples) p[key] = differencePValue(more.bytes, less.bytes, unseen);
			return {
				bytes: estimate(more.bytes) - estimate(less.bytes),
				objects: estimate(more.objects) - estimate(less.objects),
				interval: differenceInterval(more.bytes, less.bytes, unseen),
				objectsInterval: differenceInterval(more.objects, less.objects, unseenCount),
				fresh: more,
				gone: less,
			};
		});
		qValues(p).forEach((q, key) => {
			const row = rows[key];
			row.p = p[key];
			row.q = Number.isNaN(q) ? 1 : q;
			if (row.q > 0.05) row.verdict = row.interval.low > 0 || row.interval.high < 0 ? "unknown" : "steady";
			else row.verdict = row.bytes > 0 ? "growing" : "shrinking";
		});
		return rows;
	}

	/** The key of every site when sites are grouped: "site", "function", "line" or "module" of their place. */
	groups(by) {
		const names = [];
		const frames = [];
		const numbers = new Map();
		const keyOf = new Int32Array(this.siteCount);
		for (let site = 0; site < this.siteCount; site++) {
			const frame = this.sitePlace[site];
			let name = String(site);
			if (by === "function") name = `${this.functionOf(frame)}\n${this.fileOf(frame) || this.moduleOf(frame)}`;
			else if (by === "line") name = `${this.functionOf(frame)}\n${this.fileOf(frame)}:${frame < 0 ? 0 : this.frames.line[frame]}`;
			else if (by === "module") name = this.moduleOf(frame);
			let number = numbers.get(name);
			if (number === undefined) {
				number = names.length;
				numbers.set(name, number);
				names.push(name);
				frames.push(frame);
			}
			keyOf[site] = number;
		}
		return { count: names.length, frames, keyOf };
	}
}
