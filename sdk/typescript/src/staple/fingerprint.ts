/** What a person compares before chains are trusted: one short text over everything that is trusted (docs/specs/stapled.md, "Fingerprint"). */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import { bytesOf, wordOf } from '../light/bytes.js';
import { TrustedChain, type ChainEssentials } from '../light/trust.js';
import { utf8Of } from '../encoding.js';
import { concat } from './words.js';

const DOMAIN = 'chancery-trust-1';
const FINGERPRINT_BYTES = 16;
const GROUP_DIGITS = 4;

/**
 * @param chains all that are trusted; `authority` is the chain id of the main one
 * @returns 32 hexadecimal digits in groups of four
 * @throws TrustError for essentials that cannot be trusted at all
 */
export function trustFingerprint(authority: number, chains: readonly ChainEssentials[]): string {
  const ordered = [...chains].sort((one, other) => one.chainId - other.chainId);
  const parts = ordered.flatMap((essentials) => {
    // Reads them strictly: what is no key is not hashed as if it were one.
    const { chainId, genesisHash } = new TrustedChain(essentials);
    const keys = essentials.validators.map((key) => bytesOf(key));
    return [number(chainId), bytesOf(genesisHash), number(keys.length), ...keys];
  });
  const digest = sha256(concat(utf8Of(DOMAIN), number(authority), ...parts)).subarray(0, FINGERPRINT_BYTES);
  return bytesToHex(digest).match(new RegExp(`.{${GROUP_DIGITS}}`, 'g'))?.join(' ') ?? '';
}

/** 8 bytes, big-endian. */
function number(value: number): Uint8Array {
  return wordOf(BigInt(value)).subarray(24);
}
