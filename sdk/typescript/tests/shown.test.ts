import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StapleFailure, verifyShown } from '../src/staple/index.js';
import { answerOf, shownVectors, type ShownCase, type ShownVectors } from './staple/shown-cases.js';

// C-CHAINS, SHOWN-1 to SHOWN-8 (docs/specs/trust.md). The same file holds the Rust side (crates/certificates/src/shown/tests/vectors.rs).
const FILE = new URL('../../../crates/certificates/vectors/shown.json', import.meta.url);
if (process.env.CHANCERY_BLESS !== undefined) writeFileSync(FILE, `${JSON.stringify(shownVectors(), null, 1)}\n`);
const shared = JSON.parse(readFileSync(FILE, 'utf8')) as ShownVectors;
const city = { authority: 7100, chains: [shared.host, shared.followed] };

const CHAINS = { chainId: shared.host.chainId, followedId: shared.followed.chainId };

function said(vector: ShownCase): Partial<ShownCase> {
  const { holder, kind, now } = vector;
  try {
    return { expect: 'ok', verified: verifyShown(city, answerOf(shared.base, vector), { ...CHAINS, holder, kind, now }) };
  } catch (error) {
    if (error instanceof StapleFailure) return { expect: error.check };
    throw error;
  }
}

describe('what a chain shows of a holder', () => {
  it('the shared vectors are what they were made of', () => {
    expect(shared).toEqual(JSON.parse(JSON.stringify(shownVectors())));
  });

  it.each(shared.cases.map((vector) => ({ name: vector.name, vector })))('$name', ({ vector }) => {
    const { expect: check, verified } = vector;
    expect(said(vector)).toEqual(check === 'ok' ? { expect: check, verified } : { expect: check });
  });

  it('a chain that is not trusted shows nothing', () => {
    const question = { ...CHAINS, holder: `0x${'a1'.repeat(20)}`, kind: 'degree', now: 1_800_000_000 };
    for (const other of [{ chainId: 7105 }, { followedId: 7105 }, { chainId: CHAINS.followedId }, { followedId: CHAINS.chainId }]) {
      expect(() => verifyShown(city, shared.base, { ...question, ...other })).toThrow(/^WrongChain/);
    }
  });

  it('a name that is the same word on chain is no kind', () => {
    for (const kind of ['degree\u0000', 'Degree', '', 'x'.repeat(33)]) {
      const question = { ...CHAINS, holder: `0x${'a1'.repeat(20)}`, kind, now: 1_800_000_000 };
      expect(() => verifyShown(city, shared.base, question)).toThrow(/^shown-of-holder/);
    }
  });

  it('what is no proof is refused by name, whatever it is', () => {
    const question = { ...CHAINS, holder: `0x${'a1'.repeat(20)}`, kind: 'degree', now: 1_800_000_000 };
    for (const proof of [undefined, null, 7, 'text', [], {}, { version: 1 }, { ...(shared.base.proof as object), receipt: { index: -1 } }]) {
      expect(() => verifyShown(city, { proof }, question)).toThrow(/^proof-present/);
    }
    expect(() => verifyShown(city, { ...shared.base, genesis: { header: '0x' } }, question)).toThrow(/^shown-by/);
  });
});
