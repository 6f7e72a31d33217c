import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { ed25519 } from '@noble/curves/ed25519';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/abstract/utils';
import { sha256 } from '@noble/hashes/sha2';
import { describe, expect, it } from 'vitest';
import { textAt } from '../src/data/statement.js';
import { InputError, signSubmission, SourceKey, type Algorithm, type Hex, type Operation } from '../src/index.js';
import { PublicKey, thumbprintOf, type Jwk } from '../src/data/jwk.js';
import { buildJws, digestOf, JwsError, readJws, verifyJws } from '../src/data/jws.js';
import { isIncluded, leafHash, merkleRoot } from '../src/data/merkle.js';
import { faultOf, writeOperation } from '../src/data/operation.js';
import { base64urlOf, bytesOfHex, hexOfBytes, utf8Of } from '../src/encoding.js';
import { keccak } from '../src/light/bytes.js';
import { dataBlockLeafHash, isInDataBlock, type Leaf } from '../src/proof/data-block.js';

const ALGORITHMS = ['EdDSA', 'ES256', 'ES256K'] as const satisfies Algorithm[];
const TYPE = 'chancery-data+jws';
const CONTROL = { access: 'public', retentionDays: 365, basis: 'not-personal' } as const;
const TERMS = { format: 'reading/air', formatVersion: 1, control: CONTROL };

function keyOf(jwk: Jwk): PublicKey {
  const key = PublicKey.read(jwk);
  if (key === undefined) throw new Error('no key');
  return key;
}

describe('a source', () => {
  it('has the thumbprint of RFC 8037, appendix A.3, and is named by its end', () => {
    const jwk: Jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(base64urlOf(thumbprintOf(jwk))).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
    // RFC 8037, appendix A.1.
    const secret = bytesOfHex('0x9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
    const key = new SourceKey('EdDSA', secret ?? new Uint8Array());
    expect(key.jwk).toEqual(jwk);
    expect(key.source).toBe(hexOfBytes(thumbprintOf(jwk).subarray(12)));
  });

  it('is kept as text, and does not show its secret otherwise', () => {
    for (const algorithm of ALGORITHMS) {
      const key = SourceKey.generate(algorithm);
      const text = key.exportText();
      expect(SourceKey.fromText(`${text}\n`).source).toBe(key.source);
      expect(JSON.stringify(key)).not.toContain(text.split(' ')[1]);
    }
    for (const bad of ['', 'EdDSA', 'RS256 00', `EdDSA ${'0'.repeat(62)}`, `ES256 ${'0'.repeat(64)}`, `EdDSA ${'0'.repeat(64)} x`]) {
      expect(() => SourceKey.fromText(bad), bad).toThrow(InputError);
    }
  });

  it('of small order, off its curve or with more than a key in it is none', () => {
    const good = SourceKey.generate('ES256').jwk;
    const wrong: unknown[] = [
      null,
      { kty: 'OKP', crv: 'Ed25519', x: base64urlOf(Uint8Array.of(1, ...new Uint8Array(31))) },
      { ...good, d: good.x },
      { ...good, x: good.y },
      { ...good, crv: 'secp256k1' },
      { ...good, y: undefined },
      { ...good, x: `${good.x}A` },
    ];
    for (const jwk of wrong) expect(PublicKey.read(jwk), JSON.stringify(jwk)).toBeUndefined();
    expect(PublicKey.read(good)).toBeDefined();
  });
});

// M-REP-1, DATA-1
describe('bytes that are no secret key', () => {
  it.each(['ES256', 'ES256K'] as const)('are refused and not repeated: %s', (algorithm) => {
    const bytes = new Uint8Array(32).fill(0xff);
    const refusal: unknown = (() => {
      try {
        return new SourceKey(algorithm, bytes);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(InputError);
    // 2^256 - 1, in decimal and in hex, wherever a logger looks.
    expect(inspect(refusal, { depth: null })).not.toMatch(/115792089237316195|ff{63}/i);
  });
});

describe('a signature', () => {
  const keys = ALGORITHMS.flatMap((algorithm) => [7, 8].map((byte) => new SourceKey(algorithm, new Uint8Array(32).fill(byte))));

  it('of each kind is verified by its key and no other', () => {
    for (const signer of keys) {
      const jws = readJws(signer.sign(TYPE, { a: 1 }), TYPE);
      expect(digestOf(jws)).toEqual(sha256(jws.signed));
      for (const other of keys) {
        const verify = (): void => verifyJws(jws, keyOf(other.jwk));
        if (other === signer) verify();
        else expect(verify).toThrow(JwsError);
      }
    }
  });

  it('is of the message, byte by byte', () => {
    for (const signer of keys) {
      const jws = readJws(signer.sign(TYPE, { a: 1 }), TYPE);
      const signature = jws.signature.slice();
      signature[40] = (signature[40] ?? 0) ^ 1;
      expect(keyOf(signer.jwk).verifies(jws.signed, signature)).toBe(false);
      expect(keyOf(signer.jwk).verifies(Uint8Array.of(...jws.signed, 0), jws.signature)).toBe(false);
    }
  });

  it('by Ed25519 has one form: a response beyond the order and a nonce of small order are refused', () => {
    const [signer] = keys;
    const jws = readJws(signer?.sign(TYPE, { a: 1 }) ?? '', TYPE);
    const [nonce, response] = [jws.signature.subarray(0, 32), bytesToNumberLE(jws.signature.subarray(32))];
    const key = keyOf(signer?.jwk ?? ({} as Jwk));
    expect(key.verifies(jws.signed, Uint8Array.of(...nonce, ...numberToBytesLE(response, 32)))).toBe(true);
    expect(key.verifies(jws.signed, Uint8Array.of(...nonce, ...numberToBytesLE(response + ed25519.CURVE.n, 32)))).toBe(false);
    expect(key.verifies(jws.signed, Uint8Array.of(1, ...new Uint8Array(31), ...new Uint8Array(32)))).toBe(false);
  });

  it('counts for the key that it names alone', () => {
    const [signer, other] = keys;
    const secret = new Uint8Array(32).fill(7);
    const header = { alg: 'EdDSA', kid: other?.kid ?? '', typ: TYPE } as const;
    const text = buildJws(header, '{}', (message) => ed25519.sign(message, secret));
    const jws = readJws(text, TYPE);
    const key = keyOf(signer?.jwk ?? ({} as Jwk));
    expect(key.verifies(jws.signed, jws.signature)).toBe(true);
    expect(() => verifyJws(jws, key)).toThrow(JwsError);
  });

  it('is read in one form alone', () => {
    const [signer] = keys;
    const text = signer?.sign(TYPE, { a: 1 }) ?? '';
    const [header = '', payload = '', signature = ''] = text.split('.');
    const headed = (value: unknown): string => `${base64urlOf(utf8Of(JSON.stringify(value)))}.${payload}.${signature}`;
    const kid = signer?.kid;
    const wrong = [
      '',
      `${header}.${payload}`,
      `${text}.`,
      `${text}A`,
      `${header}=.${payload}.${signature}`,
      headed([]),
      headed({ alg: 'EdDSA', kid, typ: 'chancery-receipt+jws' }),
      headed({ alg: 'none', kid, typ: TYPE }),
      headed({ alg: 'EdDSA', kid: 'x', typ: TYPE }),
      headed({ alg: 'EdDSA', kid, typ: TYPE, crit: [] }),
      `${header}.${'A'.repeat(8192)}.${signature}`,
    ];
    for (const bad of wrong) expect(() => readJws(bad, TYPE), bad.slice(0, 40)).toThrow(JwsError);
    expect(() => signer?.sign(TYPE, { a: 'x'.repeat(8192) })).toThrow(InputError);
  });
});

describe('the tree of RFC 9162', () => {
  /** The definition of section 2.1.1, word for word. */
  const defined = (leaves: readonly Uint8Array[]): Uint8Array => {
    const [first, ...others] = leaves;
    if (first === undefined || others.length === 0) return first ?? new Uint8Array();
    let half = 1;
    while (2 * half < leaves.length) half *= 2;
    const [left, right] = [defined(leaves.slice(0, half)), defined(leaves.slice(half))];
    return sha256(Uint8Array.of(1, ...left, ...right));
  };
  /** Section 2.1.3.1, word for word. */
  const pathOf = (leaves: readonly Uint8Array[], index: number): Uint8Array[] => {
    if (leaves.length < 2) return [];
    let half = 1;
    while (2 * half < leaves.length) half *= 2;
    const [left, right] = [leaves.slice(0, half), leaves.slice(half)];
    return index < half ? [...pathOf(left, index), defined(right)] : [...pathOf(right, index - half), defined(left)];
  };

  it('has its root, and shows a leaf at its place and no other', () => {
    for (let count = 1; count <= 33; count += 1) {
      const leaves = Array.from({ length: count }, (_, at) => leafHash(Uint8Array.of(at)));
      const root = merkleRoot(leaves as [Uint8Array, ...Uint8Array[]]);
      expect(root).toEqual(defined(leaves));
      leaves.forEach((leaf, index) => {
        const path = pathOf(leaves, index);
        for (let place = 0; place <= count; place += 1) {
          expect(isIncluded(root, leaf, place, count, path), `${index} of ${count} at ${place}`).toBe(place === index);
        }
        expect(isIncluded(root, leafHash(Uint8Array.of(99)), index, count, path)).toBe(false);
      });
    }
  });
});

describe('data blocks', () => {
  const { vectors } = JSON.parse(readFileSync(new URL('../../../crates/primitives/vectors/data-blocks.json', import.meta.url), 'utf8')) as {
    vectors: { root: Hex; leaves: { leaf: Omit<Leaf, 'time'> & { time: number }; hash: Hex; proof: Hex[] }[] }[];
  };

  it('are those of the shared vectors', () => {
    expect(vectors.length).toBeGreaterThan(1);
    for (const { root, leaves } of vectors) {
      for (const { leaf: written, hash, proof } of leaves) {
        const leaf = { ...written, time: BigInt(written.time) };
        const siblings = proof.map((sibling) => bytesOfHex(sibling) ?? new Uint8Array());
        expect(hexOfBytes(dataBlockLeafHash(leaf))).toBe(hash);
        expect(isInDataBlock(root, leaf, siblings)).toBe(true);
        expect(isInDataBlock(root, { ...leaf, time: leaf.time + 1n }, siblings)).toBe(false);
        expect(isInDataBlock(root, leaf, [...siblings, new Uint8Array(32)])).toBe(false);
      }
    }
  });
});

describe('a path in a data block', () => {
  it('is looked at as far as the largest block is deep', () => {
    const leaf: Leaf = { operationDigest: `0x${'11'.repeat(32)}`, source: `0x${'22'.repeat(20)}`, type: 'data.submission', contentHash: `0x${'33'.repeat(32)}`, time: 1n };
    // Siblings of zeros stand first in each pair.
    const rootOver = (nodes: number): Hex => {
      let node = dataBlockLeafHash(leaf);
      for (let at = 0; at < nodes; at += 1) node = keccak(Uint8Array.of(...new Uint8Array(32), ...node));
      return hexOfBytes(node);
    };
    const siblings = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(32));
    expect(isInDataBlock(rootOver(16), leaf, siblings(16))).toBe(true);
    expect(isInDataBlock(rootOver(17), leaf, siblings(17))).toBe(false);
  });
});

describe('an operation', () => {
  it('is written as it counts, and named by its bytes', () => {
    const { text, name } = writeOperation({ time: 1, subject: 'well 7', content: { depth: 3 } });
    expect(text).toBe('{"time":1,"subject":"well 7","content":{"depth":3}}');
    expect(name).toBe(hexOfBytes(leafHash(utf8Of(text))));
  });

  it('that a gateway would refuse for its form is refused before it is sent', () => {
    const hash: Hex = `0x${'11'.repeat(32)}`;
    const wrong: unknown[] = [
      { time: 1 },
      { time: 1, content: null },
      { time: 1, content: 1, contentHash: hash },
      { time: -1, content: 1 },
      { time: 0.5, content: 1 },
      { content: 1 },
      { time: 1, content: 1, more: 1 },
      { time: 1, content: 1, subject: '' },
      { time: 1, content: 1, subject: 'ü'.repeat(65) },
      { time: 1, content: 1, description: 'x'.repeat(1025) },
      { time: 1, content: 1, previous: hash },
      { time: 1, contentHash: '0x11' },
      { time: 1, content: 'x'.repeat(64 * 1024) },
      { time: 1, content: 1n },
    ];
    for (const operation of wrong) expect(() => writeOperation(operation as Operation)).toThrow(InputError);
    for (const text of ['', 'null', '[]', '{"time":1,"content":1', '"x"']) expect(faultOf(text), text).toBeDefined();
    expect(faultOf(`{"time":1,"contentHash":"${hash}","subject":"s","previous":"${hash}","description":""}`)).toBeUndefined();
  });
});

describe('a submission', () => {
  const key = SourceKey.generate();
  const sign = (operations: readonly Operation[], more: object = {}): ReturnType<typeof signSubmission> =>
    signSubmission(key, operations, { ...TERMS, ...more }, 7100, 1_795_230_000_000);

  it('says of its operations what they are, in the bytes that are sent', () => {
    const operations: Operation[] = [{ time: 1, content: { text: 'ü "x" \u2028' } }, { time: 2, content: [0.1, 1e21] }];
    const { submission, statement, names, body } = sign(operations);
    const jws = readJws(submission, TYPE);
    verifyJws(jws, keyOf(key.jwk));
    expect(JSON.parse(new TextDecoder().decode(jws.payload))).toEqual(statement);
    expect(JSON.parse(body)).toEqual({ submission, operations });
    expect(body).not.toContain('\n');
    const leaves = names.map((name) => bytesOfHex(name) ?? new Uint8Array());
    expect(statement).toMatchObject({ chainId: 7100, source: key.source, count: 2, root: hexOfBytes(merkleRoot(leaves as [Uint8Array])) });
    expect(sign(operations).statement.key).not.toBe(statement.key);
    const again = sign(operations, { key: statement.key });
    expect(again.submission).toBe(submission);
  });

  it('has bounds, and names the operation that is wrong', () => {
    const one: Operation = { time: 1, content: 1 };
    expect(() => sign([])).toThrow(InputError);
    expect(() => sign(Array<Operation>(1001).fill(one))).toThrow(InputError);
    expect(() => sign(Array<Operation>(20).fill({ time: 1, content: 'x'.repeat(60_000) }))).toThrow(InputError);
    expect(() => sign([one, { time: 1, subject: '', content: 1 }])).toThrow(/operations\[1\]: subject/);
    expect(() => sign([one], { key: '0x11' })).toThrow(InputError);
    expect(sign(Array<Operation>(1000).fill(one)).statement.count).toBe(1000);
  });
});

// DATA-8
describe('a text of a proof', () => {
  it('is one that has UTF-8: half a surrogate pair would be hashed as another letter', () => {
    expect(textAt('a\u{1F600}\uFFFD', 'operation')).toBe('a\u{1F600}\uFFFD');
    for (const half of ['\uD83D', 'a\uDE00', '\uDE00\uD83D']) expect(() => textAt(half, 'operation')).toThrow(/surrogate/);
  });
});
