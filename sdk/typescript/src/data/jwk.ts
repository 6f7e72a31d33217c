/** Public keys of sources as JWK (RFC 7517, RFC 8037), their names, and what they verify (docs/specs/data.md). */
import { bytesToNumberLE } from '@noble/curves/abstract/utils';
import { ed25519 } from '@noble/curves/ed25519';
import { p256 } from '@noble/curves/p256';
import { secp256k1 } from '@noble/curves/secp256k1';
import { sha256, sha512 } from '@noble/hashes/sha2';
import { base64urlOf, bytesOfBase64url, hexOfBytes, utf8Of } from '../encoding.js';
import type { Address } from '../hex.js';

/** Signature algorithms (RFC 7518, RFC 8037, RFC 8812). */
export type Algorithm = 'EdDSA' | 'ES256' | 'ES256K';

/** The members that are signed for; a key has no others. */
export interface Jwk {
  readonly kty: 'OKP' | 'EC';
  readonly crv: 'Ed25519' | 'P-256' | 'secp256k1';
  /** Base64url of 32 bytes. */
  readonly x: string;
  /** The same; EC only. */
  readonly y?: string;
}

const COORDINATE_BYTES = 32;
const ADDRESS_BYTES = 20;
const UNCOMPRESSED = 0x04;

const ALGORITHM_OF = { Ed25519: 'EdDSA', 'P-256': 'ES256', secp256k1: 'ES256K' } as const;
const CURVES = { ES256: p256, ES256K: secp256k1 } as const;
const CURVE_NAMES = { ES256: 'P-256', ES256K: 'secp256k1' } as const;

/** The public key that a secret of 32 bytes has; throws the library's own error for one that is no scalar of the curve. */
export function publicJwk(algorithm: Algorithm, secret: Uint8Array): Jwk {
  if (algorithm === 'EdDSA') return { kty: 'OKP', crv: 'Ed25519', x: base64urlOf(ed25519.getPublicKey(secret)) };
  const point = CURVES[algorithm].getPublicKey(secret, false);
  const [x, y] = [point.subarray(1, 1 + COORDINATE_BYTES), point.subarray(1 + COORDINATE_BYTES)];
  return { kty: 'EC', crv: CURVE_NAMES[algorithm], x: base64urlOf(x), y: base64urlOf(y) };
}

/** 64 bytes. */
export function signatureBy(algorithm: Algorithm, secret: Uint8Array, message: Uint8Array): Uint8Array {
  if (algorithm === 'EdDSA') return ed25519.sign(message, secret);
  return CURVES[algorithm].sign(sha256(message), secret).toCompactRawBytes();
}

/** A JWK that has been read: its one algorithm, and its key as a point of the curve. */
export class PublicKey {
  private constructor(
    readonly jwk: Jwk,
    readonly algorithm: Algorithm,
    readonly point: Uint8Array,
  ) {}

  /** `undefined` for what is no key of these kinds, no point of its curve, or of small order. */
  static read(value: unknown): PublicKey | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const { kty, crv, x, y, ...others } = value as Partial<Record<string, unknown>>;
    if (Object.keys(others).length > 0) return undefined;
    const horizontal = coordinate(x);
    if (horizontal === undefined) return undefined;
    if (kty === 'OKP' && crv === 'Ed25519' && y === undefined) {
      return edwards(horizontal) && new PublicKey({ kty, crv, x: base64urlOf(horizontal) }, 'EdDSA', horizontal);
    }
    const vertical = coordinate(y);
    if (kty !== 'EC' || (crv !== 'P-256' && crv !== 'secp256k1') || vertical === undefined) return undefined;
    const algorithm = ALGORITHM_OF[crv];
    const point = Uint8Array.of(UNCOMPRESSED, ...horizontal, ...vertical);
    if (!isPoint(algorithm, point)) return undefined;
    return new PublicKey({ kty, crv, x: base64urlOf(horizontal), y: base64urlOf(vertical) }, algorithm, point);
  }

  /** RFC 7638: SHA-256 over the members in lexicographic order. */
  thumbprint(): Uint8Array {
    return thumbprintOf(this.jwk);
  }

  isSame(other: PublicKey): boolean {
    return this.kid() === other.kid();
  }

  /** The thumbprint as `kid` says it. */
  kid(): string {
    return base64urlOf(this.thumbprint());
  }

  /** Whether the 64 bytes are this key's signature of the message. */
  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    if (this.algorithm === 'EdDSA') return verifiesStrictly(this.point, message, signature);
    try {
      // JOSE does not ask for the low s that Ethereum does.
      return CURVES[this.algorithm].verify(signature, sha256(message), this.point, { lowS: false });
    } catch {
      return false;
    }
  }
}

/** RFC 7638. */
export function thumbprintOf({ crv, kty, x, y }: Jwk): Uint8Array {
  return sha256(utf8Of(JSON.stringify(y === undefined ? { crv, kty, x } : { crv, kty, x, y })));
}

/** The source that was registered with a key: the last 20 bytes of its thumbprint. */
export function sourceOf(thumbprint: Uint8Array): Address {
  return hexOfBytes(thumbprint.subarray(-ADDRESS_BYTES));
}

/**
 * Ed25519 (RFC 8032) strictly, as docs/decisions/0018 has it: encodings in their one form, no points of small order, and the equation without the
 * cofactor, so that whatever implementation verifies, the answer is the same.
 */
function verifiesStrictly(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const order = ed25519.CURVE.n;
  const [nonce, response] = [signature.subarray(0, COORDINATE_BYTES), signature.subarray(COORDINATE_BYTES)];
  const s = bytesToNumberLE(response);
  const [a, r] = [edwards(key), edwards(nonce)];
  if (a === undefined || r === undefined || signature.length !== 2 * COORDINATE_BYTES || s >= order) return false;
  const challenge = bytesToNumberLE(sha512(Uint8Array.of(...nonce, ...key, ...message))) % order;
  return ed25519.ExtendedPoint.BASE.multiplyUnsafe(s).equals(r.add(a.multiplyUnsafe(challenge)));
}

/** A point in its one encoding, not of small order. */
function edwards(bytes: Uint8Array): InstanceType<typeof ed25519.ExtendedPoint> | undefined {
  try {
    const point = ed25519.ExtendedPoint.fromHex(bytes);
    return point.isSmallOrder() ? undefined : point;
  } catch {
    return undefined;
  }
}

function isPoint(algorithm: 'ES256' | 'ES256K', bytes: Uint8Array): boolean {
  try {
    CURVES[algorithm].ProjectivePoint.fromHex(bytes).assertValidity();
    return true;
  } catch {
    return false;
  }
}

function coordinate(text: unknown): Uint8Array | undefined {
  const bytes = typeof text === 'string' ? bytesOfBase64url(text) : undefined;
  return bytes?.length === COORDINATE_BYTES ? bytes : undefined;
}
