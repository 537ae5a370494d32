// SPDX-License-Identifier: Apache-2.0
// Makes an element in one expression. Texts are set as texts: names from a program's symbols are never markup.

/** @typedef {{on?: Record<string, (event: any) => void>, data?: Record<string, string|number>, aria?: Record<string, string>, [property: string]: any}} Properties */

/**
 * @template {string} T
 * @param {T} tag "div.class"
 * @param {Properties} properties of the element; `on` has listeners, `data` data attributes, `aria` its aria ones
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {T extends `${infer N}.${string}` ? (N extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[N] : HTMLElement)
 *	: T extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[T] : HTMLElement}
 */
export function make(tag, properties = {}, ...children) {
	const [name, ...classes] = tag.split(".");
	const element = document.createElement(name);
	element.classList.add(...classes);
	const { on = {}, data = {}, aria = {}, ...rest } = properties;
	for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
	for (const [key, value] of Object.entries(data)) element.dataset[key] = String(value);
	for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value);
	Object.assign(element, rest);
	element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
	return /** @type {any} */ (element);
}

/** Removes directional controls, which would make a name look like another. @param {unknown} text */
export const safe = (text) => String(text ?? "").replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

/** Puts a text on the clipboard; a server's page without TLS has only the old way to do this. @param {string} text */
export function copy(text) {
	if (navigator.clipboard) {
		void navigator.clipboard.writeText(text);
		return;
	}
	const field = make("textarea", { value: text });
	document.body.append(field);
	field.select();
	document.execCommand("copy");
	field.remove();
}

/** Offers a file that the page has made. @param {string} name @param {Blob} blob */
export function download(name, blob) {
	const url = URL.createObjectURL(blob);
	make("a", { href: url, download: name }).click();
	setTimeout(() => URL.revokeObjectURL(url), 10000);
}
