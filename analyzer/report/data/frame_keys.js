// SPDX-License-Identifier: Apache-2.0
// Which calls are one frame of a graph: all of a function, of a line, or of a module.

/**
 * @typedef {import("./recording.js").Recording} Recording
 * @typedef {object} FrameKeys
 * @property {string[]} names by key
 * @property {Int32Array} of the key of every frame
 * @property {number} none the key of what has no stack
 * @property {string[]} identities by key, which another page's data have, too
 */

/** What a search looks at: function, file:line, module. @param {Recording} recording @param {number} frame */
export function searchText(recording, frame) {
	return frame < 0 ? "[no stack]" : `${recording.functionOf(frame)} ${recording.fileOf(frame)}:${recording.frames.line[frame]} ${recording.moduleOf(frame)}`;
}

/** @type {WeakMap<Recording, Map<string, FrameKeys>>} */
const made = new WeakMap();

/** A number for every frame such that frames that are folded into one have the same. @param {Recording} recording @param {string} fold @returns {FrameKeys} */
export function frameKeys(recording, fold) {
	const ofRecording = made.get(recording) ?? new Map();
	made.set(recording, ofRecording);
	if (!ofRecording.has(fold)) ofRecording.set(fold, number(recording, fold));
	return /** @type {FrameKeys} */ (ofRecording.get(fold));
}

/** @param {Recording} recording @param {string} fold @returns {FrameKeys} */
function number(recording, fold) {
	/** @type {string[]} */
	const names = [];
	/** @type {Map<string, number>} */
	const numbers = new Map();
	const of = new Int32Array(recording.frames.line.length);
	/** @param {string} identity @param {string} name */
	const keyOf = (identity, name) => {
		let key = numbers.get(identity);
		if (key === undefined) {
			key = names.length;
			numbers.set(identity, key);
			names.push(name);
		}
		return key;
	};
	for (let frame = 0; frame < of.length; frame++) {
		const name = recording.functionOf(frame);
		const module = recording.moduleOf(frame);
		if (fold === "module") of[frame] = keyOf(module, module || "[no module]");
		else if (fold === "line") of[frame] = keyOf(`${name}\n${recording.lineOf(frame)}\n${module}`, `${name} ${recording.lineOf(frame)}`);
		else of[frame] = keyOf(`${name}\n${module}`, name);
	}
	const none = keyOf("\n", "[no stack]");
	return { names, of, none, identities: [...numbers.keys()] };
}
