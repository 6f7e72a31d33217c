import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError, ReceiptFailure, verifyReceipt, type Jwk, type SignedReceipt } from '../src/index.js';

interface Vectors {
  jwk: Jwk;
  receipts: SignedReceipt[];
  alone: string;
  texts: string[];
  refused: { name: string; receipt: string; expect: string }[];
}
// crates/data/src/receipt/tests.rs holds the Rust side to the same file.
const vectors = JSON.parse(readFileSync(new URL('../../../crates/data/vectors/receipts.json', import.meta.url), 'utf8')) as Vectors;

function failureOf(text: string): ReceiptFailure | undefined {
  try {
    verifyReceipt(text, vectors.jwk);
  } catch (error) {
    if (error instanceof ReceiptFailure) return error;
    throw error;
  }
  return undefined;
}

// DATA-12
describe('a receipt', () => {
  it('is verified by itself, whether it was signed alone or with others', () => {
    expect(vectors.texts.map((text) => verifyReceipt(text, vectors.jwk))).toEqual(vectors.receipts);
    expect(verifyReceipt(vectors.alone, vectors.jwk)).toEqual(vectors.receipts[0]);
  });

  it.each(vectors.refused)('with $name is refused: $expect', ({ receipt, expect: check }) => {
    expect(failureOf(receipt)?.check).toBe(check);
  });

  it('of which any character is another is refused', () => {
    for (const text of [vectors.alone, vectors.texts[3] ?? '']) {
      for (let at = 0; at < text.length; at += 7) {
        const other = text[at] === 'A' ? 'B' : 'A';
        expect(failureOf(`${text.slice(0, at)}${other}${text.slice(at + 1)}`)?.detail).toBeTruthy();
      }
    }
  });

  it('is not looked at without a key', () => {
    expect(() => verifyReceipt(vectors.alone, { ...vectors.jwk, x: '' })).toThrow(InputError);
  });
});
