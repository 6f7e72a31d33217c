import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAX_STAPLED_BYTES, StapleFailure, TrustedChain, trustFingerprint, verifyStapled } from '../src/staple/index.js';
import { changed, vectors, type Case, type Vectors } from './staple/cases.js';
import { NOW, otherSide, side } from './staple/city.js';

// C-API-5, C-MORE-1, STAPLE-1 to STAPLE-12 (docs/specs/stapled.md). The same file holds the Rust side (crates/certificates/src/stapled/tests.rs).
const FILE = new URL('../../../crates/certificates/vectors/stapled.json', import.meta.url);
if (process.env.CHANCERY_BLESS !== undefined) writeFileSync(FILE, `${JSON.stringify(vectors(), null, 1)}\n`);
const shared = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors;
const trust = { chain: new TrustedChain(shared.chain), authority: new TrustedChain(shared.authority) };

const fileOf = ({ base, changes }: Case): string => JSON.stringify(changed(shared.bases[base], changes));
const policyOf = ({ now, maxAgeSeconds }: Case): { now: number; maxAgeSeconds?: number } => ({
  now,
  ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
});

function said(vector: Case): Partial<Case> {
  try {
    const { outcome, asOf, ageSeconds } = verifyStapled(trust, fileOf(vector), policyOf(vector));
    return { expect: 'ok', outcome, asOf, ageSeconds };
  } catch (error) {
    if (error instanceof StapleFailure) return { expect: error.check };
    throw error;
  }
}

describe('stapled certificates', () => {
  it('the shared vectors are what they were made of', () => {
    expect(shared).toEqual(JSON.parse(JSON.stringify(vectors())));
  });

  it.each(shared.cases.map((vector) => ({ name: vector.name, vector })))('$name', ({ vector }) => {
    const { expect: check, outcome, asOf, ageSeconds } = vector;
    const told = check === 'ok' ? { expect: check, outcome, asOf, ageSeconds } : { expect: check };
    expect(said(vector)).toEqual(told);
  });

  it('each forgery is refused by one check alone: without it, the file is whole', () => {
    const forged = shared.cases.filter(({ expect: check }) => check !== 'ok');
    expect(new Set(forged.map(({ expect: check }) => check)).size).toBeGreaterThanOrEqual(28);
    for (const { name, changes } of forged) expect(changes.length, name).toBe(1);
  });

  it('a file is read within its bound, and not beyond', () => {
    const whole = JSON.stringify(shared.bases.whole);
    const padded = (bytes: number): string => whole + ' '.repeat(bytes - whole.length);
    expect(verifyStapled(trust, padded(MAX_STAPLED_BYTES), { now: NOW }).outcome).toBe('valid');
    expect(() => verifyStapled(trust, padded(MAX_STAPLED_BYTES + 1), { now: NOW })).toThrow(/^staple-size/);
  });

  it('what is no file is refused by name, whatever it is', () => {
    for (const text of ['', '[]', 'null', '7', '{', '{"staple":7}', '{"staple":{"version":1}}', '\u0000', `{"staple":${'['.repeat(100_000)}${']'.repeat(100_000)}}`]) {
      expect(() => verifyStapled(trust, text, { now: NOW }), text).toThrow(StapleFailure);
    }
  });

  it('what the holder shows, whose right it was, and what is not proven', () => {
    const verified = verifyStapled(trust, JSON.stringify({ ...(shared.bases.whole as object), 'note"': 1 }), { now: NOW });
    expect(new TextDecoder().decode(verified.presented?.document)).toContain('Lin (sample)');
    expect([verified.presented?.ageSeconds, verified.right.isInForce, verified.right.isOrganizationSuspended]).toEqual([30, true, false]);
    expect(verified.unproven).toEqual(['organizationName', 'note\\"']);
  });

  it('a fingerprint stands for everything that is trusted', () => {
    const { chain, authority, fingerprint } = shared;
    const [key = '0x'] = chain.validators;
    expect(trustFingerprint(authority.chainId, [authority, chain])).toBe(fingerprint);
    expect(fingerprint).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    const others = [
      trustFingerprint(chain.chainId, [chain, authority]),
      trustFingerprint(authority.chainId, [authority]),
      trustFingerprint(authority.chainId, [authority, { ...chain, genesisHash: otherSide.genesis.hash }]),
      trustFingerprint(authority.chainId, [authority, { ...chain, chainId: 7104 }]),
    ];
    expect(new Set([fingerprint, ...others]).size).toBe(others.length + 1);
    expect(() => trustFingerprint(1, [{ ...side.essentials, validators: [key, key] }])).toThrow();
  });
});
