// SPDX-License-Identifier: Apache-2.0
// Dark or light: as the reader chose last, or as their system is.

const THEME = "seep-theme";

function chosen() {
	try {
		return localStorage.getItem(THEME);
	} catch {
		return null; /* a page that may store nothing */
	}
}

export const themeOf = () => chosen() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

/** @param {string} theme */
export function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	try {
		localStorage.setItem(THEME, theme);
	} catch {
		/* then it holds for this time */
	}
}
