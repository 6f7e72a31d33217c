import { createCipheriv, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { x25519 } from '@noble/curves/ed25519';
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import { describe, expect, it } from 'vitest';
import { Client, EthereumKey, InputError, ReaderKey, ShareFailure, TrustedChain, type ChainEssentials, type Hex, type SharedFile } from '../src/index.js';
import { hexOfBytes, randomBytes, utf8Of } from '../src/encoding.js';
import { commitmentOf, type Grant } from '../src/share/grant.js';
import { labeledExpand, labeledExtract } from '../src/share/reader-key.js';
import { CHUNK_BYTES, HEADER_BYTES, openSealedFile, TAG_BYTES } from '../src/share/sealed-file.js';
import { gatewayThat, json, ports } from './gateway.js';

interface Received {
  now: number;
  chain: ChainEssentials;
  secret: Hex;
  /** SHA-256 of the plain text. */
  plain: string;
  granted: { asset: Hex; request: number; sealedKey: Hex; grant: Record<string, unknown> };
  file: string;
  node: { method: string; result: unknown }[];
}
const received = JSON.parse(readFileSync(new URL('./received.json', import.meta.url), 'utf8')) as Received;

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return new Uint8Array(Buffer.concat(all));
}

/** Fetches from an owner and a node that answer as they did, but for what a test alters. */
async function fetched(alter: (answers: Received) => void = () => undefined, more: { now?: number; secret?: Hex; maxBytes?: number } = {}): Promise<SharedFile> {
  const answers = structuredClone(received);
  alter(answers);
  const { granted, node } = answers;
  const { url } = await gatewayThat((response, { path }) => {
    if (path.endsWith('/file')) response.end(Buffer.from(answers.file, 'base64'));
    else if (path.startsWith('/v1/resources/')) json(response, { asset: granted.asset, service: url });
    else if (path.startsWith('/v1/assets/')) json(response, granted);
    else json(response, { jsonrpc: '2.0', id: 1, result: node.shift()?.result });
  });
  const client = new Client({
    gateway: url,
    mainChainId: 7100,
    key: new EthereumKey(`0x${'11'.repeat(32)}`),
    ports: { ...ports().ports, now: () => more.now ?? received.now },
  });
  const { maxBytes } = more;
  const reader = new ReaderKey(more.secret ?? received.secret);
  const options = { rpcUrl: url, ...(maxBytes !== undefined && { maxBytes }) };
  return client.fetchShared('sdk-small', granted.request, reader, new TrustedChain(received.chain), options);
}

async function checkOf(fetching: Promise<SharedFile>): Promise<string> {
  try {
    await joined((await fetching).read());
    return 'ok';
  } catch (error) {
    if (error instanceof ShareFailure) return error.check;
    throw error;
  }
}

/** The proof of a node for the first or second time that it was asked. */
function proofIn({ node }: Received, time: 0 | 1): Record<string, unknown> {
  return node.filter(({ method }) => method === 'eth_getProof')[time]?.result as Record<string, unknown>;
}

// SHARE-5, SHARE-7, SHARE-9, SHARE-10
describe('a shared file', () => {
  it('is the one that was published, to whom it was granted', async () => {
    const file = await fetched();
    expect(bytesToHex(sha256(await joined(file.read())))).toBe(received.plain);
    expect([file.version, file.sealedBytes]).toEqual([1, Buffer.from(received.file, 'base64').length]);
  });

  const other = `0x${'22'.repeat(32)}` as const;
  const cases: [string, string, (answers: Received) => void][] = [
    ['terms that are none', 'answer-readable', ({ granted }) => (granted.grant.version = -1)],
    ['another sealed key', 'sealed-key-granted', ({ granted }) => (granted.sealedKey = `0x${'22'.repeat(80)}`)],
    ['another reader', 'grant-final', ({ granted }) => (granted.grant.reader = `0x${'22'.repeat(20)}`)],
    ['another key of the reader', 'grant-final', ({ granted }) => (granted.grant.readerKey = other)],
    ['another version', 'grant-final', ({ granted }) => (granted.grant.version = 2)],
    ['another key epoch', 'grant-final', ({ granted }) => (granted.grant.keyEpoch = 2)],
    ['a later end', 'grant-final', ({ granted }) => (granted.grant.validUntil = 4_000_000_000)],
    ['no proof of finality', 'state-proven', ({ node }) => (node[1] = { method: 'chancery_getFinality', result: null })],
    ['a proof of another account', 'state-proven', (answers) => (proofIn(answers, 0).address = `0x${'22'.repeat(20)}`)],
    ['another contract', 'state-proven', ({ granted }) => (granted.asset = `0x${'22'.repeat(20)}`)],
    ['slots in another order', 'state-proven', (answers) => (proofIn(answers, 1).storageProof as object[]).reverse()],
    ['a proof of other slots', 'state-proven', (answers) => (proofIn(answers, 0).storageProof = [])],
    ['the proof of a grant for that of the version', 'state-proven', ({ node }) => node.splice(5, 1, node[2] ?? { method: '', result: null })],
    ['an altered fingerprint', 'state-proven', (answers) => Object.assign((proofIn(answers, 1).storageProof as object[])[0] ?? {}, { value: '0x1' })],
    ['a file that is altered', 'file-published', (answers) => (answers.file = answers.file.replace(/^.{60}/, 'A'.repeat(60)))],
    ['a file that is longer', 'file-published', (answers) => (answers.file = Buffer.concat([Buffer.from(answers.file, 'base64'), Buffer.of(0)]).toString('base64'))],
    ['a file that is cut', 'file-published', (answers) => (answers.file = answers.file.slice(0, 400))],
  ];
  it.each(cases)('with %s is refused: %s', async (_, check, alter) => {
    expect(await checkOf(fetched(alter))).toBe(check);
  });

  it('is refused to another key, beyond the end, by an old block, and beyond the size that is wanted', async () => {
    expect(await checkOf(fetched(undefined, { secret: other }))).toBe('key-opens');
    expect(await checkOf(fetched(undefined, { now: received.now + 200_000 }))).toBe('block-young');
    expect(await checkOf(fetched(undefined, { maxBytes: 100 }))).toBe('file-published');
  });

  // M-SEC: whoever writes a directory's entry leads nobody into plain text.
  it('is fetched over https beyond this machine', async () => {
    for (const service of ['http://ods.example:9470', 'http://127.0.0.1.example', 'http://192.0.2.1', 'ftp://127.0.0.1', 'nowhere']) {
      const { url } = await gatewayThat((response) => json(response, { asset: received.granted.asset, service }));
      const client = new Client({ gateway: url, mainChainId: 7100, key: new EthereumKey(`0x${'11'.repeat(32)}`), ports: ports().ports });
      const fetching = client.fetchShared('x', 1, new ReaderKey(received.secret), new TrustedChain(received.chain), { rpcUrl: url });
      await expect(fetching, service).rejects.toThrow(/is not encrypted/);
    }
  });

  it('needs the key of its reader', async () => {
    const nobody = new Client({ gateway: 'http://127.0.0.1:1' });
    const fetching = nobody.fetchShared('x', 1, new ReaderKey(received.secret), new TrustedChain(received.chain));
    await expect(fetching).rejects.toBeInstanceOf(InputError);
  });
});

describe('a grant', () => {
  const grant: Grant = {
    reader: `0x${'01'.repeat(20)}`,
    readerKey: `0x${'02'.repeat(32)}`,
    version: 3,
    keyEpoch: 4,
    sealedKeyHash: `0x${'05'.repeat(32)}`,
    validUntil: 6,
  };

  it('is committed to with every term', () => {
    const others: Partial<Grant>[] = [
      { reader: `0x${'00'.repeat(20)}` },
      { readerKey: `0x${'00'.repeat(32)}` },
      { version: 4 },
      { keyEpoch: 3 },
      { sealedKeyHash: `0x${'00'.repeat(32)}` },
      { validUntil: 7 },
    ];
    const all = [{}, ...others].map((more) => commitmentOf({ ...grant, ...more }));
    expect(new Set(all).size).toBe(7);
  });
});

/** Sealing as an owner does it, by the platform's own cryptography. */
function sealedFile(dataKey: Uint8Array, plain: Uint8Array): Uint8Array {
  const header = Uint8Array.of(...utf8Of('CHANSEAL'), 1, 16, 0, 0, 0, 0, 0, 0, ...randomBytes(16));
  const key = new Uint8Array(hkdfSync('sha256', dataKey, header.subarray(16), 'chancery sealed file v1', 32));
  const parts: Uint8Array[] = [header];
  for (let chunk = 0; ; chunk += 1) {
    const at = chunk * CHUNK_BYTES;
    const isLast = at + CHUNK_BYTES >= plain.length;
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(chunk, 7);
    nonce[11] = isLast ? 1 : 0;
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(header);
    parts.push(cipher.update(plain.subarray(at, at + CHUNK_BYTES)), cipher.final(), cipher.getAuthTag());
    if (isLast) return new Uint8Array(Buffer.concat(parts));
  }
}

// SHARE-5
describe('a sealed file', () => {
  const key = randomBytes(32);

  it('opens whatever its length is', async () => {
    for (const length of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]) {
      const plain = new Uint8Array(length).map((_, at) => at % 251);
      const opened = await joined(openSealedFile(key, sealedFile(key, plain)));
      expect(Buffer.compare(opened, plain), `${length} bytes`).toBe(0);
    }
  });

  it('does not open when it is altered, cut, lengthened, put in another order, or under another key', async () => {
    const whole = sealedFile(key, new Uint8Array(2 * CHUNK_BYTES + 5));
    const sealedChunk = CHUNK_BYTES + TAG_BYTES;
    const [first, second] = [whole.subarray(HEADER_BYTES, HEADER_BYTES + sealedChunk), whole.subarray(HEADER_BYTES + sealedChunk, HEADER_BYTES + 2 * sealedChunk)];
    const altered = (at: number): Uint8Array => whole.map((byte, place) => (place === at ? byte ^ 1 : byte));
    const swapped = new Uint8Array(Buffer.concat([whole.subarray(0, HEADER_BYTES), second, first, whole.subarray(HEADER_BYTES + 2 * sealedChunk)]));
    const wrong: [Uint8Array, Uint8Array][] = [
      ...[0, 8, 9, 10, 20, HEADER_BYTES, whole.length - 1].map((at): [Uint8Array, Uint8Array] => [key, altered(at)]),
      [key, whole.subarray(0, HEADER_BYTES + 2 * sealedChunk)],
      [key, whole.subarray(0, whole.length - 1)],
      [key, whole.subarray(0, HEADER_BYTES)],
      [key, whole.subarray(0, 5)],
      [key, new Uint8Array(Buffer.concat([whole, Buffer.of(0)]))],
      [key, swapped],
      [randomBytes(32), whole],
    ];
    for (const [place, [by, sealed]] of wrong.entries()) {
      await expect(joined(openSealedFile(by, sealed)), `case ${place}`).rejects.toMatchObject({ name: 'ShareFailure', check: 'file-opens' });
    }
  });
});

// SHARE-7; the Rust side seals in e2e/share.test.mjs and in received.json, here the platform's own X25519 and AES do.
describe('what is sealed to a reader (RFC 9180)', () => {
  const secret = randomBytes(32);
  const reader = new ReaderKey(secret);
  const [info, place] = [utf8Of('info'), utf8Of('place')];

  function sealedTo(publicKey: Uint8Array, plain: Uint8Array): Uint8Array {
    const { privateKey, publicKey: ephemeral } = generateKeyPairSync('x25519');
    const spki = (raw: Uint8Array): Buffer => Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw]);
    const encapsulated = new Uint8Array(ephemeral.export({ format: 'der', type: 'spki' }).subarray(-32));
    const other = createPublicKey({ key: spki(publicKey), format: 'der', type: 'spki' });
    const point = new Uint8Array(diffieHellman({ privateKey, publicKey: other }));
    const kem = Uint8Array.of(...utf8Of('KEM'), 0, 32);
    const suite = Uint8Array.of(...utf8Of('HPKE'), 0, 32, 0, 1, 0, 2);
    const none = new Uint8Array();
    const shared = labeledExpand(kem, labeledExtract(kem, none, 'eae_prk', point), 'shared_secret', Uint8Array.of(...encapsulated, ...publicKey), 32);
    const context = Uint8Array.of(0, ...labeledExtract(suite, none, 'psk_id_hash', none), ...labeledExtract(suite, none, 'info_hash', info));
    const scheduled = labeledExtract(suite, shared, 'secret', none);
    const cipher = createCipheriv('aes-256-gcm', labeledExpand(suite, scheduled, 'key', context, 32), labeledExpand(suite, scheduled, 'base_nonce', context, 12)).setAAD(place);
    return new Uint8Array(Buffer.concat([encapsulated, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
  }

  it('opens with that key at that place alone', async () => {
    const plain = randomBytes(32);
    const sealed = sealedTo(x25519.getPublicKey(secret), plain);
    expect(await reader.open(sealed, info, place)).toEqual(new Uint8Array(plain));
    expect(await new ReaderKey(randomBytes(32)).open(sealed, info, place)).toBeUndefined();
    expect(await reader.open(sealed, utf8Of('other'), place)).toBeUndefined();
    expect(await reader.open(sealed, info, utf8Of('other'))).toBeUndefined();
    for (const at of [0, 40, sealed.length - 1]) {
      expect(await reader.open(sealed.map((byte, here) => (here === at ? byte ^ 1 : byte)), info, place), `byte ${at}`).toBeUndefined();
    }
    expect(await reader.open(new Uint8Array(80), info, place)).toBeUndefined();
    expect(await reader.open(sealed.subarray(0, 31), info, place)).toBeUndefined();
  });

  it('is opened by a key that is not shown', () => {
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
    const derived = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    expect(reader.publicKey).toBe(hexOfBytes(new Uint8Array(derived.export({ format: 'der', type: 'spki' }).subarray(-32))));
    expect(JSON.stringify(reader)).toBe(JSON.stringify({ publicKey: reader.publicKey }));
    for (const bad of ['', '0x00', new Uint8Array(31)]) expect(() => new ReaderKey(bad)).toThrow(InputError);
  });
});
