// SPDX-License-Identifier: Apache-2.0
// Which calls are one frame of a graph: all of a function, of a line, or of a module.

import { shortName } from "../numbers/hash.js";

/**
 * @typedef {import("./recording.js").Recording} Recording
 * @typedef {object} FrameKeys
 * @property {string[]} names by key
 * @property {Int32Array} of the key of every frame
 * @property {number[]} first a frame of every key; -1: no stack
 * @property {number} none the key of samples without a stack
 */

/** The text that a search looks at: function, file:line, module. @param {Recording} recording @param {number} frame */
export function searchText(recording, frame) {
	return frame < 0 ? "[no stack]" : `${recording.functionOf(frame)} ${recording.fileOf(frame)}:${recording.frames.line[frame]} ${recording.moduleOf(frame)}`;
}

/** @type {WeakMap<Recording, Map<string, FrameKeys>>} */
const made = new WeakMap();

/** Numbers the frames; those that are folded into one have one number. @param {Recording} recording @param {string} fold @returns {FrameKeys} */
export function frameKeys(recording, fold) {
	const ofRecording = made.get(recording) ?? new Map();
	made.set(recording, ofRecording);
	if (!ofRecording.has(fold)) {
		const of = keysOf(recording, fold);
		const first = firstFrames(of);
		const names = first.map((frame) => nameOf(recording, fold, frame));
		ofRecording.set(fold, { names: [...names, "[no stack]"], of, first: [...first, -1], none: names.length });
	}
	return /** @type {FrameKeys} */ (ofRecording.get(fold));
}

/** @param {Recording} recording @param {string} fold @param {number} frame */
function nameOf(recording, fold, frame) {
	if (fold === "module") return recording.moduleOf(frame) || "[no module]";
	return fold === "line" ? `${recording.functionOf(frame)} ${recording.lineOf(frame)}` : recording.functionOf(frame);
}

/**
 * Numbers pairs of numbers, from 0 on; equal pairs have one number.
 * @param {Int32Array} first @param {Int32Array} second @param {number} limit of the second ones
 */
function paired(first, second, limit) {
	/** @type {Map<number, number>} */
	const numbers = new Map();
	const of = new Int32Array(first.length);
	for (let i = 0; i < of.length; i++) {
		const pair = first[i] * limit + second[i];
		const number = numbers.get(pair) ?? numbers.size;
		if (number === numbers.size) numbers.set(pair, number);
		of[i] = number;
	}
	return of;
}

/** Equal texts have equal numbers, so texts need not be compared. @param {Recording} recording @param {string} fold @returns {Int32Array} */
function keysOf({ texts, frames }, fold) {
	const functions = fold === "module" ? new Int32Array(frames.module.length) : frames.function;
	let of = paired(functions, frames.module, texts.length);
	if (fold === "line") of = paired(paired(of, frames.file, texts.length), frames.line, 2 ** 32);
	return of;
}

/** One frame of every key. @param {Int32Array} of */
function firstFrames(of) {
	/** @type {number[]} */
	const frames = [];
	for (let frame = 0; frame < of.length; frame++) if (of[frame] === frames.length) frames.push(frame);
	return frames;
}

/** The key's name in the address. It holds for another page's data, too. @param {Recording} recording @param {string} fold @param {number} key */
export function keyName(recording, fold, key) {
	const { names, first } = frameKeys(recording, fold);
	return shortName(`${names[key]}\n${fold === "module" ? "" : recording.moduleOf(first[key])}\n${fold === "line" ? recording.fileOf(first[key]) : ""}`);
}

/** The key with that name; -1: there is none. @param {Recording} recording @param {string} fold @param {string} name */
export const keyNamed = (recording, fold, name) => (name === "" ? -1 : frameKeys(recording, fold).names.findIndex((_, key) => keyName(recording, fold, key) === name));
