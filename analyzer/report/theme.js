// SPDX-License-Identifier: Apache-2.0
// Dark or light: as the reader last chose, or else as the reader's system is.

const THEME = "seep-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
	try {
		return localStorage.getItem(THEME);
	} catch {
		return null; /* this page may not store anything */
	}
}

/** Applies the theme, and follows the system until the reader chooses. @param {() => void} changed */
export function followTheme(changed) {
	const show = () => { document.documentElement.dataset.theme = chosen() || (system.matches ? "dark" : "light"); };
	system.addEventListener("change", () => {
		show();
		changed();
	});
	show();
}

/** Switches between dark and light: the reader's choice. */
export function switchTheme() {
	const { dataset } = document.documentElement;
	dataset.theme = dataset.theme === "dark" ? "light" : "dark";
	try {
		localStorage.setItem(THEME, dataset.theme);
	} catch {
		/* then the choice holds only for this visit */
	}
}
