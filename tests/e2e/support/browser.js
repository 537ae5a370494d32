// SPDX-License-Identifier: Apache-2.0
// Drives Debian's Chromium over its debugging pipe: real pointer and key events, screenshots, and no library to
// install. For tests:
//
//	const {open_browser} = require("./support/browser.js");
//	const browser = await open_browser({width: 1200, height: 900});
//	await browser.open("file:///tmp/x.svg");
//	await browser.evaluate("document.title");
//	await browser.close();
"use strict";
const child_process = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium-headless-shell";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
	"--force-color-profile=srgb", "--remote-debugging-pipe"];
const ANSWER_LIMIT_MS = 60000;

async function open_browser({width, height, dark}) {
	const profile = fs.mkdtempSync(path.join(os.tmpdir(), "seep-chromium-"));
	const process_flags = [...FLAGS, "--user-data-dir=" + profile, "--window-size=" + width + "," + height];
	const chromium = child_process.spawn(CHROMIUM, process_flags,
		{stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"]});
	const to_browser = chromium.stdio[3], from_browser = chromium.stdio[4];
	const waiting = new Map(), listeners = [];
	let next_id = 1, session;

	// Messages are JSON, each ended by a NUL.
	let pieces = [];
	from_browser.on("data", data => {
		let begin = 0, at;
		while ((at = data.indexOf(0, begin)) >= 0) {
			const text = Buffer.concat([...pieces, data.subarray(begin, at)]).toString();
			pieces = [];
			begin = at + 1;
			receive(JSON.parse(text));
		}
		pieces.push(data.subarray(begin));
	});
	function receive(message) {
		if (!message.id) {
			for (const listener of listeners.slice())
				listener(message);
			return;
		}
		const answer = waiting.get(message.id);
		waiting.delete(message.id);
		if (message.error)
			answer.reject(new Error(message.error.message));
		else
			answer.resolve(message.result);
	}
	function with_limit(what, start) {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error("no answer to " + what)), ANSWER_LIMIT_MS);
			const settle = then => value => { clearTimeout(timer); then(value); };
			start(settle(resolve), settle(reject));
		});
	}
	function send(method, params = {}) {
		const id = next_id++;
		to_browser.write(JSON.stringify({id, method, params, sessionId: session}) + "\0");
		return with_limit(method, (resolve, reject) => waiting.set(id, {resolve, reject}));
	}
	function event(method) {
		return with_limit(method, resolve => {
			const listener = message => {
				if (message.method !== method)
					return;
				listeners.splice(listeners.indexOf(listener), 1);
				resolve(message.params);
			};
			listeners.push(listener);
		});
	}

	const {targetId} = await send("Target.createTarget", {url: "about:blank"});
	session = (await send("Target.attachToTarget", {targetId, flatten: true})).sessionId;
	const problems = []; // uncaught errors, and all that a page asks of the network
	await send("Page.enable");
	await send("Runtime.enable");
	await send("Network.enable");
	listeners.push(({method, params}) => {
		if (method === "Runtime.exceptionThrown")
			problems.push(params.exceptionDetails.exception?.description || params.exceptionDetails.text);
		if (method === "Network.requestWillBeSent" && !/^(file|data|about):/.test(params.request.url))
			problems.push("request: " + params.request.url);
	});
	await send("Emulation.setEmulatedMedia",
		{features: [{name: "prefers-color-scheme", value: dark ? "dark" : "light"}]});

	const browser = {
		problems,
		async resize(new_width, new_height) {
			await send("Emulation.setDeviceMetricsOverride",
				{width: new_width, height: new_height, deviceScaleFactor: 1, mobile: false});
		},
		// The address is opened anew, even if only what follows "#" has changed.
		async open(url, {script = true} = {}) {
			await send("Emulation.setScriptExecutionDisabled", {value: !script});
			for (const address of ["about:blank", url]) {
				const loaded = event("Page.loadEventFired");
				await send("Page.navigate", {url: address});
				await loaded;
			}
		},
		async evaluate(expression) {
			const {result, exceptionDetails} = await send("Runtime.evaluate",
				{expression, returnByValue: true, awaitPromise: true});
			if (exceptionDetails)
				throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
			return result.value;
		},
		async move(x, y) {
			await send("Input.dispatchMouseEvent", {type: "mouseMoved", x, y});
		},
		async click(x, y) {
			await browser.move(x, y);
			for (const type of ["mousePressed", "mouseReleased"])
				await send("Input.dispatchMouseEvent", {type, x, y, button: "left", clickCount: 1});
		},
		async tap(x, y) {
			await send("Emulation.setTouchEmulationEnabled", {enabled: true});
			await send("Input.dispatchTouchEvent", {type: "touchStart", touchPoints: [{x, y}]});
			await send("Input.dispatchTouchEvent", {type: "touchEnd", touchPoints: []});
			await send("Emulation.setTouchEmulationEnabled", {enabled: false});
		},
		async press(key, {ctrl = false} = {}) {
			const code = key.length === 1 ? key.toUpperCase().charCodeAt(0)
				: {Enter: 13, Escape: 27, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40}[key];
			const fields = {key, windowsVirtualKeyCode: code, modifiers: ctrl ? 2 : 0};
			await send("Input.dispatchKeyEvent", {type: "rawKeyDown", ...fields});
			await send("Input.dispatchKeyEvent", {type: "keyUp", ...fields});
		},
		async type(text) {
			await send("Input.insertText", {text});
		},
		async screenshot(file) {
			const {data} = await send("Page.captureScreenshot", {format: "png"});
			fs.writeFileSync(file, Buffer.from(data, "base64"));
		},
		async trace(method, params) { // any other command of the protocol
			return send(method, params);
		},
		async close() {
			session = undefined;
			const gone = new Promise(resolve => chromium.once("exit", resolve));
			await send("Browser.close").catch(() => {});
			const timer = setTimeout(() => chromium.kill("SIGKILL"), 5000);
			await gone;
			clearTimeout(timer);
			fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5});
		},
	};
	await browser.resize(width, height);
	return browser;
}

module.exports = {open_browser};
