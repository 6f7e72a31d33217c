/** Handovers: the evidence that other validators decide from an epoch on (FINALITY-10). */
import type { Hex } from '../hex.js';
import { hexOf, wordOf } from './bytes.js';
import { MAX_VALIDATORS } from './certificate.js';
import { VerifyError } from './error.js';
import { validatorSetHash } from './extra-data.js';
import type { HandoverFault } from './faults.js';
import { contextOf, decodeHeader, type FinalHeader } from './header.js';
import { verifyAccount, type AccountProof } from './state.js';

/** Most handovers in one proof: changes of the validator set, not epochs. */
export const MAX_HANDOVERS = 256;

/** Where the validator registry stands (docs/specs/encodings.md), and its slots (docs/specs/finality.md). */
const VALIDATOR_REGISTRY: Hex = '0xc4a0000000000000000000000000000000000007';
const SET_HASH_SLOT = 0n;
const EPOCH_LENGTH_SLOT = 1n;

/** The last block of an epoch is final, and the validator registry in its state names who decides next. */
export interface Handover {
  /** RLP of that block's header. */
  readonly header: Uint8Array;
  /** Its finality certificate. */
  readonly certificate: Uint8Array;
  /** The registry in its state, with the slots of the set's hash and of the epoch's length, in this order. */
  readonly registry: AccountProof;
  /** Compressed keys of those who decide next, in the order of the set. */
  readonly validators: readonly Uint8Array[];
}

/** The epoch from which on the new validators decide, as the header says; it is not checked here. */
export function nextEpochOf(handover: Handover): bigint {
  return contextOf(decodeHeader(handover.header)).epoch + 1n;
}

/**
 * Checks what a final header says about the handover: it ends its epoch, and the registry in its state names these keys. Throws
 * `HandoverMalformed`, `HandoverValidatorsMismatch`, and what `verifyAccount` throws.
 */
export function checkHandover(header: FinalHeader, handover: Handover): void {
  const { registered, length } = registeredSet(header, handover.registry);
  if (nextEpochOf(handover) * length !== header.number + 1n) throw malformed('NotLastOfEpoch');
  const found = handover.validators.length;
  if (found < 1 || found > MAX_VALIDATORS) throw malformed('SetSize');
  const keys = validatorSetHash(handover.validators);
  if (keys !== registered) throw new VerifyError('HandoverValidatorsMismatch', { registry: registered, keys });
}

function registeredSet(header: FinalHeader, registry: AccountProof): { registered: Hex; length: bigint } {
  const { address, storage } = verifyAccount(header, registry);
  if (address !== VALIDATOR_REGISTRY) throw malformed('OtherAccount');
  const [set, length] = storage;
  if (storage.length !== 2 || set?.slot !== SET_HASH_SLOT || length?.slot !== EPOCH_LENGTH_SLOT) throw malformed('OtherSlots');
  return { registered: hexOf(wordOf(set.value)), length: length.value };
}

export function malformed(reason: HandoverFault): VerifyError {
  return new VerifyError('HandoverMalformed', { reason });
}
