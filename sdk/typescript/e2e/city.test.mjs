// The package as it is built, against a running city (testing/tests/clients.rs starts it). Needs CHANCERY_URL, and OPERATOR_KEY of a development city.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { before, mock, test } from 'node:test';
import { Client, EthereumKey, ProblemError, ProofFailure, SourceKey, TrustedChain, verifyOperation } from '@chancery/client';

const gateway = process.env.CHANCERY_URL;
const operator = new Client({ gateway, key: new EthereumKey(process.env.OPERATOR_KEY) });
const client = new Client({ gateway });
const organization = 'SAMPLE-HEALTH-OFFICE';
const terms = { format: 'reading/air', formatVersion: 1, control: { access: 'public', retentionDays: 365, basis: 'not-personal' } };
const reading = (place, pm25, more = {}) => ({ time: Date.now(), content: { place, pm25 }, ...more });
let trust;

async function registered(algorithm) {
  const key = SourceKey.generate(algorithm);
  const source = await operator.registerSource(key, { kind: 'device', organization, name: `station ${algorithm}` });
  assert.equal(source.source.toLowerCase(), key.source);
  return key;
}

async function gathered(outcomes) {
  const all = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

/** The index follows the journal: searches until so many are found. */
async function found(search, count) {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const operations = await gathered(client.searchAll(search));
    if (operations.length >= count) return operations;
  }
  return gathered(client.searchAll(search));
}

before(async () => {
  const schema = {
    type: 'object',
    required: ['place', 'pm25'],
    properties: { place: { type: 'string' }, pm25: { type: 'number' } },
    'x-metadata': { access: ['public'] },
  };
  const body = { version: 1, chain: 'main', title: { en: 'Air reading', zh: '空气读数' }, source: 'tests', sealed: false, schema };
  await operator.call('put', '/v1/formats/{format}', { path: { format: terms.format }, body });
  const { chains } = await client.call('get', '/v1/chains', {});
  process.env.GENESIS_HASH = chains[0].genesisHash;
  trust = await client.trust('main', chains[0].genesisHash);
});

test('the example of the README runs', async () => {
  const [, example] = /```js\n([\s\S]*?)```/.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8'));
  assert.ok(example.trim().split('\n').length <= 15);
  // Below the package, so that it finds the package by its name.
  const file = new URL(`readme-example-${process.pid}.mjs`, import.meta.url);
  writeFileSync(file, example);
  const said = mock.method(console, 'log', () => undefined);
  await import(file.href).finally(() => rmSync(file));
  const [line] = said.mock.calls[0].arguments;
  said.mock.restore();
  assert.match(line, /^0x[0-9a-f]{64} is in block \d+: file-readable, .*chain-matches$/);
});

// M-P-SUB, DATA-3
test('what is sent twice is accepted once, and two contents under one key are refused', async () => {
  const key = await registered('EdDSA');
  const signed = await client.sign(key, [reading('twice', 1)], terms);
  const receipt = await client.send(signed);
  const again = await client.send(signed);
  assert.deepEqual([receipt.repeated, again.repeated, again.place], [false, true, receipt.place]);
  const other = client.submit(key, [reading('twice', 2)], { ...terms, key: signed.statement.key });
  await assert.rejects(other, (error) => error instanceof ProblemError && error.code === 'idempotency-conflict' && error.status === 409 && error.remedy !== '');
});

// DATA-2, DATA-3
test('an answer that is lost is asked for again, and gives the same place', async () => {
  const key = await registered('EdDSA');
  let [lost, answered] = [0, 0];
  const losing = new Client({
    gateway,
    retry: { firstDelayMs: 1 },
    fetch: async (...request) => {
      const answer = await fetch(...request);
      if (!String(request[0]).endsWith('/v1/submissions') || (answered += 1) > 2) return answer;
      lost += 1;
      await answer.text();
      throw new TypeError('the connection broke off');
    },
  });
  const receipt = await losing.submit(key, [reading('lost', 1)], terms);
  assert.deepEqual([lost, receipt.repeated], [2, true]);
});

// M-REP-1, M-ACQ, DATA-8
test('what keys of every kind have signed is proven offline, after a rotation too, and altered it is refused by name', async () => {
  const offline = new TrustedChain(trust.essentials);
  const keys = await Promise.all(['EdDSA', 'ES256', 'ES256K'].map(registered));
  for (const key of keys) {
    const receipt = await client.submit(key, [reading('a', 1), reading('b', 2), reading('c', 3)], terms);
    const proof = await client.proof(receipt, { index: 2 });
    const proven = verifyOperation(offline, proof);
    assert.equal(proven.statement.source, key.source);
    assert.equal((await client.submission(receipt)).dataBlockRoot, proven.dataBlock);
    const altered = { ...proof, operation: proof.operation.replace('"c"', '"d"') };
    assert.throws(() => verifyOperation(offline, altered), (error) => error instanceof ProofFailure && error.check === 'operation-in-submission');
    assert.throws(() => verifyOperation(offline, { ...proof, keys: [keys[(keys.indexOf(key) + 1) % 3].jwk] }), { check: 'source-key' });
  }
  const next = SourceKey.generate('ES256K');
  await client.rotateSourceKey(keys[0], next);
  const rotated = [reading('rotated', 4), reading('rotated', 5), reading('rotated', 6)];
  const receipt = await client.submit(next, rotated, { ...terms, source: keys[0].source });
  const proof = await client.proof(receipt, { index: 1 });
  assert.equal(proof.rotations.length, 1);
  assert.equal(verifyOperation(offline, JSON.stringify(proof)).statement.source, keys[0].source);
  await assert.rejects(client.submit(keys[0], [reading('replaced', 5)], terms), { name: 'ProblemError', code: 'key-rotated' });
  // `chancery verify` reads it as well.
  if (process.env.PROOF_FILE) writeFileSync(process.env.PROOF_FILE, JSON.stringify(proof));
  // Renews crates/data/vectors/operation-proof.json: what is altered there stays.
  const vectors = process.env.VECTOR_FILE;
  if (vectors) writeFileSync(vectors, `${JSON.stringify({ ...JSON.parse(readFileSync(vectors, 'utf8')), chain: trust.essentials, proof }, null, 1)}\n`);
});

// M-ACQ, M-SER-3
test('any number is sent as a stream, each with an outcome, and found again', async () => {
  const [key, stranger] = [await registered('EdDSA'), SourceKey.generate()];
  const place = `stream ${key.source}`;
  const readings = Array.from({ length: 1000 }, (_, number) => reading(place, number));
  const outcomes = await gathered(client.submitAll(key, readings, terms, { batch: 7 }));
  assert.equal(outcomes.length, 143);
  assert.deepEqual(outcomes.map(({ index }) => index).sort((a, b) => a - b), outcomes.map((_, at) => at));
  assert.ok(outcomes.every(({ receipt }) => receipt.repeated === false));
  const mixed = [await client.sign(stranger, [reading('stranger', 1)], terms), await client.sign(key, [reading(place, 1000)], terms)];
  const [refused, accepted] = (await gathered(client.sendAll(mixed))).sort((a, b) => a.index - b.index);
  assert.equal(refused.problem.code, 'unknown-source');
  assert.equal(accepted.receipt.count, 1);
  const operations = await found({ sources: [key.source], ascending: true, limit: 100 }, 1001);
  assert.deepEqual(new Set(operations.map(({ operation }) => JSON.parse(operation).content.pm25)), new Set(Array.from({ length: 1001 }, (_, at) => at)));
});

// M-SER-2, M-SER-4, DATA-5
test('versions of a subject are searched with proofs, and traced', async () => {
  const key = await registered('EdDSA');
  const subject = `well ${key.source.slice(2, 12)}`;
  await client.submit(key, [reading('well', 1, { subject })], terms);
  const [first] = await found({ subject }, 1);
  const receipt = await client.submit(key, [reading('well', 2, { subject, previous: first.name })], terms);
  await client.proof(receipt);
  await found({ subject }, 2);
  const { operations } = await client.search({ subject, proofs: true });
  assert.deepEqual(operations.map(({ proof }) => verifyOperation(trust.chain, proof).operation), operations.map(({ name }) => name));
  const { trace } = await client.trace({ organization, format: terms.format, subject });
  assert.equal(trace.versions.length, 2);
  const stale = client.submit(key, [reading('well', 3, { subject, previous: first.name })], terms);
  await assert.rejects(stale, (error) => error.code === 'version-conflict' && error.problem.actual === operations[0].name && error.problem.expected === first.name);
});

test('who has no office, and what is not there, is told so', async () => {
  const nobody = new Client({ gateway, key: new EthereumKey(`0x${'17'.repeat(32)}`) });
  const source = SourceKey.generate();
  await assert.rejects(nobody.registerSource(source, { kind: 'device', organization, name: 'x' }), { name: 'ProblemError', code: 'role-required', status: 403 });
  await assert.rejects(client.certificate(`0x${'01'.repeat(32)}`), { name: 'ProblemError', code: 'unknown-certificate', type: '/problems/unknown-certificate' });
});

test('another genesis trusts nothing of this city', async () => {
  await assert.rejects(client.trust('main', `0x${'00'.repeat(32)}`), { name: 'VerifyError', check: 'GenesisHashMismatch' });
});
