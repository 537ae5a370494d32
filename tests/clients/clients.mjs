// SPDX-License-Identifier: Apache-2.0
/*
 * Clients of the servers that seep push sends to, as their own projects make them: they hold tests/e2e/support/collector.py to
 * what those servers take, and read what seep sends.
 *
 *	clients.mjs MODULES pyroscope ADDRESS      profiles itself, and pushes that to /ingest
 *	clients.mjs MODULES parca ADDRESS PROFILE  pushes a profile in pprof's format to WriteRaw
 *	clients.mjs MODULES read FILE|DIRECTORY    what requests to WriteRaw have, as JSON: labels, and sums by type
 */
import fs from "node:fs";
import zlib from "node:zlib";
import {createRequire, register} from "node:module";
import {pathToFileURL} from "node:url";

const [modules, job, ...operands] = process.argv.slice(2);
const require = createRequire(modules + "/");

// @parca/client is made for bundlers: its imports have no suffix, and its package does not say that it is modules.
register("data:text/javascript," + encodeURIComponent(`
  const isOurs = url => url?.includes("/@parca/client/");
  export const resolve = (name, context, next) =>
    next(isOurs(context.parentURL) && name.startsWith(".") ? name + ".js" : name, context);
  export const load = (url, context, next) => next(url, isOurs(url) ? {...context, format: "module"} : context);
`));

async function pushAsPyroscope(address) {
  const pyroscope = require("@pyroscope/nodejs").default;
  const fetched = globalThis.fetch;
  const answered = new Promise(resolve => {
    globalThis.fetch = async (...words) => {
      const answer = await fetched(...words);
      resolve(answer.status);
      return answer;
    };
  });
  pyroscope.init({appName: "real.client", serverAddress: address, flushIntervalMs: 100, heap: {samplingIntervalBytes: 4096}});
  pyroscope.startHeapProfiling();
  const kept = [];
  for (let i = 0; i < 20000; i++) kept.push({number: i, text: "x".repeat(i % 100) + i});
  console.log(await answered); // of its first round
  await pyroscope.stopHeapProfiling();
  return kept;
}

const writeRaw = async () =>
  (await import(pathToFileURL(modules + "/@parca/client/dist/parca/profilestore/v1alpha1/profilestore.js"))).WriteRawRequest;

async function pushAsParca(address, profile) {
  const WriteRawRequest = await writeRaw();
  const request = WriteRawRequest.create({
    series: [{
      labels: {labels: [{name: "__name__", value: "memory"}, {name: "job", value: "real client"}]},
      samples: [{rawProfile: new Uint8Array(fs.readFileSync(profile))}],
    }],
    normalized: true,
  });
  const answer = await fetch(address + "/api/profiles/writeraw", {method: "POST", body: WriteRawRequest.toJsonString(request),
    headers: {"content-type": "application/json"}});
  console.log(answer.status);
}

// Every profile's values, added up by type.
function sumsOf(raw) {
  const {Profile} = require("pprof-format");
  const profile = Profile.decode(zlib.gunzipSync(raw));
  const sums = {};
  profile.sampleType.forEach((type, column) => {
    const sum = profile.sample.reduce((total, sample) => total + Number(sample.value[column]), 0);
    sums[profile.stringTable.strings[Number(type.type)]] = sum;
  });
  return {sums, seconds: Number(profile.durationNanos) / 1e9};
}

async function read(path) {
  const files = fs.statSync(path).isDirectory() // of files 1, 2, 3...
    ? fs.readdirSync(path).sort((one, other) => one - other).map(name => path + "/" + name)
    : [path];
  const WriteRawRequest = await writeRaw();
  const series = [];
  for (const file of files) {
    const request = WriteRawRequest.fromJsonString(fs.readFileSync(file, "utf8"), {ignoreUnknownFields: false});
    for (const each of request.series)
      for (const sample of each.samples)
        series.push({labels: Object.fromEntries(each.labels.labels.map(({name, value}) => [name, value])),
          normalized: request.normalized, ...sumsOf(sample.rawProfile)});
  }
  console.log(JSON.stringify(series));
}

if (job === "pyroscope") await pushAsPyroscope(operands[0]);
else if (job === "parca") await pushAsParca(...operands);
else await read(operands[0]);
