// SPDX-License-Identifier: Apache-2.0
// The address names what the reader has chosen so that newer data have it, too. What does not hold for them is changed here.

/** @typedef {import("../data/recording.js").Recording} Recording */

/** @param {Recording} a @param {Recording} b */
const isSameProcess = (a, b) => a.document.process.pid === b.document.process.pid && a.document.process.start_unix_ns === b.document.process.start_unix_ns;

/** AFTER at the newest moment follows the newest; where that was what the verdicts are about, it does not follow into a shutdown. @param {Recording} before @param {Recording} after @param {string} text */
function newestOf(before, after, text) {
	if (text === "" || before.momentOf(text, true) !== before.count - 1) return text;
	return after.numbers[before.document.judged_at === before.count - 1 ? after.document.judged_at : after.count - 1];
}

/** Choices for the new recording where the state's would mean something else. @param {import("../state.js").State} state @param {Recording} before @param {Recording} after */
export function carried(state, before, after) {
	if (!isSameProcess(before, after)) return { from: "", to: "", row: "", zoom: "", around: "" };
	return { to: newestOf(before, after, state.get("to")), row: after.rowOf(state.get("row")) < 0 ? "" : state.get("row") };
}
