// SPDX-License-Identifier: Apache-2.0
// Opens an exported profile in speedscope itself, in Chromium: node speedscope_page.js RELEASE_DIRECTORY PROFILE
// Prints what the table of functions in its sandwich view says, after its own importer has read the file.
"use strict";
const fs = require("fs");
const path = require("path");
const {open_browser} = require("./browser.js");

const SECONDS_MAX = 30;

async function main(release, profile) {
	const loader = path.resolve("speedscope-loader.js");
	fs.writeFileSync(loader, `speedscope.loadFileFromBase64("profile.json", "${fs.readFileSync(profile, "base64")}")`);
	const browser = await open_browser({width: 1200, height: 900});
	try {
		await browser.open("file://" + path.resolve(release, "index.html") + "#localProfilePath=" + loader);
		for (let tries = 0; tries < SECONDS_MAX * 10; tries++) {
			await browser.evaluate(`[...document.querySelectorAll("div")].filter(
				tab => tab.innerText.endsWith("Sandwich") && tab.children.length === 1).forEach(tab => tab.click())`);
			const text = await browser.evaluate("document.body.innerText");
			if (/Symbol Name\s+\S[\s\S]*%/.test(text)) { // and a row below it
				console.log(text);
				return;
			}
			await new Promise(resolve => setTimeout(resolve, 100));
		}
		console.log(await browser.evaluate("document.body.innerText"));
		process.exitCode = 1;
	} finally {
		await browser.close();
	}
}

main(...process.argv.slice(2)).catch(error => {
	console.error(error);
	process.exitCode = 1;
});
