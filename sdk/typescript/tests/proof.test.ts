import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { essentialsOf, PROOF_CHECKS, ProofFailure, SourceKey, TrustedChain, TrustError, trustedChain, verifyOperation, VerifyError } from '../src/index.js';
import type { ChainEssentials, Hex } from '../src/index.js';
import { sourceKey } from '../src/proof/source.js';
import { bytesOfHex, hexOfBytes } from '../src/encoding.js';
import { keccak } from '../src/light/bytes.js';

interface Alteration {
  name: string;
  /** JSON pointer. */
  at: string;
  value?: unknown;
  append?: string;
  expect: string;
}
interface Vectors {
  chain: ChainEssentials;
  proof: Record<string, unknown>;
  alterations: Alteration[];
}
// crates/data/src/proof/tests.rs holds the Rust side to the same file.
const vectors = JSON.parse(readFileSync(new URL('../../../crates/data/vectors/operation-proof.json', import.meta.url), 'utf8')) as Vectors;
const chain = new TrustedChain(vectors.chain);

function altered({ at, value, append }: Alteration): unknown {
  const proof = structuredClone(vectors.proof);
  const names = at.slice(1).split('/');
  const last = names.pop() ?? '';
  const holder = names.reduce((place, name) => place[name] as Record<string, unknown>, proof);
  holder[last] = append === undefined ? value : String(holder[last]) + append;
  return proof;
}

function failureOf(check: () => unknown): ProofFailure | undefined {
  try {
    check();
  } catch (error) {
    if (error instanceof ProofFailure) return error;
    throw error;
  }
  return undefined;
}

// DATA-8
describe('the proof of an operation', () => {
  it('is verified offline from its JSON, its text and its bytes, and says what it proves', () => {
    const text = JSON.stringify(vectors.proof);
    const proven = verifyOperation(chain, vectors.proof);
    expect(proven.checks).toEqual(PROOF_CHECKS);
    expect(proven.statement).toMatchObject({ chainId: 7100, format: 'reading/air', count: 3 });
    expect(proven.recordedAt).toBeGreaterThanOrEqual(Math.floor(proven.statement.time / 1000));
    expect(verifyOperation(chain, text)).toEqual(proven);
    expect(verifyOperation(chain, new TextEncoder().encode(text))).toEqual(proven);
  });

  it.each(vectors.alterations)('with $name is refused: $expect', (alteration) => {
    const failure = failureOf(() => verifyOperation(chain, altered(alteration)));
    expect(failure?.check).toBe(alteration.expect);
    expect(failure?.detail).not.toBe('');
  });

  it('is refused with a type whatever its bytes are', () => {
    const text = JSON.stringify(vectors.proof);
    const seed = 20_261_129;
    let state = seed;
    const below = (bound: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % bound;
    };
    const original = verifyOperation(chain, text);
    const letters = '0f"{}[],.:Aa-_ \u0000';
    let refused = 0;
    for (let round = 0; round < 300; round += 1) {
      const at = below(text.length);
      const damaged = text.slice(0, at) + (letters[below(letters.length)] ?? '') + text.slice(at + below(2));
      let proven: unknown;
      const failure = failureOf(() => (proven = verifyOperation(chain, damaged)));
      // Not every byte of the file counts: the chain's name, and spaces, say nothing that is proven.
      if (failure === undefined) expect(proven, `seed ${seed} round ${round}`).toEqual(original);
      else refused += 1;
    }
    expect(refused).toBeGreaterThan(250);
    for (const other of [undefined, null, 1, [], {}, '', 'null', new Uint8Array(8 * 1024 * 1024 + 1)]) {
      expect(failureOf(() => verifyOperation(chain, other))?.check).toBe('file-readable');
    }
  });

  it('needs the signature of the source, not only its statement', () => {
    const { submission } = vectors.proof as { submission: string };
    const at = submission.length - 20;
    const forged = submission.slice(0, at) + (submission[at] === 'A' ? 'B' : 'A') + submission.slice(at + 1);
    expect(failureOf(() => verifyOperation(chain, { ...vectors.proof, submission: forged }))?.check).toBe('source-signature');
  });

  it('needs its data block to be the one that is recorded', () => {
    const { leaf } = vectors.proof as { leaf: { root: Hex; siblings: Hex[] } };
    // A block of one's own, in which the one that is recorded stands.
    const [one, other] = [leaf.root, `0x${'ff'.repeat(32)}` as const];
    const root = hexOfBytes(keccak(bytesOfHex(one + other.slice(2)) ?? new Uint8Array()));
    const forged = { ...vectors.proof, leaf: { root, siblings: [...leaf.siblings, other] } };
    expect(failureOf(() => verifyOperation(chain, forged))?.check).toBe('root-recorded');
  });

  it('of a chain is none of another', () => {
    const other = new TrustedChain({ ...vectors.chain, genesisHash: `0x${'11'.repeat(32)}` });
    expect(failureOf(() => verifyOperation(other, vectors.proof))?.check).toBe('WrongChain');
    const renamed = structuredClone(vectors.proof) as { proof: { chain: { genesisHash: string } } };
    renamed.proof.chain.genesisHash = other.genesisHash;
    expect(failureOf(() => verifyOperation(other, renamed))?.check).toBe('FinalitySignature');
  });
});

// DATA-1, DATA-8
describe('a key of a source', () => {
  const [first, second, third] = [SourceKey.generate('EdDSA'), SourceKey.generate('ES256'), SourceKey.generate('ES256K')];
  const rotation = (old: SourceKey, next: SourceKey, source = first.source, chainId = 7100): [string, string] => {
    const { statement, approval } = old.rotation(next, source, chainId, 1);
    return [statement, approval];
  };
  const [one, two] = [rotation(first, second), rotation(second, third)];

  it('is its own if each key before it has approved the next', () => {
    expect(sourceKey(first.source, 7100, [first.jwk], []).kid()).toBe(first.kid);
    expect(sourceKey(first.source, 7100, [first.jwk, second.jwk, third.jwk], [one, two]).kid()).toBe(third.kid);
  });

  it('is none otherwise', () => {
    const wrong: [SourceKey[], [string, string][]][] = [
      [[], []],
      [[third], []],
      [[first, third], []],
      [[first], [one]],
      [[first, third], [two]],
      [[first, second, third], [two, one]],
      [[first, second, third], [one, rotation(second, third, third.source)]],
      [[first, second, third], [one, rotation(third, third)]],
      [[first, second, third], [one, rotation(second, third, first.source, 7101)]],
      [[first, second], [[one[1], one[0]]]],
      [Array<SourceKey>(18).fill(first), Array<[string, string]>(17).fill(one)],
    ];
    for (const [keys, rotations] of wrong) {
      const failure = failureOf(() => sourceKey(first.source, 7100, keys.map(({ jwk }) => jwk), rotations));
      expect(failure?.check, `${keys.length} keys`).toBe('source-key');
    }
  });
});

// FINALITY-7
describe('a chain', () => {
  const { chains } = JSON.parse(readFileSync(new URL('../../../crates/light/vectors/finality.json', import.meta.url), 'utf8')) as {
    chains: { essentials: ChainEssentials; genesisHeader: Hex }[];
  };
  const fileOf = ({ chainId, validators }: ChainEssentials): unknown => ({
    name: 'main',
    chainId,
    validators: validators.map((blsPublicKey) => ({ name: 'one', blsPublicKey })),
  });

  it('is trusted by the hash of its genesis alone', () => {
    for (const { essentials, genesisHeader } of chains) {
      const header = bytesOfHex(genesisHeader) ?? new Uint8Array();
      const { genesisHash } = essentials;
      const { validators } = essentials;
      expect(trustedChain(genesisHash, fileOf(essentials), header).essentials).toEqual(essentials);
      const foreign = { ...essentials, validators: chains.find((other) => other.essentials !== essentials)?.essentials.validators ?? [] };
      const check = (make: () => unknown): unknown => {
        try {
          return make();
        } catch (error) {
          return error instanceof VerifyError || error instanceof TrustError ? error.check : error;
        }
      };
      expect(check(() => trustedChain(`0x${'11'.repeat(32)}`, fileOf(essentials), header))).toBe('GenesisHashMismatch');
      expect(check(() => trustedChain(genesisHash, fileOf(foreign), header))).toBe('GenesisValidatorsMismatch');
      for (const file of [null, {}, { chainId: 1 }, { chainId: 1, validators: [{}] }, { chainId: '1', validators }]) {
        expect(check(() => essentialsOf(file, genesisHash))).toBe('EssentialsMalformed');
      }
    }
  });
});
