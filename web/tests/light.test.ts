import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ChainEssentials, VerifyError } from '../src/light';

// C-MORE-1; the checks themselves are tested where they are (sdk/typescript/tests).
describe('the trust kernel', () => {
  it('is the one of the client, and verifies here too', async () => {
    const light = await import('../src/light');
    const file = new URL('../../crates/light/vectors/bundle.json', import.meta.url);
    const { chain, cases } = JSON.parse(readFileSync(file, 'utf8')) as {
      chain: ChainEssentials;
      cases: { expect: string; proof: unknown }[];
    };
    const trusted = new light.TrustedChain(chain);
    const outcomes = cases.map(({ proof }) => {
      try {
        light.verifyBundle(trusted, light.readBundle(new TextEncoder().encode(JSON.stringify(proof))));
        return 'ok';
      } catch (error) {
        return error instanceof light.VerifyError ? (error as VerifyError).check : 'untyped';
      }
    });
    expect(outcomes).toEqual(cases.map((vector) => vector.expect));
  });
});
