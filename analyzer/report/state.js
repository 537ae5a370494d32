// SPDX-License-Identifier: Apache-2.0
// What the reader has chosen: one object, kept in the address, so that a link opens the same view again.

/** Choices by name with what holds where nothing was chosen; an absent one does not stand in the address. */
const DEFAULTS = {
	from: "", to: "", metric: "inuse", fold: "function", inverted: "", recursion: "", colour: "module", search: "",
	only: "", without: "", around: "", zoom: "", by: "function", sort: "value", ascending: "", filter: "", row: "",
};

export class State {
	constructor() {
		this.listeners = [];
		this.values = { ...DEFAULTS };
		this.#read();
		window.addEventListener("hashchange", () => {
			this.#read();
			this.#tell(Object.keys(DEFAULTS));
		});
	}

	#read() {
		const given = new URLSearchParams(window.location.hash.slice(1));
		for (const name of Object.keys(DEFAULTS)) this.values[name] = given.get(name) ?? DEFAULTS[name];
	}

	get(name) {
		return this.values[name];
	}

	/** @param {Partial<typeof DEFAULTS>} changes */
	set(changes) {
		const changed = Object.keys(changes).filter((name) => this.values[name] !== String(changes[name]));
		if (changed.length === 0) return;
		for (const name of changed) this.values[name] = String(changes[name]);
		const shown = new URLSearchParams();
		for (const [name, value] of Object.entries(this.values)) if (value !== DEFAULTS[name]) shown.set(name, value);
		window.history.replaceState(null, "", `#${shown}`);
		this.#tell(changed);
	}

	#tell(changed) {
		for (const { names, listener } of this.listeners) if (names.some((name) => changed.includes(name))) listener();
	}

	/** Before the page is built anew: nobody listens any more. */
	forget() {
		this.listeners = [];
	}

	/** Calls the listener when one of these has changed. */
	on(names, listener) {
		this.listeners.push({ names, listener });
	}
}
