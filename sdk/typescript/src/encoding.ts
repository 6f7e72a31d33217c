/** Text of bytes, and bytes of text. Pure. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils';
import type { Hex } from './hex.js';

const BASE64URL = /^[A-Za-z0-9_-]*$/;
const HEX = /^0x(?:[0-9a-fA-F]{2})*$/;

export function utf8Of(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** RFC 4648, section 4. */
export function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** RFC 4648, section 5, without padding. */
export function base64urlOf(bytes: Uint8Array): string {
  return base64Of(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of a base64url text in its one form, without padding and stray bits; `undefined` for any other text. */
export function bytesOfBase64url(text: string): Uint8Array | undefined {
  if (!BASE64URL.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
  return base64urlOf(bytes) === text ? bytes : undefined;
}

/** `0x` and lower-case digits. */
export function hexOfBytes(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

/** The bytes of `0x` and pairs of digits; `undefined` for any other text. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  return HEX.test(text) ? hexToBytes(text.slice(2)) : undefined;
}

/** From the system's source of randomness. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
