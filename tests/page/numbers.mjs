// SPDX-License-Identifier: Apache-2.0
// node numbers.mjs PAGE SEEP RECORDING PAIRS: computes growth and what is in use from a page's data at random pairs of its
// snapshots and compares each number with those of `seep diff --json`. Prints a line for each difference.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { bytesOf, documentOf } from "../../analyzer/report/data/data.js";
import { sumInterval, unseenBytes } from "../../analyzer/report/numbers/interval.js";
import { Recording } from "../../analyzer/report/data/recording.js";

const [page, seep, directory, pairs] = process.argv.slice(2);
const carried = /id="seep-data">([^<]*)</.exec(readFileSync(page, "utf8"));
const recording = new Recording(await documentOf(bytesOf(carried[1])));
const path = (k) => `${directory}/${String(recording.numbers[k]).padStart(6, "0")}.seep`;

/* Lehmer's generator: the same pairs in every run. */
let seed = 20261129;
const random = (below) => {
	seed = (seed * 48271) % 2147483647;
	return seed % below;
};

/** Whole numbers agree, but for a last digit that was rounded the other way; q to five digits. */
function complain(what, ours, theirs) {
	if (what === "q" && theirs === null) return; /* seep diff leaves out sites that can't be judged */
	const near = theirs === null ? Number.isNaN(ours) : Math.abs(ours - theirs) <= (what === "q" ? 1e-5 * Math.abs(theirs) : 1);
	if (!near) console.log(`${what}: ${ours} on the page, ${theirs} in seep diff`);
}

/** A row's numbers, in the order of the columns. */
const COLUMNS = ["growth_bytes", "growth_low", "growth_high", "growth_objects", "growth_objects_low", "growth_objects_high", "inuse_bytes", "inuse_low", "inuse_high", "q"];
const order = (a, b) => COLUMNS.reduce((sign, _, i) => sign || Math.round(a[i]) - Math.round(b[i]), 0);

let compared = 0;
for (let i = 0; i < Number(pairs); i++) {
	const [before, after] = [random(recording.count), random(recording.count)].sort((a, b) => a - b);
	const difference = JSON.parse(execFileSync(seep, ["diff", "--json", "--by=stack", "--symbols=/", path(before), path(after)], { maxBuffer: 1 << 28 }));
	const total = recording.growth(before, after, 1, new Int32Array(recording.siteCount));
	complain("growth_bytes of all", total.bytes(0), difference.totals.growth_bytes);
	complain("growth_low of all", total.interval(0).low, difference.totals.growth_low);
	complain("growth_high of all", total.interval(0).high, difference.totals.growth_high);
	compared += 3;
	if (recording.leftOut) continue; /* not each site has a row */
	const now = recording.inUse(after, recording.siteCount, null);
	const growth = recording.growth(before, after, recording.siteCount, null);
	const q = growth.q();
	const allocated = recording.allocated(after);
	const known = [...q.keys()].filter((site) => allocated.bytes[site] > 0);
	const ours = known.map((site) => {
		const band = sumInterval(now.bytes.at(site), unseenBytes(recording.rate));
		const [interval, objects] = [growth.interval(site), growth.objectsInterval(site)];
		return [growth.bytes(site), interval.low, interval.high, growth.objects(site), objects.low, objects.high, now.bytes.estimate(site), band.low, band.high, q[site]];
	}).sort(order);
	for (const site of known) if (growth.verdict(site) === "growing" !== (q[site] <= 0.05 && growth.bytes(site) > 0)) console.log(`the verdict on site ${site} is not that of its q`);
	/* A site without a sample by then has nothing to compare. */
	const theirs = difference.sites.filter((site) => site.alloc_bytes > 0).map((site) => COLUMNS.map((name) => site[name])).sort(order);
	if (ours.length !== theirs.length) console.log(`${ours.length} sites on the page, ${theirs.length} in seep diff`);
	theirs.forEach((row, k) => ours[k] && COLUMNS.forEach((name, c) => complain(name, ours[k][c], row[c])));
	compared += theirs.length * COLUMNS.length;
}
console.log(`${compared} numbers compared`);
