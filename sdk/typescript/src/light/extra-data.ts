/** The 32 bytes of a block header's `extraData` (docs/specs/encodings.md, "Block header `extraData`"). */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils';
import type { Hex } from '../hex.js';
import { hexOf, keccak, numberOf, wordOf, WORD_BYTES } from './bytes.js';
import { BLS_PUBLIC_KEY_BYTES } from './bls.js';
import { VerifyError } from './error.js';
import type { HeaderFault } from './faults.js';

/** Length of `extraData` in every block of a Chancery chain, in bytes. */
export const EXTRA_DATA_BYTES = 32;
/** The only version of the layout so far. */
export const EXTRA_DATA_VERSION = 1;
/** The exclusive upper bound of {@link ConsensusContext.millisecond}. */
export const MILLISECONDS_PER_SECOND = 1000;

const VALIDATOR_SET_DOMAIN = 'chancery-validators';

/** What consensus commits to in a block, besides the block itself. */
export interface ConsensusContext {
  /** Names the validator set; 32 bits. */
  readonly epoch: bigint;
  /** The view in which the block was proposed. */
  readonly view: bigint;
  /** The view in which the parent was proposed. */
  readonly parentView: bigint;
  /** Milliseconds within the second of the header's `timestamp`, 0..1000. */
  readonly millisecond: number;
}

/** Reads a context; throws `HeaderMalformed`, which names the first byte range that is wrong. */
export function decodeContext(bytes: Uint8Array): ConsensusContext {
  if (bytes.length !== EXTRA_DATA_BYTES) throw malformed('NotAHeader');
  if (bytes[0] !== EXTRA_DATA_VERSION) throw malformed('ExtraDataVersion');
  const millisecond = Number(numberOf(bytes.subarray(21, 23)));
  if (millisecond >= MILLISECONDS_PER_SECOND) throw malformed('ExtraDataMillisecond');
  if (bytes.subarray(23).some((byte) => byte !== 0)) throw malformed('ExtraDataReserved');
  return {
    epoch: numberOf(bytes.subarray(1, 5)),
    view: numberOf(bytes.subarray(5, 13)),
    parentView: numberOf(bytes.subarray(13, 21)),
    millisecond,
  };
}

/**
 * The hash of a validator set, which the genesis block carries as its `extraData`:
 * `keccak256(abi.encode(bytes32("chancery-validators"), bytes[] keys))`, keys in the order of the set.
 */
export function validatorSetHash(keys: readonly Uint8Array[]): Hex {
  const domain = new Uint8Array(WORD_BYTES);
  domain.set(utf8ToBytes(VALIDATOR_SET_DOMAIN));
  const paddedBytes = Math.ceil(BLS_PUBLIC_KEY_BYTES / WORD_BYTES) * WORD_BYTES;
  const encodedBytes = WORD_BYTES + paddedBytes;
  const offsets = keys.map((_, at) => word(keys.length * WORD_BYTES + at * encodedBytes));
  const padding = new Uint8Array(paddedBytes - BLS_PUBLIC_KEY_BYTES);
  const contents = keys.flatMap((key) => [word(BLS_PUBLIC_KEY_BYTES), key, padding]);
  return hexOf(keccak(concatBytes(domain, word(2 * WORD_BYTES), word(keys.length), ...offsets, ...contents)));
}

function word(value: number): Uint8Array {
  return wordOf(BigInt(value));
}

function malformed(reason: HeaderFault): VerifyError {
  return new VerifyError('HeaderMalformed', { reason });
}
