/** A sealed file (docs/specs/sharing.md, "Sealed file"): opened chunk by chunk, none before it was verified (SHARE-5). */
import { hkdf } from '@noble/hashes/hkdf';
import { sha256 } from '@noble/hashes/sha2';
import { utf8Of } from '../encoding.js';
import { sameBytes } from '../light/bytes.js';
import { openAesGcm } from './aes-gcm.js';
import { ShareFailure } from './failure.js';

/** Plain text of a chunk, in bytes; the last may have fewer. */
export const CHUNK_BYTES = 1 << 16;
export const HEADER_BYTES = 32;
export const TAG_BYTES = 16;
const SALT_AT = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** Magic, version 1, log2 of a chunk's bytes, six zeros. */
const HEADER_BEGINS = Uint8Array.of(...utf8Of('CHANSEAL'), 1, 16, 0, 0, 0, 0, 0, 0);
const INFO = utf8Of('chancery sealed file v1');

/** The plain text of a file that is whole in memory. @throws ShareFailure with `file-opens` at the first chunk that does not open */
export async function* openSealedFile(dataKey: Uint8Array, sealed: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  const header = sealed.subarray(0, HEADER_BYTES);
  if (header.length !== HEADER_BYTES || !sameBytes(header.subarray(0, SALT_AT), HEADER_BEGINS)) {
    throw new ShareFailure('file-opens', 'this is no sealed file of a version that is known here');
  }
  const key = hkdf(sha256, dataKey, header.subarray(SALT_AT), INFO, KEY_BYTES);
  for (let chunk = 0, at = HEADER_BYTES; ; chunk += 1, at += CHUNK_BYTES + TAG_BYTES) {
    const isLast = sealed.length - at <= CHUNK_BYTES + TAG_BYTES;
    const plain = await openAesGcm(key, nonceOf(chunk, isLast), sealed.subarray(at, at + CHUNK_BYTES + TAG_BYTES), header);
    if (plain === undefined) {
      throw new ShareFailure('file-opens', `chunk ${chunk} does not open: it was altered or cut, or the key is another`);
    }
    yield plain;
    if (isLast) return;
  }
}

/** STREAM: the chunk's place, and whether it is the last. */
function nonceOf(chunk: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(7, chunk);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}
