// SPDX-License-Identifier: Apache-2.0
// Names of functions as people read them, as analyzer/render/terminal/name_text.c has them.

/** Longer names are shortened where they are shown; the title has the whole name. */
const NAME_MOST = 160;
export const WHOLE_MOST = 2 * NAME_MOST;

/** Cuts a long name in its middle. @param {string} name @param {number} length */
export function shorten(name, length) {
	if (name.length <= length) return name;
	const head = Math.ceil((length - 1) / 2);
	return `${name.slice(0, head)}…${name.slice(name.length - (length - 1 - head))}`;
}

/** Removes what is between < and >, for templates only. @param {string} name */
function withoutTemplates(name) {
	if (!name.includes("<")) return name;
	let depth = 0;
	let kept = "";
	for (let i = 0; i < name.length; i++) {
		if (name[i] === "<" && i > 0 && (depth || !/operator(<=?>?|<<=?|>=?|>>=?|->\*?)?$/.test(name.slice(Math.max(0, i - 11), i)))) depth++;
		if (depth === 0) kept += name[i];
		if (name[i] === ">" && depth > 0 && name[i - 1] !== "-") depth--;
	}
	return depth ? name : kept;
}

/** As much of a name as there is room for: first without its templates, then without its scopes, then with a gap. @param {string} name @param {number} length */
export function fitted(name, length) {
	if (name.length <= length) return name;
	let rest = withoutTemplates(name);
	for (let at = rest.indexOf("::"); rest.length > length && at >= 0 && at + 2 < rest.length; at = rest.indexOf("::")) rest = rest.slice(at + 2);
	return shorten(rest, length);
}

/** Whether the bracket at `at` is a part of an operator's name. @param {string} name @param {number} at */
const isOfOperator = (name, at) => (name[at] === "(" ? /operator$/ : /operator(<=?>?|<<=?|>=?|>>=?|->\*?)?$/).test(name.slice(Math.max(0, at - 11), at));

/** The end of the group that a bracket opens. @param {string} name @param {number} at */
function groupEnd(name, at) {
	let depth = 0;
	for (let i = at; i < name.length; i++) {
		if ("([{<".includes(name[i]) && (name[i] !== "<" || !isOfOperator(name, i))) depth++;
		else if (")]}".includes(name[i]) || (name[i] === ">" && name[i - 1] !== "-" && !isOfOperator(name, i))) depth--;
		if (depth === 0) return i + 1;
	}
	return name.length;
}

/** The lambda with which a text begins, as gcc or clang call it, the latter from 0 on. @param {string} text */
function lambdaAt(text) {
	const [whole, gcc, clang] = /^(?:\{lambda\(.*?\)#(\d+)\}|\$_(\d+))(?:::operator\(\))?/.exec(text) ?? [""];
	return whole ? { number: gcc ? Number(gcc) : Number(clang) + 1, length: whole.length } : null;
}

/** A C++ name without its parameters and those of functions around it; a lambda is "serve::{lambda#2}". The tooltip has all. @param {string} name */
export function withoutParameters(name) {
	let kept = "";
	for (let i = 0; i < name.length; ) {
		const end = "({<".includes(name[i]) && i > 0 && !isOfOperator(name, i) ? groupEnd(name, i) : i + 1;
		const lambda = name.startsWith("{lambda(", i) || name.startsWith("$_", i) ? lambdaAt(name.slice(i)) : null;
		if (lambda) {
			kept += lambda.number === 1 ? "{lambda}" : `{lambda#${lambda.number}}`;
			i += lambda.length;
		} else if (name[i] === "(" && end > i + 1 && !name.startsWith("(anonymous", i)) {
			const behind = /^( const| volatile| ?&&?| noexcept)*::/.exec(name.slice(end));
			if (!behind) break; /* otherwise these are the parameters of the function around it */
			i = end + behind[0].length - 2;
		} else {
			kept += name.slice(i, end);
			i = end;
		}
	}
	return kept;
}

/** A function's name in a table. @param {string} name */
export const nameText = (name) => fitted(withoutParameters(name), NAME_MOST);
