/** Bytes, hashes and hexadecimal as the verifier compares them. */
import { keccak_256 } from '@noble/hashes/sha3';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils';
import type { Hex } from '../hex.js';

/** Bytes of a hash, and of a word of the EVM. */
export const WORD_BYTES = 32;
/** Bytes of an account's address. */
export const ADDRESS_BYTES = 20;

/** `0x` and lower-case digits: the one form in which hashes are compared. */
export function hexOf(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

/** The bytes of what {@link hexOf} made, or of hexadecimal whose form was checked when it was read. */
export function bytesOf(hex: Hex): Uint8Array {
  return hexToBytes(hex.slice(2));
}

export function keccak(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** A big-endian unsigned number; none for no bytes. */
export function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(hexOf(bytes));
}

/** A number below 2^256 as a big-endian word. */
export function wordOf(value: bigint): Uint8Array {
  const word = new Uint8Array(WORD_BYTES);
  for (let at = WORD_BYTES - 1, rest = value; rest > 0n && at >= 0; at -= 1, rest >>= 8n) {
    word[at] = Number(rest & 0xffn);
  }
  return word;
}
