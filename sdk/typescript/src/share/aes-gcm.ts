/** AES-256-GCM by the platform. In browsers it is there on pages of https and of localhost. */

/** `undefined` when it does not open. */
export async function openAesGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Promise<Uint8Array | undefined> {
  const imported = await crypto.subtle.importKey('raw', key.slice(), 'AES-GCM', false, ['decrypt']);
  const algorithm = { name: 'AES-GCM', iv: nonce.slice(), additionalData: associated.slice() };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, imported, sealed.slice()));
  } catch {
    // An altered tag is the one reason that there is.
    return undefined;
  }
}

/** Ciphertext and tag. */
export async function sealAesGcm(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey('raw', key.slice(), 'AES-GCM', false, ['encrypt']);
  const algorithm = { name: 'AES-GCM', iv: nonce.slice(), additionalData: associated.slice() };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, imported, plain.slice()));
}
