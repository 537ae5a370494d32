// SPDX-License-Identifier: Apache-2.0
// The answer comes first: which process it is, how much is in use, what leaks, and what the profiler could not see.

import { badgeColour, VERDICT_NAMES, verdictColour } from "../colour.js";
import { make, safe } from "../dom.js";
import { nameText } from "../numbers/names.js";
import { bytes, count, duration, estimateText, moment, paceUnit, percent } from "../numbers/words.js";

/**
 * @typedef {import("../data/recording.js").Recording} Recording
 * @typedef {any} Place a row of `seep leaks --json`
 */

/** The points of a line through the values, `width` by `height` in size. @param {Float64Array} values @param {number} width @param {number} height */
function sparkPath(values, width, height) {
	const most = values.reduce((a, b) => Math.max(a, b), 1);
	const step = width / Math.max(values.length - 1, 1);
	return Array.from(values, (value, i) => `${i ? "L" : "M"}${(i * step).toFixed(1)},${(height - (value / most) * (height - 2) - 1).toFixed(1)}`).join("");
}

/** @param {Float64Array} values @param {string} colour */
function spark(values, colour) {
	const space = "http://www.w3.org/2000/svg";
	const svg = document.createElementNS(space, "svg");
	const path = document.createElementNS(space, "path");
	svg.setAttribute("viewBox", "0 0 90 22");
	svg.setAttribute("class", "spark");
	svg.setAttribute("aria-hidden", "true");
	path.setAttribute("d", sparkPath(values, 90, 22));
	path.setAttribute("fill", "none");
	path.setAttribute("stroke", colour);
	path.setAttribute("stroke-width", "1.6");
	svg.append(path);
	return svg;
}

/** What all places are that do not leak. @param {number} all @param {string} rest */
const restText = (all, rest) => (rest ? `Of ${count(all)} places ${rest}.` : all ? `All ${count(all)} places are steady, churn, or have stopped.` : "");

/** @param {Place} place */
const placeText = (place) => safe(nameText(place.function || "[unknown]"));

/** @param {Place} place */
function lineText(place) {
	if (!place.file) return safe(place.module || "");
	const file = place.file.slice(place.file.lastIndexOf("/") + 1);
	return safe(`${file}:${place.line ?? 0}${place.last_line > place.line ? `-${place.last_line}` : ""}`);
}

/** "16.2 MiB an hour [13, 20]"; "": no pace is known. @param {Recording} recording @param {number|null} rate a second @param {number|null} low @param {number|null} high */
function paceText({ document }, rate, low, high) {
	if (rate === null) return "";
	const unit = paceUnit(document.leaks.seconds);
	const ends = low === null || high === null ? null : { low: low * unit.seconds, high: high * unit.seconds };
	const { value, interval } = estimateText(rate * unit.seconds, ends);
	return `${value} ${interval}${interval && " "}${unit.name}`;
}

/** How fast a row leaks; or, if it grows without proof of a leak, by how much it grew. @param {Recording} recording @param {Place} row */
function rateText(recording, row) {
	if (row.verdict === "growing") {
		const { value, interval } = estimateText(row.growth_bytes, row.growth_low === null ? null : { low: row.growth_low, high: row.growth_high }, { signed: true });
		return `${value} ${interval} since the middle`;
	}
	return paceText(recording, row.leak_bytes_per_s, row.leak_low_per_s, row.leak_high_per_s);
}

/** What leaks or grows in many places together, while none of them is proven by itself. @param {Place} spread */
function spreadText(spread) {
	const name = spread.level === "function" ? `${placeText(spread)} and below` : spread.level === "module" ? safe(spread.module) : spread.level === "label" ? `under label ${safe(spread.label)}` : "the whole process";
	return `${name}, spread over ${count(spread.places)} places`;
}

/** @param {Recording} recording @param {Place} spread */
function spreadRow(recording, spread) {
	const inUse = estimateText(spread.inuse_bytes, spread.inuse_low === null ? null : { low: spread.inuse_low, high: spread.inuse_high });
	return make(
		"tr.spread", {},
		make("td.verdict", {}, make("span.badge", { style: `background:${badgeColour(spread.verdict)}` }, spread.verdict)),
		make("td.number", { data: { name: "rate" } }, rateText(recording, spread) || "–"),
		make("td.number", { data: { name: "in use" } }, inUse.value, " ", make("small", {}, inUse.interval)),
		make("td"),
		make("td.where", {}, make("b", {}, spreadText(spread)), make("div.evidence", {}, safe(spread.evidence))),
	);
}

/** The places that leak past malloc; null: none does, or that was not judged. @param {Recording} recording */
function mappedPlaces(recording) {
	const { mapped } = recording.document;
	if (!mapped) return null;
	const leaking = mapped.leaks.places.map((/** @type {Place} */ place, /** @type {number} */ i) => ({ place, site: mapped.leaks.sites[i], evidence: mapped.sentences[i] })).filter((/** @type {{place: Place}} */ { place }) => place.verdict === "leak");
	const body = leaking.map((/** @type {{place: Place, site: Place, evidence: string}} */ { place, site, evidence }) => make(
		"tr", {},
		make("td.verdict", {}, make("span.badge", { style: `background:${badgeColour(place.verdict)}` }, place.verdict)),
		make("td.number", { data: { name: "rate" } }, rateText(recording, site)),
		make("td.number", { data: { name: "in use" } }, bytes(place.inuse_bytes)),
		make("td.where", {}, make("b", { title: safe(place.function) }, placeText(place)), " ", make("span.line", {}, lineText(place)), make("div.evidence", {}, safe(evidence))),
	));
	return make(
		"div.mapped", {},
		make("p.elsewhere", {}, make("strong", {}, "What is mapped past malloc leaks"), `: ${safe(mapped.words)}`),
		make("table.places", {}, make("thead", {}, make("tr", {}, ...["verdict", "rate", "mapped", "where"].map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...body)),
	);
}

/** How many places have a verdict. @param {Recording} recording */
const judged = ({ document: { leaks } }) => (leaks ? VERDICT_NAMES.reduce((sum, name) => sum + leaks.totals[name], 0) : 0);

/** The one sentence that says everything: what `seep leaks` found, in its words. @param {Recording} recording @returns {(string|Node)[]} */
function headline(recording) {
	const { leaks, finding, unjudged } = recording.document;
	const strong = (/** @type {string} */ text) => make("strong", {}, text);
	if (!leaks) return [strong("No verdict. "), sentence(unjudged)];
	const unseen = recording.rate > 1 ? ` A leak under ${bytes(3 * recording.rate)} may go unseen: one sample is taken in ${bytes(recording.rate)}.` : "";
	const { growing, unknown } = leaks.totals;
	const all = judged(recording);
	if (finding.name === "leaks") return [strong(`${leakingText(recording)}. `), firstText(recording), finding.limit && ` ${sentence(finding.limit)}`, unseen];
	if (finding.name === "none") return [strong("No verdict. "), sentence(finding.words), unseen];
	const rest = [growing ? `${count(growing)} grow` : "", unknown ? `${count(unknown)} can't be told` : ""].filter(Boolean).join(", ");
	return [
		strong(`Nothing${finding.mappings_grew ? " of the heap" : ""} leaks `), `${safe(finding.words)}. `,
		restText(all, rest), unseen,
	];
}

/** @param {string} text */
const sentence = (text) => `${safe(text[0].toUpperCase() + text.slice(1))}.`;

/** "2 places leak, and 1 spread over many, together 1.20 GiB [1.1, 1.3] an hour". @param {Recording} recording */
function leakingText(recording) {
	const { totals, spreads } = recording.document.leaks;
	const spread = spreads.filter((/** @type {Place} */ row) => row.verdict === "leak").length;
	const places = totals.leak === 0 ? "Something leaks in many places" : totals.leak === 1 ? "One place leaks" : `${count(totals.leak)} places leak`;
	return `${places}${spread && totals.leak ? `, and ${count(spread)} spread over many` : ""}: ${paceText(recording, totals.leak_bytes_per_s, totals.leak_low_per_s, totals.leak_high_per_s)}`;
}

/** The first thing to look at. @param {Recording} recording */
function firstText(recording) {
	const { totals, spreads, places, sites } = recording.document.leaks;
	if (totals.leak === 0) return `It is ${spreadText(spreads.find((/** @type {Place} */ row) => row.verdict === "leak"))}.`;
	const where = `${placeText(places[0])} (${lineText(places[0])})`;
	if (totals.leak === 1) return `It is ${where}.`;
	const isMost = 2 * sites[0].leak_bytes_per_s > totals.leak_bytes_per_s;
	return `${isMost ? "Most comes from" : "The first is"} ${where}: ${rateText(recording, sites[0])}.`;
}

/** Explanations of the verdicts, shown on hover. @type {Record<string, string>} */
const FACTS = {
	"in use": "allocated and not freed yet, estimated from samples", RSS: "the part of the process's memory that is in RAM", limit: "what the process may have at most",
	"sample rate": "one sample is taken, on average, each time so much was allocated", lost: "samples that could not be kept",
};

/** @param {Recording} recording */
function facts(recording) {
	const { document } = recording;
	const at = document.judged_at;
	const band = recording.series(null)[at];
	const moments = document.moments;
	const fact = (/** @type {string} */ name, /** @type {(string|Node)[]} */ ...value) => make("div.fact", { title: FACTS[name] ?? "" }, make("span.name", {}, `${name} `), make("span.value", {}, ...value));
	const last = (/** @type {(number|null)[]} */ column) => column.reduce((found, value) => value ?? found, null);
	const rss = moments.rss[at];
	const limit = last(moments.limit);
	/* with several, each has its own */
	const begun = document.processes?.length ? 0 : document.process.start_unix_ns;
	return make(
		"div.facts", {},
		fact("in use", estimateText(band.value, band).value, " ", make("small", {}, estimateText(band.value, band).interval)),
		rss !== null && fact("RSS", bytes(rss)),
		limit !== null && fact("limit", bytes(limit)),
		recording.times[recording.count - 1] > 0 && fact("recorded", duration(recording.times[recording.count - 1]), make("small", {}, begun > 0 ? ` from ${moment(begun)}` : "")),
		!document.metric && fact("snapshots", count(recording.count)),
		fact("sample rate", recording.rate ? bytes(recording.rate) : "unknown"),
		fact("lost", safe(document.losses_text)),
	);
}

/** @param {Recording} recording */
function cautions(recording) {
	const { document } = recording;
	const lines = [...document.notes];
	if (document.finding?.mappings_grew && !document.mapped) lines.push("What the program maps past malloc has grown, too, and does not leak as far as this recording can show: seep leaks --mappings -v has its places.");
	if (document.shutdown_left_out) lines.push(`The program shut down at the end: the verdicts are about the moment before, ${duration(recording.times[document.judged_at])} after the start.`);
	if (document.snapshots_left_out) lines.push(`${document.snapshots_left_out} snapshots of a longer series are not looked at for the verdicts.`);
	if (recording.leftOut) {
		const inUse = recording.inUseBySite(document.judged_at, "bytes");
		const share = percent(inUse[recording.siteCount - 1], inUse.reduce((sum, value) => sum + value, 0));
		lines.push(`There is no room for all ${count(recording.siteCount - 1 + recording.leftOut)} sites: the ${count(recording.leftOut)} with least memory are one here, with ${share || "none"} of what is in use. All totals and intervals have them in; seep leaks and seep diff show each.`);
	}
	if (document.sites.cut_stacks) lines.push(`The innermost calls of ${count(document.sites.cut_stacks)} stacks are left out: the input is too small for so many.`);
	if (document.snapshots_damaged) lines.push(`${document.snapshots_damaged === 1 ? "1 snapshot is" : `${document.snapshots_damaged} snapshots are`} damaged and left out.`);
	if (document.snapshots_removed) lines.push(`${document.snapshots_removed} snapshots were removed while it was recorded, to save space.`);
	return lines.length ? make("ul.notes", {}, ...lines.map((line) => make("li", {}, safe(line)))) : null;
}

/** The verdicts in words, for readers who do not know them. @type {Record<string, string>} */
const MEANINGS = {
	leak: "what got old was not freed", growing: "grew, without that proof", stopped: "grew, and then stopped", unknown: "too little to tell", steady: "level", churn: "comes and goes",
};

/** How to read the rows. @param {Place[]} shown */
function key(shown) {
	const verdicts = VERDICT_NAMES.filter((name) => shown.some(({ verdict }) => verdict === name));
	const words = verdicts.flatMap((name) => [" ", make("b", {}, name), `: ${MEANINGS[name]}.`]);
	return make("p.caption", {}, "A place is the program's line that asked for memory. The true number lies within [ ] 95 times in 100.", ...words);
}

const SHOWN = 12;
/** How many places have each verdict, as in `seep leaks -v`. @type {Record<string, number>} */
const TOPS = { leak: 10, growing: 10, stopped: 5, unknown: 5, steady: 3, churn: 3 };
const PROCESSES = 8;

/** The recordings that were added up, by name. @param {Recording} recording */
function processes({ document }) {
	const all = /** @type {{ source: string, pid: number }[]} */ (document.processes ?? []);
	if (!all.length) return "";
	const named = all.slice(0, PROCESSES).map(({ source, pid }) => `${source}${pid ? ` (pid ${pid})` : ""}`);
	return ` ${all.length} processes added up: ${named.join(", ")}${all.length > PROCESSES ? `, and ${all.length - PROCESSES} more` : ""}`;
}

/** Is a place shown? One that is level or can't be told is shown only if some of its memory is left. @param {Place} place */
const isShown = ({ verdict, inuse_bytes: inUse }) => inUse > 0 || (verdict !== "unknown" && verdict !== "steady");

/** The rows of the first screen. @param {Place[]} rows */
function firstRows(rows) {
	/** @type {Record<string, number>} */
	const seen = {};
	const isFirst = (/** @type {Place} */ place) => isShown(place) && (seen[place.verdict] = (seen[place.verdict] ?? 0) + 1) <= TOPS[place.verdict];
	return [...rows.keys()].filter((i) => isFirst(rows[i])).slice(0, SHOWN);
}

/** @param {Recording} recording */
function title(recording) {
	const { document } = recording, { command, pid, host } = document.process;
	return make("h1", {}, safe(command || document.source || "a recording"), make("small", {}, safe(`${pid ? ` pid ${pid}` : ""}${processes(recording)}${host ? ` on ${host}` : ""}`)));
}

/** The head of a page that is only a flame graph. @param {Recording} recording */
export const heading = (recording) => make("section.answer", { aria: { label: "of what" } }, title(recording), facts(recording), cautions(recording));

/** The head of the page. @param {Recording} recording @param {import("../state.js").State} state */
export function answer(recording, state) {
	const { document } = recording;
	/** @type {Place[]} */
	const rows = document.leaks ? document.leaks.places : [];
	const spreads = document.leaks ? document.leaks.spreads : [];
	const series = recording.seriesByKey(rows.length, recording.siteRow);
	const body = make("tbody");
	const first = firstRows(rows);
	const fill = (/** @type {number[]} */ shown) => {
		const [leaking, others] = [true, false].map((isLeak) => [
			...spreads.filter((/** @type {Place} */ spread) => (spread.verdict === "leak") === isLeak).map((/** @type {Place} */ spread) => spreadRow(recording, spread)),
			...shown.filter((i) => (rows[i].verdict === "leak") === isLeak).map(row),
		]);
		body.replaceChildren(...leaking, ...others);
	};
	const row = (/** @type {number} */ i) => {
		const place = rows[i];
		const evidence = document.sentences[i];
		const inUse = estimateText(place.inuse_bytes, place.inuse_low === null ? null : { low: place.inuse_low, high: place.inuse_high });
		const choose = () => state.set({ row: recording.rowOf(state.get("row")) === i ? "" : recording.rowKeys[i], source: "" });
		const element = make(
			"tr", { tabIndex: 0, data: { row: i }, on: { click: choose, keydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && choose() } },
			make("td.verdict", {}, make("span.badge", { style: `background:${badgeColour(place.verdict)}` }, place.verdict)),
			make("td.number", { data: { name: "rate" } }, rateText(recording, document.leaks.sites[i]) || "–"),
			make("td.number", { data: { name: "in use" } }, inUse.value, " ", make("small", {}, inUse.interval)),
			make("td", {}, spark(series[i], verdictColour(place.verdict))),
			make("td.where", {}, make("b", { title: safe(place.function) }, placeText(place)), " ", make("span.line", {}, lineText(place)), evidence ? make("div.evidence", {}, safe(evidence)) : null),
		);
		element.classList.toggle("chosen", recording.rowOf(state.get("row")) === i);
		return element;
	};
	fill(first);
	state.on(["row"], () => {
		const chosen = String(recording.rowOf(state.get("row")));
		for (const element of body.querySelectorAll("tr")) element.classList.toggle("chosen", element.dataset.row === chosen);
	});
	const all = judged(recording);
	const more = rows.length > first.length && make("button", { on: { click: () => { fill([...rows.keys()]); if (more) more.remove(); } } }, all > rows.length ? `${count(rows.length)} of ${count(all)} places` : `all ${count(rows.length)} places`);
	return make(
		"section.answer", { aria: { label: "what leaks" } },
		title(recording),
		document.leaks?.memory_growth?.elsewhere && make("p.elsewhere", {}, safe(document.leaks.memory_growth.elsewhere)),
		make("p.headline", {}, ...headline(recording)),
		facts(recording),
		cautions(recording),
		document.finding?.name !== "leaks" && mappedPlaces(recording),
		rows.length > 0 && key([...spreads, ...first.map((i) => rows[i])]),
		rows.length > 0 && make("table.places", {}, make("thead", {}, make("tr", {}, ...["verdict", "rate", "in use", "over time", "where"].map((name) => make("th", { scope: "col" }, name)))), body),
		more,
		document.finding?.name === "leaks" && mappedPlaces(recording),
	);
}
