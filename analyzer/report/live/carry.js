// SPDX-License-Identifier: Apache-2.0
// The address holds the reader's choices, so that they apply to newer data, too. Choices that do not hold for these are
// changed here.

/** @typedef {import("../data/recording.js").Recording} Recording */

/** @param {Recording} a @param {Recording} b */
const isSameProcess = (a, b) => a.document.process.pid === b.document.process.pid && a.document.process.start_unix_ns === b.document.process.start_unix_ns;

/** If AFTER is the newest moment, it follows the newest. But if the verdicts are about that moment, it does not follow into a shutdown. @param {Recording} before @param {Recording} after @param {string} text */
function newestOf(before, after, text) {
	if (text === "" || before.momentOf(text, true) !== before.count - 1) return text;
	return after.numbers[before.document.judged_at === before.count - 1 ? after.document.judged_at : after.count - 1];
}

/** The choices that would mean something else in the new recording, adapted to it. @param {import("../state.js").State} state @param {Recording} before @param {Recording} after */
export function carried(state, before, after) {
	if (!isSameProcess(before, after)) return { from: "", to: "", row: "", zoom: "", around: "" };
	return { to: newestOf(before, after, state.get("to")), row: after.rowOf(state.get("row")) < 0 ? "" : state.get("row") };
}
