/**
 * The X25519 key of a reader, and what was sealed to it: HPKE (RFC 9180) base mode, single shot, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
 * AES-256-GCM (docs/specs/sharing.md, "Sealed data key").
 */
import { x25519 } from '@noble/curves/ed25519';
import { expand, extract } from '@noble/hashes/hkdf';
import { sha256 } from '@noble/hashes/sha2';
import { bytesOfHex, hexOfBytes, utf8Of } from '../encoding.js';
import { InputError } from '../errors.js';
import type { Hex } from '../hex.js';
import { openAesGcm } from './aes-gcm.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const KEM_SUITE = Uint8Array.of(...utf8Of('KEM'), 0x00, 0x20);
/** KEM, KDF and AEAD by their numbers (RFC 9180, section 7). */
const SUITE = Uint8Array.of(...utf8Of('HPKE'), 0x00, 0x20, 0x00, 0x01, 0x00, 0x02);
const VERSION = utf8Of('HPKE-v1');
const BASE_MODE = 0x00;
const NOTHING = new Uint8Array();

/** The secret stays in this object: it is no enumerable member, and no method gives it. */
export class ReaderKey {
  readonly #secret: Uint8Array;
  /** 32 bytes, to which an owner seals. */
  readonly publicKey: Hex;

  /** @param secret 32 bytes, or their `0x` hexadecimal @throws InputError */
  constructor(secret: Uint8Array | string) {
    const bytes = typeof secret === 'string' ? bytesOfHex(secret) : secret.slice();
    if (bytes?.length !== KEY_BYTES) throw new InputError('a key is 32 bytes, or 0x and their 64 digits');
    this.#secret = bytes;
    this.publicKey = hexOfBytes(x25519.getPublicKey(bytes));
  }

  /** Opens `enc || ciphertext and tag`; `undefined` when it is for another key, `info` or associated data, or was altered. */
  async open(sealed: Uint8Array, info: Uint8Array, associated: Uint8Array): Promise<Uint8Array | undefined> {
    const encapsulated = sealed.subarray(0, KEY_BYTES);
    const shared = this.#decapsulate(encapsulated);
    if (shared === undefined) return undefined;
    const context = Uint8Array.of(
      BASE_MODE,
      ...labeledExtract(SUITE, NOTHING, 'psk_id_hash', NOTHING),
      ...labeledExtract(SUITE, NOTHING, 'info_hash', info),
    );
    const secret = labeledExtract(SUITE, shared, 'secret', NOTHING);
    const key = labeledExpand(SUITE, secret, 'key', context, KEY_BYTES);
    const nonce = labeledExpand(SUITE, secret, 'base_nonce', context, NONCE_BYTES);
    return openAesGcm(key, nonce, sealed.subarray(KEY_BYTES), associated);
  }

  /** Section 4.1; `undefined` for a point of small order, whose secret everybody knows. */
  #decapsulate(encapsulated: Uint8Array): Uint8Array | undefined {
    let point: Uint8Array;
    try {
      point = x25519.getSharedSecret(this.#secret, encapsulated);
    } catch {
      return undefined;
    }
    const context = Uint8Array.of(...encapsulated, ...x25519.getPublicKey(this.#secret));
    return labeledExpand(KEM_SUITE, labeledExtract(KEM_SUITE, NOTHING, 'eae_prk', point), 'shared_secret', context, KEY_BYTES);
  }
}

/** Section 4; a test that seals needs it too. */
export function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, material: Uint8Array): Uint8Array {
  return extract(sha256, Uint8Array.of(...VERSION, ...suite, ...utf8Of(label), ...material), salt);
}

export function labeledExpand(suite: Uint8Array, key: Uint8Array, label: string, info: Uint8Array, bytes: number): Uint8Array {
  return expand(sha256, key, Uint8Array.of(0, bytes, ...VERSION, ...suite, ...utf8Of(label), ...info), bytes);
}
