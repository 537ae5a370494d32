// SPDX-License-Identifier: Apache-2.0
// A menu that opens at the pointer, and through which keys walk.

import { make } from "../dom.js";

const WIDTH = 214;

export class Menu {
	/** @param {() => void} leave moves the focus when a key has closed the menu */
	constructor(leave) {
		this.leave = leave;
		this.element = make("div.menu", { hidden: true, role: "menu", style: `width:${WIDTH}px`, on: { keydown: (event) => this.#key(event) } });
		document.addEventListener("pointerdown", (event) => {
			if (event.target instanceof Node && !this.element.contains(event.target)) this.close();
		});
	}

	close() {
		this.element.hidden = true;
	}

	/** @param {[string, () => void][]} items @param {number} x @param {number} y @param {number} room how wide the place is */
	open(items, x, y, room) {
		this.element.replaceChildren(...items.map(([text, act]) => make("button", { role: "menuitem", on: { click: () => { this.close(); act(); } } }, text)));
		this.element.hidden = false;
		this.element.style.left = `${Math.max(0, Math.min(x, room - WIDTH - 6))}px`;
		this.element.style.top = `${y}px`;
		/** @type {HTMLElement|null} */ (this.element.firstElementChild)?.focus();
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		if (event.key === "Escape") {
			event.stopPropagation();
			this.close();
			this.leave();
		}
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (!step) return;
		event.preventDefault();
		const items = [.../** @type {HTMLCollectionOf<HTMLElement>} */ (this.element.children)];
		const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
		items[(at + step + items.length) % items.length].focus();
	}
}
