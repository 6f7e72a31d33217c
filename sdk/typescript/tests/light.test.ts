import { readFileSync } from 'node:fs';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils';
import type { Hex } from '../src/hex.js';
import { describe, expect, it } from 'vitest';
import * as light from '../src/light/index.js';

// FINALITY-1 to FINALITY-10 (docs/specs/finality.md). The same files hold the Rust and the Solidity side.
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../crates/light/vectors/${name}.json`, import.meta.url), 'utf8'));

/** The prime of BLS12-381's base field. */
const FIELD_ORDER = BigInt(
  '0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab',
);

interface Case {
  name: string;
  chain: number;
  expect: string;
  reason?: string;
  proof: unknown;
}
interface FinalityVectors {
  chains: { essentials: light.ChainEssentials; genesisHeader: Hex; namespace: Hex }[];
  sets: { name: string; expect: string; reason?: string; validators: Hex[] }[];
  cases: Case[];
}
interface BundleVectors {
  chain: light.ChainEssentials;
  genesisHeader: Hex;
  cases: (Case & { proof: Record<string, unknown> })[];
}

interface HandoverVectors {
  essentials: light.ChainEssentials;
  cases: Omit<Case, 'chain'>[];
}

const finality = read('finality') as FinalityVectors;
const handovers = read('handover') as HandoverVectors;
const bundles = read('bundle') as BundleVectors;
const bytes = (hex: Hex): Uint8Array => hexToBytes(hex.slice(2));
const file = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const trusted = finality.chains.map(({ essentials }) => new light.TrustedChain(essentials));
const chainOf = (at: number): light.TrustedChain => {
  const chain = trusted[at];
  if (!chain) throw new Error(`no chain ${at}`);
  return chain;
};
const bundleOf = (name: string): Record<string, unknown> => {
  const found = bundles.cases.find((vector) => vector.name === name);
  if (!found) throw new Error(`no bundle '${name}'`);
  return structuredClone(found.proof);
};

/** `ok`, or the check that refused with its reason; anything untyped that is thrown fails the test. */
function outcome(check: () => unknown): { expect: string; reason?: string } {
  try {
    check();
  } catch (error) {
    if (!(error instanceof light.VerifyError || error instanceof light.TrustError)) throw error;
    const { check: name, reason } = error as light.VerifyError | light.TrustError;
    return reason === undefined ? { expect: name } : { expect: name, reason };
  }
  return { expect: 'ok' };
}

function expected(vector: { expect: string; reason?: string }): { expect: string; reason?: string } {
  const { reason } = vector;
  return reason === undefined ? { expect: vector.expect } : { expect: vector.expect, reason };
}

// A chain whose validators changed, as crates/chain/tests/chain/membership.rs ran it.
describe('handover vectors (FINALITY-10)', () => {
  const genesis = new light.TrustedChain(handovers.essentials);

  it.each(handovers.cases)('$name: $expect', ({ expect: wanted, proof }) => {
    expect(outcome(() => genesis.verifyFinality(light.readFinalityProof(proof))).expect).toBe(wanted);
  });

  it('a chain that was followed goes on from there', () => {
    const proof = light.readFinalityProof(handovers.cases[0]?.proof);
    const followed = genesis.followAll(proof.handovers);
    expect(followed.epoch).toBeGreaterThan(0n);
    expect(followed.verifyFinality({ ...proof, handovers: [] }).number).toBe(genesis.verifyFinality(proof).number);
    const last = proof.handovers.at(-1);
    if (last === undefined) throw new Error('no handover');
    expect(outcome(() => followed.follow(last)).expect).toBe('EpochMismatch');
  });

  it('more handovers than a chain can have are refused before they are looked at', () => {
    const proof = light.readFinalityProof(handovers.cases[0]?.proof);
    const many = Array.from({ length: light.MAX_HANDOVERS + 1 }).flatMap(() => proof.handovers.slice(0, 1));
    expect(outcome(() => genesis.followAll(many)).expect).toBe('ProofTooLarge');
  });
});

describe('finality vectors', () => {
  it.each(finality.cases)('$name: $expect', (vector) => {
    const verify = (): unknown => chainOf(vector.chain).verifyFinality(light.readFinalityProof(vector.proof));
    expect(outcome(verify)).toEqual(expected(vector));
  });

  it.each(finality.sets)('a set of validators, $name: $expect', (set) => {
    const { chainId, genesisHash } = chainOf(0);
    const essentials = { chainId, genesisHash, validators: set.validators };
    expect(outcome(() => new light.TrustedChain(essentials))).toEqual(expected(set));
  });

  it('genesis headers are their chains (FINALITY-7)', () => {
    finality.chains.forEach(({ genesisHeader, essentials }, at) => {
      const header = chainOf(at).verifyGenesis(bytes(genesisHeader));
      expect([header.number, header.hash, header.chainId]).toEqual([0n, essentials.genesisHash, essentials.chainId]);
      expect(outcome(() => chainOf((at + 1) % trusted.length).verifyGenesis(bytes(genesisHeader)))).toEqual({
        expect: 'GenesisHashMismatch',
      });
      const validators = finality.chains[(at + 1) % trusted.length]?.essentials.validators ?? [];
      const others = new light.TrustedChain({ ...essentials, validators });
      expect(outcome(() => others.verifyGenesis(bytes(genesisHeader)))).toEqual({ expect: 'GenesisValidatorsMismatch' });
    });
  });

  it('namespaces name chain and genesis (FINALITY-1)', () => {
    for (const { essentials, namespace } of finality.chains) {
      const text = new TextDecoder().decode(light.finalityNamespace(essentials.chainId, essentials.genesisHash));
      expect(new TextDecoder().decode(bytes(namespace))).toBe(`${text}_FINALIZE`);
    }
  });
});

describe('a point', () => {
  it('has one encoding: a coordinate beyond the field is not reduced (FINALITY-2)', () => {
    const proof = light.readFinalityProof(finality.cases.find(({ name }) => name === 'all of 4 signed')?.proof);
    const start = proof.certificate.length - light.BLS_SIGNATURE_BYTES / 2;
    const beyond = BigInt(`0x${bytesToHex(proof.certificate.subarray(start))}`) + FIELD_ORDER;
    const certificate = proof.certificate.slice();
    certificate.set(hexToBytes(beyond.toString(16).padStart(light.BLS_SIGNATURE_BYTES, '0')), start);
    expect(outcome(() => chainOf(1).verifyFinality({ ...proof, certificate }))).toEqual({
      expect: 'CertificateMalformed',
      reason: 'SignatureNotOnCurve',
    });
  });
});

describe('bundle vectors', () => {
  const chain = new light.TrustedChain(bundles.chain);

  it.each(bundles.cases)('$name: $expect', ({ proof, expect: name }) => {
    expect(outcome(() => light.verifyBundle(chain, light.readBundle(file(proof)))).expect).toBe(name);
  });

  it('a bundle gives what it proved', () => {
    const { header, transaction, receipt, state } = light.verifyBundle(
      chain,
      light.readBundle(file(bundleOf('transaction, receipt and later state'))),
    );
    expect(transaction.transaction).toMatchObject({
      type: 2,
      chainId: 7100n,
      nonce: 1n,
      to: '0xc4a0000000000000000000000000000000000006',
    });
    expect(receipt.receipt.status).toBe('succeeded');
    expect(receipt.receipt.logs[0]?.address).toBe('0xc4a0000000000000000000000000000000000006');
    expect(state?.account.storage).toEqual([
      { slot: 7n, value: 1n },
      { slot: 8n, value: 0n },
    ]);
    expect(state && state.header.number > header.number).toBe(true);
  });
});

describe('a bundle file', () => {
  const refusal = (json: Uint8Array): unknown => outcome(() => light.readBundle(json)).expect;

  it('of another version, or with unknown members, is refused', () => {
    const good = bundleOf('without state');
    expect(refusal(file({ ...good, version: 2 }))).toBe('BundleMalformed');
    expect(refusal(file({ ...good, trusted: true }))).toBe('BundleMalformed');
    expect(refusal(file({ ...good, finality: { ...(good.finality as object), trusted: true } }))).toBe('BundleMalformed');
    expect(refusal(file(good))).toBe('ok');
  });

  it('that is no JSON, is too long, or has the wrong forms is refused', () => {
    const good = bundleOf('without state');
    expect(refusal(new TextEncoder().encode('{"version":1'))).toBe('BundleMalformed');
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22))).toBe('BundleMalformed');
    expect(refusal(new Uint8Array(light.MAX_BUNDLE_BYTES + 1))).toBe('BundleMalformed');
    for (const part of [null, 1, 'x', [], {}, { header: '0x0', certificate: '0x' }, { header: '0xzz', certificate: '0x' }]) {
      expect(refusal(file({ ...good, finality: part }))).toBe('BundleMalformed');
    }
    for (const index of [-1, 0.5, 2 ** 53, '1', null]) {
      expect(refusal(file({ ...good, receipt: { ...(good.receipt as object), index } }))).toBe('BundleMalformed');
    }
  });
});

describe('bounds', () => {
  const proof = light.readFinalityProof(finality.cases.find(({ name }) => name === 'all of 4 signed')?.proof);

  it('too many linking headers are refused before they are read', () => {
    const descendants = Array.from({ length: light.MAX_LINKING_HEADERS + 1 }, () => new Uint8Array());
    expect(outcome(() => chainOf(1).verifyFinality({ ...proof, descendants }))).toEqual({ expect: 'TooManyHeaders' });
  });

  it('overlong trie proofs are refused by their size', () => {
    const header = chainOf(1).verifyFinality(proof);
    const many = Array.from({ length: light.MAX_PROOF_NODES + 1 }, () => new Uint8Array());
    const large = [new Uint8Array(light.MAX_PROOF_NODE_BYTES + 1)];
    for (const nodes of [many, large]) {
      const inclusion = { index: 0, transaction: Uint8Array.of(1), proof: nodes };
      expect(outcome(() => light.verifyTransaction(header, inclusion))).toEqual({ expect: 'ProofTooLarge' });
    }
    const account = light.readBundle(file(bundleOf('state of the same block'))).state?.account;
    if (!account) throw new Error('no account');
    const storageProof = Array.from({ length: light.MAX_STORAGE_SLOTS + 1 }, () => ({ key: 0n, value: 0n, proof: [] }));
    expect(outcome(() => light.verifyAccount(header, { ...account, storageProof }))).toEqual({ expect: 'ProofTooLarge' });
  });

  it('a quorum is more than two thirds (FINALITY-4)', () => {
    expect(Array.from({ length: 10 }, (_, at) => light.quorum(at + 1))).toEqual([1, 2, 3, 3, 4, 5, 5, 6, 7, 7]);
  });
});

describe('essentials', () => {
  it('of the wrong form are refused with a type', () => {
    const good = finality.chains[1]?.essentials;
    const bad = [null, 7, [], {}, { ...good, chainId: -1 }, { ...good, genesisHash: '0x00' }, { ...good, validators: ['0x00'] }];
    for (const essentials of bad) {
      const trust = (): unknown => new light.TrustedChain(essentials as unknown as light.ChainEssentials);
      expect(outcome(trust).expect).toBe('EssentialsMalformed');
    }
    const many = Array.from({ length: light.MAX_VALIDATORS + 1 }, () => good?.validators[0]);
    const trust = (): unknown => new light.TrustedChain({ ...good, validators: many } as light.ChainEssentials);
    expect(outcome(trust).expect).toBe('ValidatorCount');
  });
});
