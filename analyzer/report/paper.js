// SPDX-License-Identifier: Apache-2.0
// Canvases are drawn for the window. For paper they are drawn as wide as it, and dark on white.

/** @param {HTMLElement} root @param {() => void} redraw draws the canvases */
export function drawForPaper(root, redraw) {
	const { dataset } = document.documentElement;
	let theme = dataset.theme;
	addEventListener("beforeprint", () => {
		theme = dataset.theme;
		dataset.theme = "light";
		root.classList.add("printed");
		redraw();
	});
	addEventListener("afterprint", () => {
		dataset.theme = theme;
		root.classList.remove("printed");
		redraw();
	});
}
