// SPDX-License-Identifier: Apache-2.0
// The reader's choices name moments, frames and places by number. New data number them anew; this finds the same ones again.

import { identities } from "../data/frame_keys.js";

/** @typedef {import("../data/recording.js").Recording} Recording */

/** @param {Recording} a @param {Recording} b */
const isSameProcess = (a, b) => a.document.process.pid === b.document.process.pid && a.document.process.start_unix_ns === b.document.process.start_unix_ns;

/** The moment with that snapshot's number, or, where it was thinned out, the nearest in time. @param {Recording} before @param {Recording} after @param {string} text */
function momentOf(before, after, text) {
	const k = Number(text);
	if (text === "" || !(k in before.numbers)) return "";
	let best = 0;
	for (let i = 0; i < after.count; i++) {
		if (after.numbers[i] === before.numbers[k]) return i;
		if (Math.abs(after.times[i] - before.times[k]) < Math.abs(after.times[best] - before.times[k])) best = i;
	}
	return best;
}

/** AFTER at the newest moment follows the newest; where that was what the verdicts are about, it does not follow into a shutdown. @param {Recording} before @param {Recording} after @param {string} text */
function newestOf(before, after, text) {
	if (text === "" || Number(text) !== before.count - 1) return momentOf(before, after, text);
	return before.document.judged_at === before.count - 1 ? after.document.judged_at : after.count - 1;
}

/** @param {Recording} before @param {Recording} after @param {string} text */
function placeOf(before, after, text) {
	const nameOf = (/** @type {any} */ place) => JSON.stringify([place.function, place.file, place.line, place.module]);
	const place = text === "" ? undefined : before.document.leaks?.places[Number(text)];
	const at = place ? (after.document.leaks?.places ?? []).findIndex((/** @type {any} */ other) => nameOf(other) === nameOf(place)) : -1;
	return at < 0 ? "" : at;
}

/** Choices for the new recording that mean what the state's mean for the old one. @param {import("../state.js").State} state @param {Recording} before @param {Recording} after */
export function carried(state, before, after) {
	if (!isSameProcess(before, after)) return { from: "", to: "", row: "", zoom: "", around: "" };
	const fold = state.get("fold");
	const old = identities(before, fold);
	const numbers = new Map(identities(after, fold).map((identity, key) => [identity, key]));
	const keyOf = (/** @type {string} */ text) => numbers.get(old[Number(text)]);
	const zoom = state.get("zoom") === "" ? [] : state.get("zoom").split(".").map(keyOf);
	const gone = zoom.indexOf(undefined);
	return {
		from: momentOf(before, after, state.get("from")),
		to: newestOf(before, after, state.get("to")),
		row: placeOf(before, after, state.get("row")),
		zoom: (gone < 0 ? zoom : zoom.slice(0, gone)).join("."),
		around: state.get("around") === "" ? "" : keyOf(state.get("around")) ?? "",
	};
}
