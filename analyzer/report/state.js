// SPDX-License-Identifier: Apache-2.0
// The reader's choices: one object that is kept in the address, so that a link opens the same view again.

import { METRICS } from "./data/values.js";

/** Choices by name, with their defaults. A default is not in the address. */
const DEFAULTS = {
	from: "", to: "", metric: "inuse", fold: "function", inverted: "", recursion: "", colour: "module", search: "",
	only: "", without: "", hide: "", around: "", zoom: "", by: "function", sort: "value", ascending: "", filter: "", row: "", source: "", rss: "1",
};

/** @typedef {keyof typeof DEFAULTS} Name */
const NAMES = /** @type {Name[]} */ (Object.keys(DEFAULTS));

/** The possible values of some choices; other values in an address are ignored. @type {Partial<Record<Name, string[]>>} */
const KINDS = {
	metric: Object.keys(METRICS), fold: ["function", "line", "module"], colour: ["module", "verdict"], by: ["site", "function", "line", "module"],
	sort: ["value", "objects", "growth", "verdict", "allocated", "name"], inverted: ["", "1"], recursion: ["", "1"], ascending: ["", "1"], rss: ["", "1"],
};

/* Browsers refuse, or throw at, more than some hundred changes of the address in half a minute. Dragging a handle makes
 * that many. */
const CHANGES_AT_ONCE = 20;
const PAUSE_MS = 400;

export class State {
	constructor() {
		/** @type {{names: Name[], listener: () => void}[]} */
		this.listeners = [];
		this.values = { ...DEFAULTS };
		this.changes = CHANGES_AT_ONCE; /* how many may be made at once; one more is allowed each PAUSE_MS */
		this.shown = 0;
		this.timer = 0;
		this.#read();
		window.addEventListener("pagehide", () => this.timer && this.#replace());
		window.addEventListener("hashchange", () => {
			this.#forgetWaiting(); /* the reader's choice is newer */
			this.#read();
			this.#tell(NAMES);
		});
	}

	#read() {
		const given = new URLSearchParams(window.location.hash.slice(1));
		for (const name of NAMES) {
			const value = given.get(name) ?? DEFAULTS[name];
			this.values[name] = KINDS[name]?.includes(value) === false ? DEFAULTS[name] : value;
		}
	}

	/** @param {Name} name @returns {string} */
	get(name) {
		return this.values[name];
	}

	/** @param {Partial<Record<Name, string|number>>} changes */
	set(changes) {
		const changed = NAMES.filter((name) => changes[name] !== undefined && this.values[name] !== String(changes[name]));
		if (changed.length === 0) return;
		for (const name of changed) this.values[name] = String(changes[name]);
		this.#show();
		this.#tell(changed);
	}

	/** Puts the choices into the address: at once, or a little later if there were many changes. */
	#show() {
		const now = performance.now();
		this.changes = Math.min(CHANGES_AT_ONCE, this.changes + (now - this.shown) / PAUSE_MS);
		this.shown = now;
		if (this.timer) return;
		if (this.changes >= 1) {
			this.#replace();
			return;
		}
		this.timer = window.setTimeout(() => this.#replace(), PAUSE_MS);
		document.documentElement.toggleAttribute("data-address-waits", true); /* tests wait for this */
	}

	#forgetWaiting() {
		window.clearTimeout(this.timer);
		this.timer = 0;
		document.documentElement.removeAttribute("data-address-waits");
	}

	#replace() {
		this.#forgetWaiting();
		this.changes -= 1;
		const shown = new URLSearchParams();
		for (const name of NAMES) if (this.values[name] !== DEFAULTS[name]) shown.set(name, this.values[name]);
		window.history.replaceState(null, "", `#${shown}`);
	}

	/** @param {Name[]} changed */
	#tell(changed) {
		for (const { names, listener } of this.listeners) if (names.some((name) => changed.includes(name))) listener();
	}

	/** The choices with which the page opens, unless the address has others. @param {Partial<Record<Name, string>>} choices */
	begin(choices) {
		if (window.location.hash.length > 1) return;
		for (const name of NAMES) this.values[name] = choices[name] ?? this.values[name];
	}

	/** Removes all listeners, before the page is built anew. */
	forget() {
		this.listeners = [];
	}

	/** Calls the listener when one of these has changed. @param {Name[]} names @param {() => void} listener */
	on(names, listener) {
		this.listeners.push({ names, listener });
	}
}
