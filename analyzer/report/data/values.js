// SPDX-License-Identifier: Apache-2.0
// What a view shows for each site: in use at AFTER, or what happened between BEFORE and AFTER.

/** @type {Record<string, string>} */
export const METRICS = {
	inuse: "in use (bytes)",
	objects: "in use (objects)",
	growth: "growth (bytes)",
	allocated: "allocated (bytes)",
	allocations: "allocated (objects)",
	churn: "freed again (bytes)",
};

/** @param {string} metric */
export const isBytes = (metric) => metric !== "objects" && metric !== "allocations";

/**
 * @typedef {{before: number, after: number}} Moments
 * @typedef {object} Values by site
 * @property {Float64Array} width never negative; of growth it is what grew plus what shrank, so that what vanished is seen
 * @property {Float64Array} net what the number says
 */

/** @param {import("./recording.js").Recording} recording @param {Moments} moments @returns {Values} */
function growthValues(recording, { before, after }) {
	const { fresh, gone } = recording.difference(before, after, recording.siteCount, null);
	const net = new Float64Array(recording.siteCount).map((_, site) => fresh.bytes.estimate(site) - gone.bytes.estimate(site));
	return { width: net.map(Math.abs), net };
}

/** @param {import("./recording.js").Recording} recording @param {string} metric @param {Moments} moments @returns {Values} */
export function siteValues(recording, metric, { before, after }) {
	const sites = recording.siteCount;
	const values = new Float64Array(sites);
	if (metric === "growth") return growthValues(recording, { before, after });
	if (metric === "inuse" || metric === "objects") {
		const measures = recording.inUse(after, sites, null);
		const sums = metric === "inuse" ? measures.bytes : measures.objects;
		for (let site = 0; site < sites; site++) values[site] = sums.estimate(site);
		return { width: values, net: values };
	}
	const allocated = recording.allocatedBetween(before, after)[metric === "allocations" ? "objects" : "bytes"];
	for (let site = 0; site < sites; site++) values[site] = Math.max(0, allocated[site]);
	if (metric === "churn") {
		const growth = growthValues(recording, { before, after });
		for (let site = 0; site < sites; site++) values[site] = Math.max(0, values[site] - growth.net[site]);
	}
	return { width: values, net: values };
}
