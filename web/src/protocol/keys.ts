/**
 * A person's keys, all from one BIP-39 phrase (docs/specs/encodings.md, "Keys of a person").
 * The phrase and what comes from it never leave the device: nothing here does I/O.
 */
import { x25519 } from '@noble/curves/ed25519';
import { hkdf } from '@noble/hashes/hkdf';
import { sha256 } from '@noble/hashes/sha2';
import { generateMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import { base64urlFromBytes } from './encoding';

/** 128 bits of entropy: twelve words. */
const PHRASE_STRENGTH_BITS = 128;
export const PHRASE_WORDS = 12;

export interface EncryptionPublicKey {
  kty: 'OKP';
  crv: 'X25519';
  /** 32 bytes, base64url. */
  x: string;
}

export interface PersonKeys {
  /** secp256k1 at m/44'/60'/0'/0/index; its address is the person. */
  account: HDAccount;
  /** Uncompressed, 65 bytes. */
  publicKey: `0x${string}`;
  encryption: { publicKey: EncryptionPublicKey; publicBytes: Uint8Array; secret: Uint8Array };
}

export function newPhrase(): string {
  return generateMnemonic(wordlist, PHRASE_STRENGTH_BITS);
}

/** Lower case, single spaces: as people copy it from paper. */
export function normalizePhrase(text: string): string {
  return text.normalize('NFKD').trim().toLowerCase().split(/\s+/u).join(' ');
}

export function isPhrase(text: string): boolean {
  const phrase = normalizePhrase(text);
  return phrase.split(' ').length === PHRASE_WORDS && validateMnemonic(phrase, wordlist);
}

/** The words of `text` that no phrase can contain, so that a typing mistake can be named. */
export function unknownWords(text: string): string[] {
  return normalizePhrase(text)
    .split(' ')
    .filter((word) => word !== '' && !wordlist.includes(word));
}

/**
 * Keys of a phrase. `index` is 0 for a person; the public development phrase uses others for its sample offices.
 */
export function keysFromPhrase(phrase: string, index = 0): PersonKeys {
  const account = mnemonicToAccount(phrase, { addressIndex: index });
  const secret = hkdf(sha256, mnemonicToSeedSync(phrase), 'chancery', 'x25519 encryption v1', 32);
  const publicBytes = x25519.getPublicKey(secret);
  return {
    account,
    publicKey: account.publicKey,
    encryption: {
      publicKey: { kty: 'OKP', crv: 'X25519', x: base64urlFromBytes(publicBytes) },
      publicBytes,
      secret,
    },
  };
}

/** RFC 7638: SHA-256 over the required members in lexicographic order. */
export function thumbprint(key: EncryptionPublicKey): string {
  const canonical = JSON.stringify({ crv: key.crv, kty: key.kty, x: key.x });
  return base64urlFromBytes(sha256(new TextEncoder().encode(canonical)));
}
