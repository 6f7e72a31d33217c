/**
 * What a holder shows (docs/specs/rest.md, "The code that a holder shows"): a small QR code with a pointer to a ciphertext
 * and the key of it. The key stands behind `#` and so never reaches a server.
 */
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { Hex, TypedDataDefinition } from 'viem';
import {
  base64urlFromBytes,
  bytesFromBase64url,
  hexFromBytes,
  isHash,
  randomBytes,
} from './encoding';
import { contentHash, type CertificateDocument } from './document';
import { presentTypedData, type SigningDomain } from './typed-data';

const KEY_BYTES = 32;
/** How long a code may be shown before it is stale. */
export const PRESENTATION_LIFETIME_SECONDS = 120;
/** How old a presentation an inspector accepts; covers clocks that differ a little. */
export const MAX_PRESENTATION_AGE_SECONDS = 300;
export const MAX_CLOCK_SKEW_SECONDS = 60;

export interface Presentation {
  v: 1;
  chain: string;
  certificateId: Hex;
  /** base64url of the exact bytes. */
  document: string;
  /** Unix seconds. */
  presentedAt: number;
  nonce: Hex;
  signature: Hex;
}

export interface PresentationCode {
  id: string;
  key: string;
}

const CODE = /^P\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

export function codeText(origin: string, code: PresentationCode): string {
  return `${origin}/inspect#P.${code.id}.${code.key}`;
}

/** Reads a scanned or pasted code: the whole address or only what stands behind `#`. */
export function parseCode(text: string): PresentationCode | undefined {
  const trimmed = text.trim();
  const fragment = trimmed.includes('#') ? trimmed.slice(trimmed.indexOf('#') + 1) : trimmed;
  const match = CODE.exec(fragment);
  return match?.[1] !== undefined && match[2] !== undefined ? { id: match[1], key: match[2] } : undefined;
}

/** Makes and encrypts a presentation under a fresh key; `sign` is the holder's EIP-712 signature. */
export async function makePresentation(input: {
  domain: SigningDomain;
  chain: string;
  document: CertificateDocument;
  bytes: Uint8Array;
  now: number;
  sign: (data: TypedDataDefinition) => Promise<Hex>;
}): Promise<{ ciphertext: string; key: string; presentation: Presentation }> {
  const nonce = hexFromBytes(randomBytes(32));
  const signature = await input.sign(
    presentTypedData(input.domain, {
      certificateId: input.document.id,
      holder: input.document.holder,
      contentHash: contentHash(input.bytes),
      presentedAt: input.now,
      nonce,
    }),
  );
  const presentation: Presentation = {
    v: 1,
    chain: input.chain,
    certificateId: input.document.id,
    document: base64urlFromBytes(input.bytes),
    presentedAt: input.now,
    nonce,
    signature,
  };
  const key = randomBytes(KEY_BYTES);
  const ciphertext = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(presentation)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(key);
  return { ciphertext, key: base64urlFromBytes(key), presentation };
}

/** Opens a presentation; `undefined` if it is damaged or the key is another's. */
export async function openPresentation(ciphertext: string, key: string): Promise<Presentation | undefined> {
  try {
    const { plaintext } = await compactDecrypt(ciphertext, bytesFromBase64url(key), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext)) as Partial<Presentation>;
    const wellFormed =
      value.v === 1 &&
      typeof value.chain === 'string' &&
      isHash(value.certificateId) &&
      typeof value.document === 'string' &&
      Number.isSafeInteger(value.presentedAt) &&
      isHash(value.nonce) &&
      typeof value.signature === 'string' &&
      /^0x[0-9a-fA-F]{130}$/.test(value.signature);
    return wellFormed ? (value as Presentation) : undefined;
  } catch {
    return undefined;
  }
}
