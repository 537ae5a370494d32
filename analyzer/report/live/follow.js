// SPDX-License-Identifier: Apache-2.0
// A page from `seep serve` carries no data: it asks its server for them, and again whenever there are newer ones.

import { documentOf } from "../data/data.js";
import { make, safe } from "../dom.js";

const POLL_MS = 2000;
const FIRST_POLL_MS = 250; /* until there is something to show */
const ANSWER_MS = 15000;
/** @type {Record<string, string>} */
const STATES = { running: "live", ended: "recording ended", left: "recording ended without a last snapshot", broken: "can't be read", new: "live", gone: "the recording is not there any more" };

const wait = (/** @type {number} */ ms) => new Promise((done) => { setTimeout(done, ms); });
const clock = (/** @type {Date} */ date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

/** Resolves once the page can be seen: a hidden one asks nothing. @returns {Promise<void>} */
function visible() {
	if (!document.hidden) return Promise.resolve();
	return new Promise((done) => {
		const look = () => {
			if (document.hidden) return;
			document.removeEventListener("visibilitychange", look);
			done();
		};
		document.addEventListener("visibilitychange", look);
	});
}

/** @param {string} name */
async function ask(name) {
	const answer = await fetch(name, { cache: "no-cache", credentials: "same-origin", signal: AbortSignal.timeout(ANSWER_MS) });
	if (!answer.ok) throw new Error((await answer.text()).trim() || answer.statusText);
	return answer;
}

export class Follower {
	/** @param {(document: any) => Promise<void>} show puts new data on the page as soon as the reader is not in the middle of something */
	constructor(show) {
		this.show = show;
		/** @type {string|null} */
		this.version = null; /* of the data that are shown */
		/** @type {Date|null} */
		this.dataOf = null; /* the time of the newest moment shown */
		this.text = make("span", { role: "status" });
		this.element = make("p.live", {}, this.text, " ", make("a", { href: "../../" }, "all recordings"));
	}

	/** @param {string} kind @param {string} text */
	#say(kind, text) {
		this.element.dataset.kind = kind;
		if (this.text.textContent !== text) this.text.textContent = text;
	}

	/** @param {any} status of the server's */
	#tell(status) {
		const of = this.dataOf ? `data of ${clock(this.dataOf)}` : "reading the recording";
		const fault = status.fault ? `: ${safe(status.fault)}` : "";
		this.#say(status.state, `${STATES[status.state] ?? safe(status.state)}${fault}; ${of}`);
	}

	async #look() {
		const status = await (await ask("state")).json();
		if (status.version !== null && status.version !== this.version) {
			const answer = await ask("data");
			await this.show(await documentOf(new Uint8Array(await answer.arrayBuffer())));
			this.version = answer.headers.get("ETag");
			this.dataOf = new Date(status.data_unix_ms);
		}
		this.#tell(status);
	}

	/** Never ends. */
	async run() {
		for (;;) {
			await visible();
			try {
				await this.#look();
			} catch (thrown) {
				const error = /** @type {Error} */ (thrown);
				/* fetch's own error */
				const lost = error instanceof TypeError || error.name === "TimeoutError" || error.name === "AbortError";
				this.#say("lost", `${lost ? "connection lost" : safe(error.message)}${this.dataOf ? `, last data of ${clock(this.dataOf)}` : ""}`);
			}
			await wait(this.version === null ? FIRST_POLL_MS : POLL_MS);
		}
	}
}
