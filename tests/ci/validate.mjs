// SPDX-License-Identifier: Apache-2.0
// node validate.mjs MODULES SCHEMA DOCUMENT [SCHEMA THAT IT REFERS TO...]: by ajv; prints what is wrong.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";

const [modules, schema, document, ...others] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const Ajv = createRequire(`${modules}/ajv/package.json`)("ajv/dist/2020.js");
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
for (const other of others) ajv.addSchema(read(other), basename(other));
const validate = ajv.compile(read(schema));
if (!validate(read(document))) {
	for (const error of validate.errors.slice(0, 5)) console.log(`${error.instancePath} ${error.message}`);
	process.exitCode = 1;
}
