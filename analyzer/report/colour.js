// SPDX-License-Identifier: Apache-2.0
// Colours of frames and rows, for a light and a dark page.

import { hashOf } from "./numbers/hash.js";

/** @type {Record<string, string>} */
const VERDICTS = { leak: "#d64541", growing: "#e08e2b", unknown: "#8e7cc3", stopped: "#b5a642", steady: "#6aa84f", churn: "#4a90d9" };

/** Darker ones, for white text. @type {Record<string, string>} */
const BADGES = { leak: "#b83230", growing: "#a35c00", unknown: "#6a57a5", stopped: "#706500", steady: "#3d7a28", churn: "#2b66ad" };

/** @param {string} verdict */
export const badgeColour = (verdict) => BADGES[verdict] || "#666666";

/** @param {string} verdict */
export const verdictColour = (verdict) => VERDICTS[verdict] || "#999999";

export const VERDICT_NAMES = Object.keys(VERDICTS);

/** A quiet hue by module; a name has the same hue in every page. @param {string} name @param {boolean} dark */
export const moduleColour = (name, dark) => `hsl(${hashOf(name) % 360} ${dark ? "38% 36%" : "62% 78%"})`;

/**
 * Red grew, blue shrank, grey may be chance.
 * @param {number} share net growth as a part of the width, -1 to 1 @param {boolean} significant @param {boolean} dark
 */
export function growthColour(share, significant, dark) {
	if (!significant) return dark ? "#4a4a4a" : "#d9d9d9";
	const strength = 25 + 45 * Math.min(1, Math.abs(share));
	return `hsl(${share > 0 ? 4 : 214} ${dark ? `${strength * 0.7}% ${24 + strength * 0.2}` : `${strength + 10}% ${100 - strength * 0.42}`}%)`;
}

/** Colours of things among which none is better or worse: five hues, and where they come again, another lightness. @param {number} i @param {boolean} dark */
export const seriesColour = (i, dark) => `hsl(${(205 + i * 67) % 360} ${dark ? 42 : 48}% ${(dark ? [46, 64] : [66, 44])[Math.floor(i / 5) % 2]}%)`;

export const isDark = () => document.documentElement.dataset.theme === "dark";

/** A colour of the style sheet. @param {string} name */
export const styleColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
