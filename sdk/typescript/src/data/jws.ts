/** JWS in its compact serialization (RFC 7515), as narrow as docs/specs/data.md has it. */
import { sha256 } from '@noble/hashes/sha2';
import { base64urlOf, bytesOfBase64url, utf8Of } from '../encoding.js';
import type { Algorithm, PublicKey } from './jwk.js';

/** Longest JWS that is read, in bytes. */
export const MAX_JWS_BYTES = 8 * 1024;
const SIGNATURE_BYTES = 64;
const KID_BYTES = 32;
const ALGORITHMS: readonly unknown[] = ['EdDSA', 'ES256', 'ES256K'] satisfies Algorithm[];

/** What a message is (`typ`). */
export type JwsType = 'chancery-source+jws' | 'chancery-data+jws' | 'chancery-ask+jws' | 'chancery-receipt+jws' | 'chancery-receipts+jws';

/** A text is no JWS of the kind expected. Each caller makes its own refusal of it. */
export class JwsError extends Error {
  override readonly name = 'JwsError';
}

/** One that has been read, not yet verified. */
export interface Jws {
  readonly algorithm: Algorithm;
  /** The thumbprint of the key that it names. */
  readonly kid: string;
  /** The exact bytes. */
  readonly payload: Uint8Array;
  /** What is signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Reads a compact serialization; throws {@link JwsError}. */
export function readJws(text: string, type: JwsType): Jws {
  if (text.length > MAX_JWS_BYTES) throw new JwsError(`a JWS has at most ${MAX_JWS_BYTES} bytes`);
  const parts = text.split('.').map(bytesOfBase64url);
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || signature?.length !== SIGNATURE_BYTES) {
    throw new JwsError('it is not header.payload.signature, each base64url without padding, the signature 64 bytes');
  }
  const { alg, kid, typ, ...others } = jsonOf(header) as Partial<Record<string, unknown>>;
  const isThumbprint = typeof kid === 'string' && bytesOfBase64url(kid)?.length === KID_BYTES;
  if (!ALGORITHMS.includes(alg) || !isThumbprint || Object.keys(others).length > 0) {
    throw new JwsError('the header has the members alg, kid (RFC 7638 thumbprint) and typ, and no other');
  }
  if (typ !== type) throw new JwsError(`typ is not ${type}`);
  return { algorithm: alg as Algorithm, kid, payload, signature, signed: utf8Of(text.slice(0, text.lastIndexOf('.'))) };
}

/** Builds one around the signature that `sign` makes. @throws JwsError when it would be too long to be read */
export function buildJws(
  header: { alg: Algorithm; kid: string; typ: JwsType },
  payload: string,
  sign: (message: Uint8Array) => Uint8Array,
): string {
  const signed = `${base64urlOf(utf8Of(JSON.stringify(header)))}.${base64urlOf(utf8Of(payload))}`;
  const text = `${signed}.${base64urlOf(sign(utf8Of(signed)))}`;
  if (text.length > MAX_JWS_BYTES) throw new JwsError(`a JWS has at most ${MAX_JWS_BYTES} bytes`);
  return text;
}

/** SHA-256 of what is signed: the message's name, whoever makes the signature anew. */
export function digestOf(jws: Jws): Uint8Array {
  return sha256(jws.signed);
}

/** @throws JwsError also when `alg` or `kid` name another key than this one */
export function verifyJws(jws: Jws, key: PublicKey): void {
  if (jws.algorithm !== key.algorithm || jws.kid !== key.kid() || !key.verifies(jws.signed, jws.signature)) {
    throw new JwsError('the signature is not of this key');
  }
}

/** A JSON object. @throws JwsError */
export function jsonOf(bytes: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new JwsError('it holds no JSON object');
  return value;
}
