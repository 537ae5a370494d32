// SPDX-License-Identifier: Apache-2.0
// Keeps the list of recordings current: asks for it again, and replaces the old list by the new one.

import "./list.css";
import { followTheme } from "../theme.js";

const POLL_MS = 2000;

followTheme(() => {});

const status = /** @type {HTMLElement} */ (document.getElementById("connection"));

async function look() {
	try {
		const answer = await fetch(window.location.pathname, { cache: "no-cache", credentials: "same-origin", signal: AbortSignal.timeout(15000) });
		if (!answer.ok) throw new Error(answer.statusText);
		const main = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
		const shown = document.querySelector("main");
		if (main && shown && !main.isEqualNode(shown)) shown.replaceWith(document.adoptNode(main));
		status.textContent = "";
	} catch {
		status.textContent = "The connection is lost.";
	}
	status.classList.toggle("lost", status.textContent !== "");
}

setInterval(() => document.hidden || look(), POLL_MS);
document.addEventListener("visibilitychange", () => document.hidden || look());
