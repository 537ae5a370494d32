/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the interpreter, of its compilers' code and of its threads, for test_unwind_reference.sh. */
const zlib = require('zlib');

function table(size) {
	const all = {};
	for (let i = 0; i < size; i++)
		all['k' + i] = { a: i, b: [i, String(i)], d: new Map([[i, i]]) };
	return all;
}

function allocate(arrays, i) {
	arrays.push(new Uint8Array(100 + (i % 1000)), Buffer.alloc(10 + (i % 10)));
	if (arrays.length > 100)
		arrays.splice(0, 2);
}

/* hot enough for both of V8's compilers */
const arrays = [];
for (let i = 0; i < 300000; i++)
	allocate(arrays, i);

for (let round = 0; round < Number(process.argv[2]); round++) {
	const text = JSON.stringify(table(5000), (key, value) => (value instanceof Map ? [...value] : value));
	JSON.parse(text);
	zlib.gzipSync(text);
	new RegExp('(\\d+)' + round, 'g').exec(text);
	Buffer.from(text).toString('base64');
	try {
		null.x;
	} catch (error) {
		error.stack;
	}
}
Promise.all([1, 2, 3].map((n) => new Promise((done) => zlib.gzip('x'.repeat(100000 * n), done))));
