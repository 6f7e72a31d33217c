/**
 * RLP, strictly: what decodes has exactly one encoding (Ethereum Yellow Paper, appendix B).
 *
 * viem's `fromRlp` reads lengths that are not in their shortest form, so a header could have several encodings; hence this.
 */
import { concatBytes } from '@noble/hashes/utils';
import { ADDRESS_BYTES, hexOf, numberOf, wordOf } from './bytes.js';
import type { Hex } from '../hex.js';

/** Deepest nesting of lists read: access lists, topics of logs and short trie nodes have at most five. */
export const MAX_RLP_DEPTH = 8;

/** Longest string or list whose length stands in its first byte. */
const MAX_SHORT_BYTES = 55;
/** Most bytes of a length; what is verified is far shorter than 2^32 bytes. */
const MAX_LENGTH_BYTES = 4;
const STRING_OFFSET = 0x80;
const LIST_OFFSET = 0xc0;

export interface RlpList {
  readonly items: readonly Rlp[];
  /** Length of its own encoding. */
  readonly encodedBytes: number;
}
export type Rlp = Uint8Array | RlpList;

/** Bytes are not the canonical RLP of what was expected. Never leaves this folder: each caller makes its own refusal of it. */
export class RlpError extends Error {
  override readonly name = 'RlpError';
}

/** Reads exactly one item; nothing may follow. Strings are views into `bytes`. */
export function decodeRlp(bytes: Uint8Array): Rlp {
  const { item, end } = readItem(bytes, 0, bytes.length, 0);
  if (end !== bytes.length) throw new RlpError('bytes follow the item');
  return item;
}

/** What `read` gives, or `onRefusal`'s error if the bytes that it reads are not what it expects. */
export function readingRlp<Value>(read: () => Value, onRefusal: () => Error): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof RlpError) throw onRefusal();
    throw error;
  }
}

function readItem(bytes: Uint8Array, start: number, limit: number, depth: number): { item: Rlp; end: number } {
  const prefix = byteAt(bytes, start, limit);
  if (prefix < STRING_OFFSET) return { item: bytes.subarray(start, start + 1), end: start + 1 };
  const isList = prefix >= LIST_OFFSET;
  const { from, end } = readExtent(bytes, start, limit, prefix - (isList ? LIST_OFFSET : STRING_OFFSET));
  if (!isList) {
    const item = bytes.subarray(from, end);
    if (item.length === 1 && byteAt(item, 0, 1) < STRING_OFFSET) throw new RlpError('a byte that needs no prefix has one');
    return { item, end };
  }
  if (depth >= MAX_RLP_DEPTH) throw new RlpError('nested too deeply');
  const items: Rlp[] = [];
  for (let at = from; at < end; ) {
    const inner = readItem(bytes, at, end, depth + 1);
    items.push(inner.item);
    at = inner.end;
  }
  return { item: { items, encodedBytes: end - start }, end };
}

/** Where the contents of an item lie; `code` is its first byte without the offset. */
function readExtent(bytes: Uint8Array, start: number, limit: number, code: number): { from: number; end: number } {
  let from = start + 1;
  let length = code;
  if (code > MAX_SHORT_BYTES) {
    const lengthBytes = code - MAX_SHORT_BYTES;
    if (lengthBytes > MAX_LENGTH_BYTES) throw new RlpError('longer than anything that is read here');
    length = 0;
    for (let at = from; at < from + lengthBytes; at += 1) length = length * 256 + byteAt(bytes, at, limit);
    if (byteAt(bytes, from, limit) === 0 || length <= MAX_SHORT_BYTES) throw new RlpError('length not in its shortest form');
    from += lengthBytes;
  }
  if (length > limit - from) throw new RlpError('truncated');
  return { from, end: from + length };
}

function byteAt(bytes: Uint8Array, at: number, limit: number): number {
  const byte = at < limit ? bytes[at] : undefined;
  if (byte === undefined) throw new RlpError('truncated');
  return byte;
}

export function listOf(item: Rlp | undefined): readonly Rlp[] {
  if (item === undefined || item instanceof Uint8Array) throw new RlpError('a list is expected');
  return item.items;
}

/** The items of a list that has exactly `count` of them. */
export function tupleOf(item: Rlp | undefined, count: number): readonly Rlp[] {
  const items = listOf(item);
  if (items.length !== count) throw new RlpError(`${count} items are expected`);
  return items;
}

export function stringOf(item: Rlp | undefined): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new RlpError('a string is expected');
  return item;
}

export function fixedOf(item: Rlp | undefined, bytes: number): Hex {
  const string = stringOf(item);
  if (string.length !== bytes) throw new RlpError(`${bytes} bytes are expected`);
  return hexOf(string);
}

export function addressOf(item: Rlp | undefined): Hex {
  return fixedOf(item, ADDRESS_BYTES);
}

/** An unsigned number of at most `bits`, without leading zeros. */
export function uintOf(item: Rlp | undefined, bits: 8 | 64 | 128 | 256): bigint {
  const string = stringOf(item);
  if (string.length > bits / 8) throw new RlpError(`number does not fit ${bits} bits`);
  if (string[0] === 0) throw new RlpError('number with a leading zero');
  return numberOf(string);
}

/** The encoding of a list of strings. */
export function encodeRlpList(strings: readonly Uint8Array[]): Uint8Array {
  return encodeRlpItems(strings.map(encodeRlpString));
}

/** The encoding of a list of what is encoded already. */
export function encodeRlpItems(items: readonly Uint8Array[]): Uint8Array {
  const contents = concatBytes(...items);
  return concatBytes(encodePrefix(LIST_OFFSET, contents.length), contents);
}

export function encodeRlpString(bytes: Uint8Array): Uint8Array {
  const [first] = bytes;
  if (bytes.length === 1 && first !== undefined && first < STRING_OFFSET) return bytes;
  return concatBytes(encodePrefix(STRING_OFFSET, bytes.length), bytes);
}

/** A number below 2^256 without leading zeros, as RLP has numbers; zero is no bytes. */
export function shortestNumber(value: bigint): Uint8Array {
  const word = wordOf(value);
  const start = word.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array() : word.subarray(start);
}

function encodePrefix(offset: number, length: number): Uint8Array {
  if (length <= MAX_SHORT_BYTES) return Uint8Array.of(offset + length);
  const digits = shortestNumber(BigInt(length));
  return concatBytes(Uint8Array.of(offset + MAX_SHORT_BYTES + digits.length), digits);
}
