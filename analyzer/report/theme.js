// SPDX-License-Identifier: Apache-2.0
// Dark or light: as the reader chose last, or as their system is.

const THEME = "seep-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
	try {
		return localStorage.getItem(THEME);
	} catch {
		return null; /* a page that may store nothing */
	}
}

/** Shows it, and follows the system for as long as the reader has chosen nothing. @param {() => void} changed */
export function followTheme(changed) {
	const show = () => { document.documentElement.dataset.theme = chosen() || (system.matches ? "dark" : "light"); };
	system.addEventListener("change", () => {
		show();
		changed();
	});
	show();
}

/** Dark where it was light: the reader's choice. */
export function switchTheme() {
	const { dataset } = document.documentElement;
	dataset.theme = dataset.theme === "dark" ? "light" : "dark";
	try {
		localStorage.setItem(THEME, dataset.theme);
	} catch {
		/* then it holds for this time */
	}
}
