// SPDX-License-Identifier: Apache-2.0
// What a server in node does, all at once and on all of its threads: workers, children, compression, cryptography,
// streams and http on the loopback interface. Prints a line a part that is the same in every run.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const child = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const stream = require('stream');
const zlib = require('zlib');
const { promisify } = require('util');
const pipeline = promisify(stream.pipeline);

const short = process.argv[2] === 'short';
const times = short ? 1 : 6;
const some = (count) => short ? Math.ceil(count / 3) : count;

const digest = (data) => crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);

// The same text each time: no random numbers.
function* chunks(count, size) {
	for (let i = 0; i < count; i++) {
		yield Buffer.alloc(size - (i % 97), `chunk ${i} `);
	}
}

function allocate(rounds) {
	const kept = new Map();
	for (let i = 0; i < rounds; i++) {
		kept.set(i % 5000, Buffer.alloc(i % 4096, i & 255));
	}
	let sum = 0;
	for (const buffer of kept.values()) {
		sum += buffer.length + (buffer.length ? buffer[buffer.length - 1] : 0);
	}
	return sum;
}

if (!isMainThread) {
	const sum = allocate(workerData.rounds);
	const packed = zlib.deflateSync(Buffer.alloc(200000, `worker ${workerData.number}`));
	parentPort.postMessage({ sum, packed: digest(zlib.inflateSync(packed)) });
	return;
}
if (process.argv[2] === 'child') {
	process.on('message', (message) => process.send({ sum: allocate(message.rounds) }, () => process.exit(message.number)));
	return;
}

async function workers() {
	for (let round = 0; round < times; round++) {
		const results = await Promise.all([...Array(some(6)).keys()].map((number) => new Promise((resolve, reject) => {
			const worker = new Worker(__filename, { workerData: { number, rounds: 20000 } });
			worker.on('message', resolve);
			worker.on('error', reject);
		})));
		if (round === times - 1) return results.map((r) => `${r.sum} ${r.packed}`).join(', ');
	}
}

// Workers that are ended in the middle of their work.
async function ended_workers() {
	const codes = [];
	for (let i = 0; i < some(4) * times; i++) {
		const worker = new Worker('let kept = []; for (;;) kept[kept.length % 1000] = Buffer.alloc(5000);', { eval: true });
		await new Promise((resolve) => worker.once('online', resolve));
		codes.push(await worker.terminate());
	}
	return `${codes.filter((code) => code === 1).length} of ${codes.length}`;
}

async function forked() {
	return (await Promise.all([3, 5, 7].slice(0, some(3)).map((number) => new Promise((resolve) => {
		const forked = child.fork(__filename, ['child']);
		const parts = []; // the message and the end, in whichever order they are heard of
		const hear = (place, part) => {
			parts[place] = part;
			if (0 in parts && 1 in parts) resolve(parts.join(' exit '));
		};
		forked.on('message', (message) => hear(0, message.sum));
		forked.on('exit', (code) => hear(1, code));
		forked.send({ number, rounds: 30000 });
	})))).join(', ');
}

async function spawned() {
	const exec = promisify(child.execFile);
	const lines = [];
	for (let i = 0; i < some(10) * times; i++) {
		lines.push((await exec('/bin/sh', ['-c', `echo ${i}; exec /bin/echo done`])).stdout);
	}
	const killed = child.spawn('/bin/sleep', ['60']);
	const signal = await new Promise((resolve) => {
		killed.on('exit', (code, name) => resolve(name));
		killed.kill('SIGTERM');
	});
	const missing = await new Promise((resolve) => child.spawn('/no/such/program').on('error', (e) => resolve(e.code)));
	return `${digest(lines.join(''))} ${signal} ${missing} ${child.spawnSync('/bin/sh', ['-c', 'exit 9']).status}`;
}

async function compression() {
	const parts = [];
	for (const [pack, unpack] of [['createGzip', 'createGunzip'], ['createDeflateRaw', 'createInflateRaw'],
		['createBrotliCompress', 'createBrotliDecompress']]) {
		const hash = crypto.createHash('sha256');
		await pipeline(stream.Readable.from(chunks(some(60) * times, 16384)), zlib[pack](pack.includes('Brotli') ?
			{ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } } : {}), zlib[unpack](), hash);
		parts.push(hash.digest('hex').slice(0, 16));
	}
	return parts.join(' ');
}

async function cryptography() {
	const pbkdf2 = promisify(crypto.pbkdf2), scrypt = promisify(crypto.scrypt);
	const keys = await Promise.all([...Array(8).keys()].map((i) => i % 2 ? pbkdf2(`p${i}`, 'salt', 2000, 32, 'sha512') :
		scrypt(`p${i}`, 'salt', 32)));
	const { publicKey, privateKey } = await promisify(crypto.generateKeyPair)('rsa', { modulusLength: 2048 });
	const data = Buffer.concat([...chunks(20, 4096)]);
	const signed = crypto.verify('sha256', data, publicKey, crypto.sign('sha256', data, privateKey));
	const cipher = crypto.createCipheriv('aes-256-gcm', keys[0], Buffer.alloc(12));
	const secret = Buffer.concat([cipher.update(data), cipher.final()]);
	return `${digest(Buffer.concat(keys))} ${signed} ${digest(secret)}`;
}

async function files(directory) {
	const name = path.join(directory, 'file');
	await pipeline(stream.Readable.from(chunks(some(100) * times, 32768)), fs.createWriteStream(name));
	const hash = crypto.createHash('sha256');
	await pipeline(fs.createReadStream(name), hash);
	await Promise.all([...Array(50).keys()].map(async (i) => {
		await fs.promises.writeFile(`${name}.${i}`, 'x'.repeat(i * 100));
		await fs.promises.stat(`${name}.${i}`);
	}));
	return `${hash.digest('hex').slice(0, 16)} ${(await fs.promises.readdir(directory)).filter((n) => n.startsWith('file.')).length}`;
}

async function served() {
	const server = http.createServer((request, response) => {
		const hash = crypto.createHash('sha256');
		request.on('data', (data) => hash.update(data));
		request.on('end', () => {
			response.setHeader('content-encoding', 'gzip');
			zlib.gzip(`${request.url} ${hash.digest('hex')} ${'body '.repeat(1000)}`, (error, body) => response.end(body));
		});
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
	const ask = (i) => new Promise((resolve, reject) => {
		const request = http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', path: `/${i}`, agent }, (response) => {
			const parts = [];
			response.pipe(zlib.createGunzip()).on('data', (part) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts)));
		});
		request.on('error', reject);
		stream.Readable.from(chunks(5, 8192)).pipe(request);
	});
	const bodies = await Promise.all([...Array(some(150) * times).keys()].map(ask));
	agent.destroy();
	await new Promise((resolve) => server.close(resolve));
	return `${bodies.length} ${digest(Buffer.concat(bodies))}`;
}

function errors() {
	const codes = [];
	for (const attempt of [() => Buffer.alloc(2 ** 53), () => new ArrayBuffer(2 ** 52), () => JSON.parse('{'), () => fs.openSync('/no/file')]) {
		try {
			attempt();
			codes.push('none');
		} catch (error) {
			codes.push(error.code || error.name);
		}
	}
	return codes.join(' ');
}

async function main() {
	const directory = fs.mkdtempSync(path.join(process.env.TMPDIR, 'node-'));
	// Several at once, so that the pool's threads, the workers and the children allocate at the same time.
	const parts = { workers, ended_workers, forked, spawned, compression, cryptography, files: () => files(directory), served };
	const names = Object.keys(parts);
	const results = await Promise.all(names.map((name) => parts[name]().catch((error) => `failed: ${error.stack}`)));
	names.forEach((name, i) => console.log(`${name}\t${results[i]}`));
	console.log(`allocated\t${allocate(some(50000) * times)}`);
	console.log(`errors\t${errors()}`);
	process.exitCode = 3;
}
main();
