// Fetches a shared file of a running city, as it is built (testing/tests/sharing.rs starts all of it). Needs CHANCERY_URL, the reader's KEY_FILE, RESOURCE
// and REQUEST of a granted request, and OUT: where the file is written.
import assert from 'node:assert/strict';
import { createWriteStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { before, test } from 'node:test';
import { Client, EthereumKey, ReaderKey } from '@chancery/client';
import { keysOfPhrase } from './phrase.mjs';

const { CHANCERY_URL: gateway, RESOURCE: resource, OUT: out } = process.env;
const request = Number(process.env.REQUEST);
const keys = keysOfPhrase(readFileSync(process.env.KEY_FILE, 'utf8'));
const reader = new ReaderKey(keys.encryption);
const client = new Client({ gateway, key: new EthereumKey(keys.signing) });
let main;

before(async () => {
  const { chains } = await client.call('get', '/v1/chains', {});
  ({ chain: main } = await client.trust('main', chains[0].genesisHash));
});

// SHARE-5, SHARE-9, SHARE-10
test('what is granted is fetched, proven and opened', async () => {
  const file = await client.fetchShared(resource, request, reader, main);
  assert.ok(file.sealedBytes > 0 && file.blockNumber > 0n);
  await pipeline(Readable.from(file.read()), createWriteStream(out));
});

// SHARE-7
test('another key opens nothing, and another address gets nothing', async () => {
  const other = client.fetchShared(resource, request, new ReaderKey(new Uint8Array(32).fill(7)), main);
  await assert.rejects(other, { name: 'ShareFailure', check: 'key-opens' });
  const stranger = new Client({ gateway, key: new EthereumKey(`0x${'17'.repeat(32)}`) });
  await assert.rejects(stranger.fetchShared(resource, request, reader, main), { name: 'ProblemError', code: 'not-your-request' });
  await assert.rejects(new Client({ gateway }).fetchShared(resource, request, reader, main), { name: 'InputError' });
});

// S-RULES
test('access is asked for once more, and by somebody who is not listed', async () => {
  const asked = await client.requestAccess(resource, reader, { purpose: 'statistics' });
  assert.ok(asked.request > request && asked.blockNumber > 0);
  const found = await client.accessRequest(resource, asked.request);
  assert.deepEqual([found.state, found.version], ['pending', asked.version]);
  const stranger = new Client({ gateway, key: new EthereumKey(`0x${'17'.repeat(32)}`) });
  await assert.rejects(stranger.requestAccess(resource, reader, { purpose: '' }), { name: 'AccessRefused', reason: 'NotListed' });
});

test('a file that is larger than wanted is not fetched', async () => {
  await assert.rejects(client.fetchShared(resource, request, reader, main, { maxBytes: 10 }), { name: 'ShareFailure', check: 'file-published' });
});
