/**
 * Text and bytes as docs/specs/encodings.md wants them. Pure; no I/O.
 */
import type { Hex } from 'viem';

/** Most characters of a name that becomes a bytes32. */
const MAX_BYTES32_CHARACTERS = 32;

export const ZERO_HASH: Hex = `0x${'0'.repeat(64)}`;

/** ASCII text as bytes32, padded right with zeros (kinds, rights, organization codes, attribute names). */
export function bytes32FromAscii(text: string): Hex {
  if (text.length === 0 || text.length > MAX_BYTES32_CHARACTERS || !/^[\x21-\x7e]+$/.test(text)) {
    throw new RangeError(`'${text}' must be 1 to 32 printable ASCII characters`);
  }
  const bytes = new Uint8Array(32);
  bytes.set(new TextEncoder().encode(text));
  return hexFromBytes(bytes);
}

export function hexFromBytes(bytes: Uint8Array): Hex {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return `0x${text}`;
}

export function bytesFromHex(hex: string): Uint8Array<ArrayBuffer> {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new RangeError('not 0x hexadecimal');
  const bytes = new Uint8Array((hex.length - 2) / 2);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = Number.parseInt(hex.slice(2 + at * 2, 4 + at * 2), 16);
  }
  return bytes;
}

/** RFC 4648 section 5, without padding. */
export function base64urlFromBytes(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function bytesFromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new RangeError('not base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function isHash(text: unknown): text is Hex {
  return typeof text === 'string' && /^0x[0-9a-fA-F]{64}$/.test(text);
}

export function isAddressText(text: unknown): text is Hex {
  return typeof text === 'string' && /^0x[0-9a-fA-F]{40}$/.test(text);
}

/** Addresses and hashes are compared without regard to the EIP-55 spelling. */
export function sameHex(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** Unix seconds of a moment. */
export function unixSeconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}
