/**
 * X25519 keys to which messages are sealed, and the key that wraps a message's content key: `ECDH-ES+A256KW` (RFC 7518 4.6, RFC 8037 3.2) with AES Key
 * Wrap (RFC 3394) by the platform.
 */
import { x25519 } from '@noble/curves/ed25519';
import { sha256 } from '@noble/hashes/sha2';
import { base64urlOf, bytesOfBase64url, bytesOfHex, randomBytes, utf8Of } from '../encoding.js';
import { InputError } from '../errors.js';
import { MessageFailure } from './failure.js';

const KEY_BYTES = 32;
const KEY_BITS = 256;
export const KEY_AGREEMENT = 'ECDH-ES+A256KW';
export const WRAPPED_BYTES = KEY_BYTES + 8;

/** An OKP key of X25519 (RFC 8037), with these members alone. */
export interface EncryptionJwk {
  readonly kty: 'OKP';
  readonly crv: 'X25519';
  /** Base64url of 32 bytes. */
  readonly x: string;
}

/** A recipient's public key. */
export class EncryptionPublicKey {
  readonly bytes: Uint8Array;
  /** RFC 7638: the `kid` of what is sealed to it. */
  readonly thumbprint: string;

  /** @param key 32 bytes, or their `0x` hexadecimal @throws InputError */
  constructor(key: Uint8Array | string) {
    this.bytes = keyBytes(key);
    this.thumbprint = base64urlOf(sha256(utf8Of(JSON.stringify({ crv: 'X25519', kty: 'OKP', x: this.jwk.x }))));
  }

  get jwk(): EncryptionJwk {
    return { kty: 'OKP', crv: 'X25519', x: base64urlOf(this.bytes) };
  }

  /** The key of a JWK; `undefined` for any other. */
  static ofJwk(value: unknown): EncryptionPublicKey | undefined {
    const { kty, crv, x, ...others } = (value ?? {}) as Partial<Record<string, unknown>>;
    const bytes = typeof x === 'string' ? bytesOfBase64url(x) : undefined;
    const isOne = kty === 'OKP' && crv === 'X25519' && bytes?.length === KEY_BYTES && Object.keys(others).length === 0;
    return isOne ? new EncryptionPublicKey(bytes) : undefined;
  }

  /** Whether what is sealed to it is known to its owner alone: a point of small order gives everybody the same secret. */
  isStrong(): boolean {
    return agreed(new Uint8Array(KEY_BYTES).fill(9), this.bytes) !== undefined;
  }

  /** A content key, wrapped for this recipient under an ephemeral key of its own. @throws MessageFailure with `key-strong` */
  async wrap(contentKey: Uint8Array, ephemeral: Uint8Array = randomBytes(KEY_BYTES)): Promise<{ epk: EncryptionJwk; wrapped: Uint8Array }> {
    const shared = agreed(ephemeral, this.bytes);
    if (shared === undefined) throw new MessageFailure('key-strong', 'the public key is of small order: it protects nothing');
    const wrapping = await wrappingKey(shared, 'wrapKey');
    const raw = await crypto.subtle.importKey('raw', contentKey.slice(), 'AES-GCM', true, ['encrypt']);
    const wrapped = new Uint8Array(await crypto.subtle.wrapKey('raw', raw, wrapping, 'AES-KW'));
    return { epk: new EncryptionPublicKey(x25519.getPublicKey(ephemeral)).jwk, wrapped };
  }
}

/** The secret of a correspondent. It stays in this object: it is no enumerable member, and no method gives it. */
export class MessageKey {
  readonly #secret: Uint8Array;
  readonly publicKey: EncryptionPublicKey;

  /** @param secret 32 bytes, or their `0x` hexadecimal @throws InputError */
  constructor(secret: Uint8Array | string) {
    this.#secret = keyBytes(secret).slice();
    this.publicKey = new EncryptionPublicKey(x25519.getPublicKey(this.#secret));
  }

  /** The content key that was wrapped for it. @throws MessageFailure with `content-unaltered` */
  async unwrap(ephemeral: EncryptionPublicKey, wrapped: Uint8Array): Promise<Uint8Array> {
    const shared = agreed(this.#secret, ephemeral.bytes);
    if (shared === undefined) throw new MessageFailure('key-strong', 'the ephemeral key is of small order');
    const wrapping = await wrappingKey(shared, 'unwrapKey');
    try {
      const key = await crypto.subtle.unwrapKey('raw', wrapped.slice(), wrapping, 'AES-KW', 'AES-GCM', true, ['decrypt']);
      return new Uint8Array(await crypto.subtle.exportKey('raw', key));
    } catch (cause) {
      throw new MessageFailure('content-unaltered', 'the envelope was altered, or the key is another one', { cause });
    }
  }
}

/** Concat KDF (RFC 7518 4.6.2) with SHA-256 for one key of 256 bits, without party info: one round. */
export function concatKdf(shared: Uint8Array, algorithm: string): Uint8Array {
  const name = utf8Of(algorithm);
  return sha256(Uint8Array.of(...word32(1), ...shared, ...word32(name.length), ...name, ...word32(0), ...word32(0), ...word32(KEY_BITS)));
}

function wrappingKey(shared: Uint8Array, use: 'wrapKey' | 'unwrapKey'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', concatKdf(shared, KEY_AGREEMENT).slice(), 'AES-KW', false, [use]);
}

/** `undefined` for a point of small order. */
function agreed(secret: Uint8Array, point: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(secret, point);
  } catch {
    return undefined;
  }
}

function word32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function keyBytes(key: Uint8Array | string): Uint8Array {
  const bytes = typeof key === 'string' ? bytesOfHex(key) : key;
  if (bytes?.length !== KEY_BYTES) throw new InputError('a key is 32 bytes, or 0x and their 64 digits');
  return bytes;
}
