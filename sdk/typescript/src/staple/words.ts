/** Words of the EVM: names, times and places in storage (docs/specs/encodings.md, docs/specs/certificate-registry.md). Pure. */
import { hexOf, keccak, numberOf, WORD_BYTES, wordOf } from '../light/bytes.js';
import { utf8Of } from '../encoding.js';
import type { Hex } from '../hex.js';

const TIME_BITS = 64n;
const TIME_MASK = (1n << TIME_BITS) - 1n;
const WORD_LIMIT = 1n << 256n;

/** An ASCII name as `bytes32`: padded right with zeros. What is no name of at most 32 characters is no word of any registry. */
export function wordOfName(name: string): Uint8Array {
  const word = new Uint8Array(WORD_BYTES);
  word.set(utf8Of(name).subarray(0, WORD_BYTES));
  return word;
}

/** The ASCII name that a word holds. */
export function nameOfWord(word: Uint8Array): string {
  return String.fromCharCode(...word.subarray(0, word.findLastIndex((byte) => byte !== 0) + 1));
}

/** Seconds since 1970, 64 bits of a packed word from a bit on. As a number: later than 2^53 is later than any clock. */
export function secondsAt(word: bigint, fromBit: bigint): number {
  return Number((word >> fromBit) & TIME_MASK);
}

/** The low 160 bits of a word. */
export function addressOf(word: bigint): Hex {
  return `0x${(word & ((1n << 160n) - 1n)).toString(16).padStart(40, '0')}`;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** `keccak256` of the parts, in a row. */
export function hashOf(...parts: readonly Uint8Array[]): Uint8Array {
  return keccak(concat(...parts));
}

/** The slot of a key in a mapping. */
export function inMapping(key: Uint8Array, mapping: Uint8Array): Uint8Array {
  return hashOf(key, mapping);
}

/** The slot that lies further on. */
export function after(slot: Uint8Array, offset: bigint): bigint {
  return (numberOf(slot) + offset) % WORD_LIMIT;
}

export function wordHex(value: bigint): Hex {
  return hexOf(wordOf(value));
}
