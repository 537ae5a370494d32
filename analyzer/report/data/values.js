// SPDX-License-Identifier: Apache-2.0
// The value that a view shows for each site: in use at AFTER, or the change between BEFORE and AFTER.

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

/** @param {import("./recording.js").Recording} recording @param {string} metric @param {Moments} moments @returns {Values} */
export function siteValues(recording, metric, { before, after }) {
	if (metric === "growth") {
		const net = recording.growthBySite(before, after);
		return { width: net.map(Math.abs), net };
	}
	if (metric === "inuse" || metric === "objects") {
		const values = recording.inUseBySite(after, metric === "inuse" ? "bytes" : "objects");
		return { width: values, net: values };
	}
	const kept = metric !== "churn" ? null : recording.count === 1 ? recording.inUseBySite(after, "bytes") : recording.growthBySite(before, after);
	const values = recording.allocatedBetween(before, after)[metric === "allocations" ? "objects" : "bytes"].map((value, site) => Math.max(0, value - (kept ? kept[site] : 0)));
	return { width: values, net: values };
}
