// Exchanges sealed messages in a running city, as the client is built (testing/tests/sharing/messages.rs starts all of it). Needs CHANCERY_URL, the
// key files of SENDER, RECEIVER and STRANGER, MESSAGE with the text MINUTES that the sender has sent by the command line, and RECEIPT: where a proof is written.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { Client, EthereumKey, MessageKey, verifyMessage } from '@chancery/client';
import { keysOfPhrase } from './phrase.mjs';

const { CHANCERY_URL: gateway, MESSAGE: byCommand, RECEIPT: receipt, MINUTES: minutes } = process.env;
const bytes = new TextEncoder().encode('Sealed in TypeScript.');
const content = { subject: 'Reply', mediaType: 'text/plain', bytes };
let main, sender, receiver, stranger, sent;

function party(name) {
  const keys = keysOfPhrase(readFileSync(process.env[name], 'utf8'));
  return new Client({ gateway, key: new EthereumKey(keys.signing) }).messages(new MessageKey(keys.encryption), main);
}

before(async () => {
  const client = new Client({ gateway });
  const { chains } = await client.call('get', '/v1/chains', {});
  ({ chain: main } = await client.trust('main', chains.find(({ name }) => name === 'main').genesisHash));
  [sender, receiver, stranger] = ['SENDER', 'RECEIVER', 'STRANGER'].map(party);
});

// S-NET, MSG-3, MSG-8
test('what the command line sealed is opened by its two sides alone', async () => {
  for (const side of [sender, receiver]) {
    const opened = await side.open(byCommand);
    assert.equal(new TextDecoder().decode(opened.content.bytes), minutes);
    assert.deepEqual([opened.sender.is, opened.isGenesisSigned, opened.acknowledgement?.message], ['in-force', true, byCommand]);
  }
  await assert.rejects(stranger.open(byCommand), { name: 'ProblemError', code: 'unknown-message' });
});

// MSG-2
test('nothing is sealed to a key that the chain does not show', async () => {
  const to = { organization: 'WATER-WORKS' };
  await assert.rejects(receiver.send(to, content, { from: 'CITY-HALL' }), { name: 'MessageFailure', check: 'key-published' });
  const none = { organization: 'NOBODY-1' };
  await assert.rejects(sender.send(none, content, { from: 'WATER-WORKS' }), { name: 'MessageFailure', check: 'receiver-named' });
  const other = { organization: 'CITY-HALL', address: main.genesisHash.slice(0, 42) };
  await assert.rejects(sender.send(other, content, { from: 'WATER-WORKS' }), { name: 'MessageFailure', check: 'key-of-organization' });
});

// S-NET, MSG-1, MSG-5
test('a message is sent to the key that the chain shows, and its deposit is proven', async () => {
  sent = await sender.send({ organization: 'CITY-HALL' }, content, { from: 'WATER-WORKS', inReplyTo: byCommand });
  assert.equal(sent.deposit.sealedTo, sent.sealedTo.thumbprint);
  assert.equal(sent.deposit.head.inReplyTo, byCommand);
  const { messages } = await receiver.list({ limit: 100 });
  assert.ok(messages.some(({ message }) => message === sent.message));
  assert.deepEqual((await stranger.list()).messages, []);
});

// S-NET, MSG-6, MSG-8
test('its receiver opens and acknowledges it, and the receipt is verified offline', async () => {
  assert.deepEqual((await receiver.open(sent.message)).content, content);
  await assert.rejects(sender.acknowledge(sent.message), { name: 'InputError' });
  const acknowledged = await receiver.acknowledge(sent.message);
  assert.deepEqual((await receiver.acknowledge(sent.message)).acknowledged, acknowledged.acknowledged);
  const { file } = await sender.receipt(sent.message);
  writeFileSync(receipt, JSON.stringify(file));
  const verified = verifyMessage(main, readFileSync(receipt));
  assert.equal(verified.acknowledgement.message, sent.message);
  assert.equal(verified.checks.at(-1), 'acknowledgement-of-message');
  const mixed = { ...file, acknowledgement: (await sender.receipt(byCommand)).file.acknowledgement };
  assert.throws(() => verifyMessage(main, mixed), { name: 'ProofFailure', check: 'acknowledgement-of-message' });
  const forged = { ...file, deposit: { ...file.deposit, statement: file.deposit.statement.replace('WATER-WORKS', 'CITY-HALL') } };
  assert.throws(() => verifyMessage(main, forged), { name: 'ProofFailure', check: 'deposit-signature' });
  const cut = { ...file, deposit: { ...file.deposit, proof: null } };
  assert.throws(() => verifyMessage(main, cut), { name: 'ProofFailure', check: 'deposit-block-final' });
});
