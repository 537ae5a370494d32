// SPDX-License-Identifier: Apache-2.0
// What the reader has chosen: one object, kept in the address, so that a link opens the same view again.

/** Choices by name with what holds where nothing was chosen; an absent one does not stand in the address. */
const DEFAULTS = {
	from: "", to: "", metric: "inuse", fold: "function", inverted: "", recursion: "", colour: "module", search: "",
	only: "", without: "", hide: "", around: "", zoom: "", by: "function", sort: "value", ascending: "", filter: "", row: "", source: "", rss: "1",
};

/** @typedef {keyof typeof DEFAULTS} Name */
const NAMES = /** @type {Name[]} */ (Object.keys(DEFAULTS));

export class State {
	constructor() {
		/** @type {{names: Name[], listener: () => void}[]} */
		this.listeners = [];
		this.values = { ...DEFAULTS };
		this.#read();
		window.addEventListener("hashchange", () => {
			this.#read();
			this.#tell(NAMES);
		});
	}

	#read() {
		const given = new URLSearchParams(window.location.hash.slice(1));
		for (const name of NAMES) this.values[name] = given.get(name) ?? DEFAULTS[name];
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
		const shown = new URLSearchParams();
		for (const name of NAMES) if (this.values[name] !== DEFAULTS[name]) shown.set(name, this.values[name]);
		window.history.replaceState(null, "", `#${shown}`);
		this.#tell(changed);
	}

	/** @param {Name[]} changed */
	#tell(changed) {
		for (const { names, listener } of this.listeners) if (names.some((name) => changed.includes(name))) listener();
	}

	/** What the page opens with where the address says nothing else. @param {Partial<Record<Name, string>>} choices */
	begin(choices) {
		if (window.location.hash.length > 1) return;
		for (const name of NAMES) this.values[name] = choices[name] ?? this.values[name];
	}

	/** Before the page is built anew: nobody listens any more. */
	forget() {
		this.listeners = [];
	}

	/** Calls the listener when one of these has changed. @param {Name[]} names @param {() => void} listener */
	on(names, listener) {
		this.listeners.push({ names, listener });
	}
}
