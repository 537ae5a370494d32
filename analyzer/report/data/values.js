// SPDX-License-Identifier: Apache-2.0
// What a view shows for each site: in use at AFTER, or what happened between BEFORE and AFTER.

import { estimate } from "../numbers/interval.js";

export const METRICS = {
	inuse: "in use (bytes)",
	objects: "in use (objects)",
	growth: "growth (bytes)",
	allocated: "allocated (bytes)",
	allocations: "allocated (objects)",
	churn: "freed again (bytes)",
};

export const isBytes = (metric) => metric !== "objects" && metric !== "allocations";

/**
 * Values by site. `width` is never negative; of growth it is what grew plus what shrank, so that what vanished is seen.
 * @returns {{width: Float64Array, net: Float64Array}}
 */
export function siteValues(recording, metric, { before, after }) {
	const sites = recording.siteCount;
	const width = new Float64Array(sites);
	const net = new Float64Array(sites);
	const all = (site) => site;
	if (metric === "inuse" || metric === "objects") {
		recording.inUse(after, sites, all).forEach((measure, site) => {
			width[site] = net[site] = estimate(metric === "inuse" ? measure.bytes : measure.objects);
		});
		return { width, net };
	}
	const { fresh, gone } = recording.difference(before, after, sites, all);
	const then = recording.allocated(before);
	const now = recording.allocated(after);
	for (let site = 0; site < sites; site++) {
		const grown = estimate(fresh[site].bytes);
		const shrunk = estimate(gone[site].bytes);
		if (metric === "growth") {
			width[site] = Math.max(grown - shrunk, 0) + Math.max(shrunk - grown, 0);
			net[site] = grown - shrunk;
		} else {
			const bytes = now.bytes[site] - then.bytes[site];
			const objects = now.objects[site] - then.objects[site];
			width[site] = Math.max(0, metric === "allocated" ? bytes : metric === "allocations" ? objects : bytes - (grown - shrunk));
			net[site] = width[site];
		}
	}
	return { width, net };
}
