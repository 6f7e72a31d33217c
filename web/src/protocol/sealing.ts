/**
 * Sealing to one person: JWE compact (RFC 7516), ECDH-ES over X25519, A256GCM (docs/specs/encodings.md).
 */
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import { keccak256 } from 'viem';
import { base64urlFromBytes, bytesFromBase64url } from './encoding';
import { thumbprint, type EncryptionPublicKey, type PersonKeys } from './keys';

export const SEALED_TYPE = 'chancery-certificate+jwe';
/** What the gateway accepts. */
export const MAX_SEALED_BYTES = 64 * 1024;

export async function seal(document: Uint8Array, recipient: EncryptionPublicKey): Promise<string> {
  const key = await importJWK({ ...recipient }, 'ECDH-ES');
  const sealed = await new CompactEncrypt(document)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: thumbprint(recipient), typ: SEALED_TYPE })
    .encrypt(key);
  if (sealed.length > MAX_SEALED_BYTES) throw new RangeError('the sealed document is larger than 64 KiB');
  return sealed;
}

/** keccak256 of the compact serialization. */
export function sealedHash(sealed: string): `0x${string}` {
  return keccak256(new TextEncoder().encode(sealed));
}

export class SealError extends Error {
  constructor(
    readonly reason: 'malformed' | 'sealed-to-another-key' | 'damaged',
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'SealError';
  }
}

/** The `kid` of a sealed document, without opening it. */
export function recipientThumbprint(sealed: string): string | undefined {
  try {
    const head = sealed.split('.')[0] ?? '';
    const header: unknown = JSON.parse(new TextDecoder().decode(bytesFromBase64url(head)));
    const kid = (header as { kid?: unknown }).kid;
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens what was sealed to these keys; the exact bytes that the issuer committed to.
 * @throws SealError naming whether it is malformed, for somebody else, or damaged on the way
 */
export async function unseal(sealed: string, keys: PersonKeys): Promise<Uint8Array> {
  const kid = recipientThumbprint(sealed);
  if (kid === undefined) throw new SealError('malformed');
  if (kid !== thumbprint(keys.encryption.publicKey)) throw new SealError('sealed-to-another-key');
  const key = await importJWK(
    { ...keys.encryption.publicKey, d: base64urlFromBytes(keys.encryption.secret) },
    'ECDH-ES',
  );
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return plaintext;
  } catch (cause) {
    throw new SealError('damaged', { cause });
  }
}
