// SPDX-License-Identifier: Apache-2.0
// node screenshots.mjs MODULES SHOP REDIS FOLDER: the README's pictures from two pages of make demo: the first screen of the one, the
// flame graph of what grew in the other.
import { createRequire } from "node:module";
import path from "node:path";

const [modules, shop, redis, folder] = process.argv.slice(2);
const { chromium } = createRequire(path.join(path.resolve(modules), "x.js"))("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium-headless-shell", args: ["--no-sandbox"] });

async function open(file, address, colorScheme) {
	const page = await (await browser.newContext({ viewport: { width: 1080, height: 776 }, colorScheme })).newPage();
	await page.goto(`file://${path.resolve(file)}${address}`);
	await page.waitForSelector("#seep[data-ready=true]");
	return page;
}

try {
	const first = await open(shop, "", "light");
	await first.screenshot({ path: path.join(folder, "page.png") });
	const second = await open(redis, "#metric=growth", "dark");
	const [frames, rows] = [await second.locator(".frames").boundingBox(), await second.locator(".rows .caption").boundingBox()];
	await second.screenshot({ path: path.join(folder, "page-growth.png"), fullPage: true, clip: { x: 0, y: frames.y - 6, width: 1080, height: Math.min(rows.y - frames.y, 790) } });
} finally {
	await browser.close();
}
