import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { vectors } from './request-proof/cases.js';

// A-MORE-3, REQUEST-PROOF-1 to REQUEST-PROOF-8 (docs/specs/alliance.md). The file holds crates/bridge/src/proof (crates/bridge/tests/bridge/request_proof.rs); it is
// made here, by another implementation of the words, so that neither can be wrong alone.
const FILE = new URL('../../../crates/bridge/vectors/request-proof.json', import.meta.url);
if (process.env.CHANCERY_BLESS !== undefined) writeFileSync(FILE, `${JSON.stringify(vectors(), null, 1)}\n`);

it('the vectors of the proof of a request are what they were made of', () => {
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(vectors())));
});
