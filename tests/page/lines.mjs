// SPDX-License-Identifier: Apache-2.0
// node lines.mjs PAGE SEEP RECORDING PAIRS: computes what lines hold from a page's data, at random snapshots and pairs of them, and compares
// each number with those of `seep annotate --json`. Prints a line for each difference.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { bytesOf, documentOf } from "../../analyzer/report/data/data.js";
import { frameOfFunction, FunctionLines } from "../../analyzer/report/data/lines.js";
import { Recording } from "../../analyzer/report/data/recording.js";

const [page, seep, directory, pairs] = process.argv.slice(2);
const carried = /id="seep-data">([^<]*)</.exec(readFileSync(page, "utf8"));
const recording = new Recording(await documentOf(bytesOf(carried[1])));
const path = (k) => `${directory}/${String(recording.numbers[k]).padStart(6, "0")}.seep`;
const annotate = (...operands) => JSON.parse(execFileSync(seep, ["annotate", "--json", ...operands], { maxBuffer: 1 << 28 }));

/* Lehmer's generator: the same pairs in every run. */
let seed = 20261129;
const random = (below) => {
	seed = (seed * 48271) % 2147483647;
	return seed % below;
};

let compared = 0;
/** The page's counters are whole numbers by site, so that sums of them may differ by as much. */
function complain(what, ours, theirs) {
	compared++;
	if (!(Math.abs(ours - theirs) <= (what.startsWith("allocated") ? recording.siteCount : 1))) console.log(`${what}: ${ours} on the page, ${theirs} in seep annotate`);
}

/** Every line with a value of every section of the document. */
function compare(document, metric, moments) {
	for (const section of document.sections) {
		const frame = frameOfFunction(recording, `${section.function}\n${section.file ?? section.module}`);
		if (frame < 0) {
			console.log(`no frame of ${section.function} on the page`);
			continue;
		}
		const lines = new Map(new FunctionLines(recording, frame).at(metric, moments).map((line) => [line.number, line]));
		const valued = section.lines.filter((line) => line.flat !== undefined && lines.has(line.line));
		const hold = section.lines.filter((line) => line.flat).length;
		if (hold && !valued.some((line) => line.flat)) console.log(`no line of ${section.function} with a flat value is on the page`);
		for (const theirs of valued) {
			const ours = lines.get(theirs.line);
			for (const kind of ["flat", "cumulative"]) {
				const what = `${metric}, ${section.function}:${theirs.line}, ${kind}`;
				complain(what, ours[kind].value, theirs[kind]);
				if (!ours[kind].ends) continue;
				complain(`${what}, low`, ours[kind].ends.low, theirs[`${kind}_low`]);
				complain(`${what}, high`, ours[kind].ends.high, theirs[`${kind}_high`]);
			}
			for (const call of theirs.inlined) {
				const found = ours.calls.find((other) => recording.functionOf(other.frame) === call.function && other.inlined);
				if (call.cumulative) complain(`${metric}, ${section.function}:${theirs.line} -> ${call.function}`, found?.value ?? NaN, call.cumulative);
			}
		}
	}
}

for (let i = 0; i < Number(pairs); i++) {
	const [before, after] = [random(recording.count), random(recording.count)].sort((a, b) => a - b);
	compare(annotate(path(after)), "inuse", { before, after });
	compare(annotate("--sort=objects", path(after)), "objects", { before, after });
	compare(annotate(path(before), path(after)), "growth", { before, after });
	compare(annotate("--sort=allocated", path(before), path(after)), "allocated", { before, after });
}
console.log(`${compared} numbers compared`);
