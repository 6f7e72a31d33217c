import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as light from '../src/light/index.js';

// FINALITY-2 to FINALITY-9 for bytes that nobody chose: what was damaged is never accepted, and is refused with a type.
interface BundleVectors {
  chain: light.ChainEssentials;
  cases: { name: string; proof: unknown }[];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../crates/light/vectors/bundle.json', import.meta.url), 'utf8'),
) as BundleVectors;
const chain = new light.TrustedChain(vectors.chain);
const json = new TextEncoder().encode(JSON.stringify(vectors.cases[0]?.proof));
const bundle = light.readBundle(json);
const block = chain.verifyFinality(bundle.finality);

const SEED = 20_261_121;

/** Whole numbers from 0 to below `bound`; the same ones for the same seed (xorshift of 32 bits). */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** One to three bits flipped, and sometimes some bytes fewer or more; never what it was. */
function damaged(bytes: Uint8Array, below: (bound: number) => number): Uint8Array {
  const cut = below(4) === 0 ? below(bytes.length) : bytes.length;
  const grown = below(8) === 0 ? cut + 1 + below(3) : cut;
  const result = new Uint8Array(grown);
  result.set(bytes.subarray(0, cut));
  for (let flips = 1 + below(3); flips > 0 && result.length > 0; flips -= 1) {
    const at = below(result.length);
    result[at] = (result[at] ?? 0) ^ (1 << below(8));
  }
  const isSame = result.length === bytes.length && result.every((byte, at) => byte === bytes[at]);
  return isSame ? bytes.subarray(1) : result;
}

const damagedOne = (nodes: readonly Uint8Array[], below: (bound: number) => number): Uint8Array[] => {
  const chosen = below(nodes.length);
  return nodes.map((node, at) => (at === chosen ? damaged(node, below) : node));
};

/** Runs a check on damaged input again and again; says by which seed and round it was accepted or failed untyped. */
function alwaysRefused(rounds: number, salt: number, check: (below: (bound: number) => number) => unknown): Set<string> {
  const checks = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    const seed = SEED + 1000 * salt + round;
    let refusal: unknown;
    try {
      check(generator(seed));
    } catch (error) {
      refusal = error;
    }
    expect(refusal, `seed ${seed}`).toBeInstanceOf(light.VerifyError);
    checks.add((refusal as light.VerifyError).check);
  }
  return checks;
}

describe('damaged bytes are refused with a type', () => {
  it('in the certificate', () => {
    const refused = alwaysRefused(120, 1, (below) =>
      chain.verifyFinality({ ...bundle.finality, certificate: damaged(bundle.finality.certificate, below) }),
    );
    expect(refused).toContain('CertificateMalformed');
    expect(refused).toContain('HeaderHashMismatch');
  });

  it('in the header', () => {
    const refused = alwaysRefused(600, 2, (below) =>
      chain.verifyFinality({ ...bundle.finality, header: damaged(bundle.finality.header, below) }),
    );
    expect(refused).toContain('HeaderMalformed');
    expect(refused).toContain('HeaderHashMismatch');
  });

  it('in the transaction, and in the nodes that prove it', () => {
    const { transaction } = bundle;
    const nodes = (below: (bound: number) => number): Uint8Array[] => damagedOne(transaction.proof, below);
    alwaysRefused(600, 3, (below) => light.verifyTransaction(block, { ...transaction, proof: nodes(below) }));
    alwaysRefused(200, 4, (below) =>
      light.verifyTransaction(block, { ...transaction, transaction: damaged(transaction.transaction, below) }),
    );
  });

  it('in the receipt, and in the nodes that prove it', () => {
    const { receipt } = bundle;
    alwaysRefused(600, 5, (below) => light.verifyReceipt(block, { ...receipt, proof: damagedOne(receipt.proof, below) }));
    alwaysRefused(200, 6, (below) => light.verifyReceipt(block, { ...receipt, receipt: damaged(receipt.receipt, below) }));
  });

  it('in the nodes that prove an account and its slots', () => {
    const { account, finality } = bundle.state ?? {};
    if (!account || !finality) throw new Error('the bundle has a later state');
    const header = chain.verifyFinality(finality);
    expect(light.verifyAccount(header, account).storage).toHaveLength(2);
    alwaysRefused(600, 7, (below) =>
      light.verifyAccount(header, { ...account, accountProof: damagedOne(account.accountProof, below) }),
    );
    alwaysRefused(600, 8, (below) => {
      const chosen = below(account.storageProof.length);
      const storageProof = account.storageProof.map((slot, at) =>
        at === chosen ? { ...slot, proof: damagedOne(slot.proof, below) } : slot,
      );
      return light.verifyAccount(header, { ...account, storageProof });
    });
  });

  it('in a path that ends too early or goes on: neither shows absence', () => {
    const { account, finality } = bundle.state ?? {};
    const [present, absent] = account?.storageProof ?? [];
    if (!account || !finality || !present || !absent) throw new Error('the bundle has a present and an absent slot');
    const header = chain.verifyFinality(finality);
    const early = { ...present, value: 0n, proof: present.proof.slice(0, 1) };
    const beyond = { ...absent, proof: present.proof };
    for (const slot of [early, beyond]) {
      const verify = (): unknown => light.verifyAccount(header, { ...account, storageProof: [slot] });
      expect(verify).toThrow(expect.objectContaining({ check: 'StorageNotProven' }));
    }
  });

  it('in a bundle file: it is unreadable, or reads as what can be verified', () => {
    for (let round = 0; round < 300; round += 1) {
      const seed = SEED + 9000 + round;
      let refusal: unknown;
      try {
        const read = light.readBundle(damaged(json, generator(seed)));
        // Cheap to refuse: no certificate leads to this chain.
        light.verifyBundle(chain, { ...read, finality: { ...read.finality, certificate: new Uint8Array() } });
      } catch (error) {
        refusal = error;
      }
      expect(refusal, `seed ${seed}`).toBeInstanceOf(light.VerifyError);
    }
  });
});
