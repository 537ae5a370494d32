// SPDX-License-Identifier: Apache-2.0
// Keeps what the address does not hold but the reader would miss when the page is built anew: its scroll position and
// its focus. It also tells when not to build the page anew: while the reader is in the middle of something.

const PATIENCE_MS = 5000; /* with a list that may be open: the page can't see whether it is */

let pressed = false;
for (const type of ["pointerdown", "pointerup", "pointercancel"]) document.addEventListener(type, () => { pressed = type === "pointerdown"; }, true);

/** @param {Element} root @param {number} since */
function isBusy(root, since) {
	const selection = document.getSelection();
	if (pressed || root.querySelector(".menu:not([hidden])")) return true;
	if (selection && !selection.isCollapsed && root.contains(selection.anchorNode)) return true;
	return document.activeElement?.tagName === "SELECT" && Date.now() - since < PATIENCE_MS;
}

/** Resolves when the reader is not dragging, and has no menu open and no text selected. @param {Element} root */
export async function untilIdle(root) {
	const since = Date.now();
	while (isBusy(root, since)) await new Promise((done) => { setTimeout(done, 100); });
}

/** The section at the top of the window, and how far into it the window begins. @param {Element} root */
function scrollOf(root) {
	const sections = [...root.querySelectorAll("section")];
	const at = sections.findIndex((section) => section.getBoundingClientRect().bottom > 0);
	return at < 0 || window.scrollY === 0 ? null : { at, offset: sections[at].getBoundingClientRect().top };
}

/** @param {Element} root */
function focusOf(root) {
	const element = document.activeElement;
	const section = element?.closest("section");
	if (!element || !section || !root.contains(section)) return null;
	const at = [...section.querySelectorAll(element.tagName)].indexOf(element);
	/** @type {[number|null, number|null]|null} */
	const range = element instanceof HTMLInputElement ? [element.selectionStart, element.selectionEnd] : null;
	return { section: section.className, tag: element.tagName, at, range };
}

/** Remembers the place; the function that it returns brings it back. @param {Element} root */
export function keep(root) {
	const scroll = scrollOf(root);
	const focus = focusOf(root);
	const all = root.querySelectorAll(".places tbody tr").length;
	return () => {
		const more = /** @type {HTMLElement|null} */ (root.querySelector(".answer > button"));
		if (more && all > root.querySelectorAll(".places tbody tr").length) more.click();
		const element = focus && /** @type {HTMLElement|undefined} */ (root.querySelector(`section.${focus.section}`)?.querySelectorAll(focus.tag)[focus.at]);
		element?.focus({ preventScroll: true });
		if (element instanceof HTMLInputElement && focus?.range) element.setSelectionRange(...focus.range);
		const section = scroll && root.querySelectorAll("section")[scroll.at];
		if (section) window.scrollBy(0, section.getBoundingClientRect().top - scroll.offset);
	};
}
