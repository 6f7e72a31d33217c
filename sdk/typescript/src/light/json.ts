/** The forms that members of the verifier's JSON have. Every refusal says where. */
import type { Hex } from '../hex.js';
import { ADDRESS_BYTES, bytesOf, WORD_BYTES } from './bytes.js';

/** Hexadecimal is looked at in pieces: an engine's pattern matcher need not bear megabytes at once. */
const MAX_QUANTITY_DIGITS = 64;
const HEX_DIGITS = /^[0-9a-fA-F]*$/;
const HEX_PIECE = 4096;

/** JSON does not have the form expected. Never leaves this folder: each caller makes its own refusal of it. */
export class FormError extends Error {
  override readonly name = 'FormError';
}

export type Members = Readonly<Record<string, unknown>>;

/** An object's members; with `known`, any other is refused. */
export function membersAt(value: unknown, at: string, known?: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FormError(`${at}: an object is expected`);
  const stranger = known && Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) throw new FormError(`${at}: unknown member ${JSON.stringify(stranger)}`);
  // Without a prototype, a member that is absent is not taken for an inherited one.
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

export function listAt<Item>(value: unknown, at: string, read: (item: unknown, at: string) => Item): Item[] {
  if (!Array.isArray(value)) throw new FormError(`${at}: a list is expected`);
  return value.map((item: unknown, position) => read(item, `${at}[${position}]`));
}

/** A number that JSON's readers agree on: above 2^53 they do not. */
export function safeIntegerAt(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new FormError(`${at}: a whole number from 0 to 2^53 - 1 is expected`);
  }
  return value;
}

/** `0x` and pairs of digits, `bytes` of them if given; in lower case. */
export function hexAt(value: unknown, at: string, bytes?: number): Hex {
  const digits = digitsAt(value, at);
  if (digits.length % 2 !== 0) throw new FormError(`${at}: an even number of digits is expected`);
  if (bytes !== undefined && digits.length !== 2 * bytes) throw new FormError(`${at}: ${bytes} bytes are expected`);
  return `0x${digits}`;
}

export function bytesAt(value: unknown, at: string): Uint8Array {
  return bytesOf(hexAt(value, at));
}

export function bytesListAt(value: unknown, at: string): Uint8Array[] {
  return listAt(value, at, bytesAt);
}

export function hashAt(value: unknown, at: string): Hex {
  return hexAt(value, at, WORD_BYTES);
}

export function addressAt(value: unknown, at: string): Hex {
  return hexAt(value, at, ADDRESS_BYTES);
}

/** A JSON-RPC quantity of at most `bits`: `0x` and digits. Some nodes pad slots with zeros, so leading zeros are allowed. */
export function quantityAt(value: unknown, at: string, bits: 64 | 256): bigint {
  const digits = digitsAt(value, at);
  if (digits.length === 0 || digits.length > MAX_QUANTITY_DIGITS) throw new FormError(`${at}: 1 to 64 digits are expected`);
  const quantity = BigInt(`0x${digits}`);
  if (quantity >> BigInt(bits) !== 0n) throw new FormError(`${at}: number does not fit ${bits} bits`);
  return quantity;
}

function digitsAt(value: unknown, at: string): string {
  if (typeof value !== 'string' || !value.startsWith('0x')) throw new FormError(`${at}: 0x hexadecimal is expected`);
  const digits = value.slice(2);
  for (let from = 0; from < digits.length; from += HEX_PIECE) {
    if (!HEX_DIGITS.test(digits.slice(from, from + HEX_PIECE))) throw new FormError(`${at}: 0x hexadecimal is expected`);
  }
  return digits.toLowerCase();
}
