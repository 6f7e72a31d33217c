/** What a grant commits to, and where contracts keep it (docs/specs/sharing.md, "On chain"). */
import type { Address, Hex } from '../hex.js';
import { bytesOf, hexOf, keccak, numberOf, wordOf } from '../light/bytes.js';
import { addressAt, hashAt, hexAt, membersAt, safeIntegerAt } from '../light/json.js';

const GRANTS_SLOT = 0n;
const VERSIONS_SLOT = 2n;
/** Place of the fingerprint in a version, in slots; size, time and key epoch follow, packed from the right. */
const FINGERPRINT_OFFSET = 2n;
const WORD_BITS = 256;
const KEY_EPOCH_SHIFT = 128n;
const KEY_EPOCH_BITS = 32;
const SIZE_BITS = 64;

/** Everything that a release depends on. */
export interface Grant {
  readonly reader: Address;
  /** X25519 public key to which the data key is sealed. */
  readonly readerKey: Hex;
  readonly version: number;
  readonly keyEpoch: number;
  /** SHA-256 of the sealed data key. */
  readonly sealedKeyHash: Hex;
  /** Last second, Unix time; zero for no end. */
  readonly validUntil: number;
}

/** What the owner's service answers. Bytes of a sealed key, and the terms that the chain is to confirm. */
export interface GrantedAccess {
  readonly grant: Grant;
  readonly sealedKey: Uint8Array;
}

const SEALED_KEY_BYTES = 80;

/** Throws `FormError`. */
export function grantedAt(value: unknown): GrantedAccess {
  const members = membersAt(value, 'granted');
  const grant = membersAt(members.grant, 'grant');
  return {
    sealedKey: bytesOf(hexAt(members.sealedKey, 'sealedKey', SEALED_KEY_BYTES)),
    grant: {
      reader: addressAt(grant.reader, 'reader'),
      readerKey: hashAt(grant.readerKey, 'readerKey'),
      version: safeIntegerAt(grant.version, 'version'),
      keyEpoch: safeIntegerAt(grant.keyEpoch, 'keyEpoch'),
      sealedKeyHash: hashAt(grant.sealedKeyHash, 'sealedKeyHash'),
      validUntil: safeIntegerAt(grant.validUntil, 'validUntil'),
    },
  };
}

/** `keccak256(abi.encode(reader, readerKey, version, keyEpoch, sealedKeyHash, validUntil))`: what the contract stores. */
export function commitmentOf({ reader, readerKey, version, keyEpoch, sealedKeyHash, validUntil }: Grant): bigint {
  const words = [BigInt(reader), BigInt(readerKey), BigInt(version), BigInt(keyEpoch), BigInt(sealedKeyHash), BigInt(validUntil)];
  return numberOf(keccak(Uint8Array.from(words.flatMap((word) => [...wordOf(word)]))));
}

/** Slot of a request's grant. */
export function grantSlot(request: number): bigint {
  return mappingSlot(BigInt(request), GRANTS_SLOT);
}

/** Slots of a version: fingerprint; size, time and key epoch. */
export function versionSlots(version: number): [bigint, bigint] {
  const base = mappingSlot(BigInt(version), VERSIONS_SLOT);
  return [BigInt.asUintN(WORD_BITS, base + FINGERPRINT_OFFSET), BigInt.asUintN(WORD_BITS, base + FINGERPRINT_OFFSET + 1n)];
}

/** A version's file as the two slots say it; `undefined` when there is none. */
export function publishedOf(fingerprint: bigint, packed: bigint): { fingerprint: Hex; bytes: number; keyEpoch: number } | undefined {
  const bytes = BigInt.asUintN(SIZE_BITS, packed);
  if (fingerprint === 0n || bytes === 0n) return undefined;
  const keyEpoch = Number(BigInt.asUintN(KEY_EPOCH_BITS, packed >> KEY_EPOCH_SHIFT));
  return { fingerprint: hexOf(wordOf(fingerprint)), bytes: Number(bytes), keyEpoch };
}

/** Solidity's layout: `keccak256(key || slot)`. */
function mappingSlot(key: bigint, slot: bigint): bigint {
  return numberOf(keccak(Uint8Array.of(...wordOf(key), ...wordOf(slot))));
}
