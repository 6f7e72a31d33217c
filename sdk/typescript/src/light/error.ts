/**
 * Why a proof, or a chain's essentials, were refused. Everything in this folder that throws because of what came from outside
 * throws one of the two classes here; their names are those of `VerifyError` and `TrustError` in crates/light.
 */
import type { Hex } from '../hex.js';
import {
  CERTIFICATE_FAULTS,
  HANDOVER_FAULTS,
  HEADER_FAULTS,
  KEY_FAULTS,
  ROUND_FAULTS,
  type CertificateFault,
  type HandoverFault,
  type HeaderFault,
  type KeyFault,
  type RoundFault,
} from './faults.js';

type NoDetails = Readonly<Record<string, never>>;

/** Each check of docs/specs/finality.md with what its refusal tells. Numbers of blocks are bigint: they have 64 bits. */
export interface Refusals {
  WrongChain: { expectedId: number; expectedGenesis: Hex; foundId: number; foundGenesis: Hex };
  GenesisHashMismatch: { expected: Hex; found: Hex };
  GenesisValidatorsMismatch: { header: Hex; keys: Hex };
  HeaderMalformed: { reason: HeaderFault };
  TooManyHeaders: { found: number; limit: number };
  HeaderLinkBroken: { position: number };
  CertificateMalformed: { reason: CertificateFault };
  HeaderHashMismatch: { certificate: Hex; header: Hex };
  RoundMismatch: { reason: RoundFault };
  UnknownValidator: { expected: number; found: number };
  BelowQuorum: { signers: number; quorum: number };
  FinalitySignature: NoDetails;
  EpochMismatch: { from: bigint; found: bigint };
  HandoverMalformed: { reason: HandoverFault };
  HandoverValidatorsMismatch: { registry: Hex; keys: Hex };
  ProofTooLarge: { found: number; limit: number };
  TransactionNotIncluded: { index: number; block: Hex };
  ReceiptNotIncluded: { index: number; block: Hex };
  TransactionMalformed: NoDetails;
  ReceiptMalformed: NoDetails;
  AccountNotProven: { address: Hex; block: Hex };
  StorageNotProven: { address: Hex; slot: bigint };
  StateBeforeTransaction: { state: bigint; transaction: bigint };
  BundleMalformed: { reason: string };
}
export type CheckName = keyof Refusals;

const SENTENCES: { [Name in CheckName]: (details: Refusals[Name]) => string } = {
  WrongChain: ({ expectedId, expectedGenesis, foundId, foundGenesis }) =>
    `the proof is for chain ${foundId} with genesis ${foundGenesis}, but chain ${expectedId} with genesis ${expectedGenesis} is trusted; verify it against that chain's genesis file`,
  GenesisHashMismatch: ({ expected, found }) => `the genesis header hashes to ${found}, not to the trusted ${expected}`,
  GenesisValidatorsMismatch: ({ header, keys }) =>
    `the genesis header commits to the validator set ${header}, but the given keys hash to ${keys}`,
  HeaderMalformed: ({ reason }) => `header is malformed: ${HEADER_FAULTS[reason]}`,
  TooManyHeaders: ({ found, limit }) =>
    `${found} linking headers are more than the ${limit} allowed; ask for a nearer finality certificate`,
  HeaderLinkBroken: ({ position }) => `linking header ${position} does not follow the header before it`,
  CertificateMalformed: ({ reason }) => `finality certificate is malformed: ${CERTIFICATE_FAULTS[reason]}`,
  HeaderHashMismatch: ({ certificate, header }) =>
    `the finality certificate is for block ${certificate}, but the header hashes to ${header}`,
  RoundMismatch: ({ reason }) => `the finality certificate's round contradicts the header: ${ROUND_FAULTS[reason]}`,
  UnknownValidator: ({ expected, found }) =>
    `the finality certificate names signers among ${found} validators, but the chain has ${expected}`,
  BelowQuorum: ({ signers, quorum }) => `${signers} validators signed, ${quorum} are needed`,
  FinalitySignature: () => 'the finality signature is not that of the named validators over this block of this chain',
  EpochMismatch: ({ from, found }) =>
    `the finality certificate is of epoch ${found.toString()}, and these validators decide from epoch ${from.toString()} on; verify it with those of its epoch`,
  HandoverMalformed: ({ reason }) => `the handover to other validators is malformed: ${HANDOVER_FAULTS[reason]}`,
  HandoverValidatorsMismatch: ({ registry, keys }) =>
    `the validator registry commits to the validator set ${registry}, but the keys handed over hash to ${keys}`,
  ProofTooLarge: ({ found, limit }) => `a trie proof is larger than allowed (${found} > ${limit})`,
  TransactionNotIncluded: ({ index, block }) => `transaction ${index} is not included in block ${block} as given`,
  ReceiptNotIncluded: ({ index, block }) => `receipt ${index} is not included in block ${block} as given`,
  TransactionMalformed: () => 'the included transaction cannot be decoded',
  ReceiptMalformed: () => 'the included receipt cannot be decoded',
  AccountNotProven: ({ address, block }) => `account ${address} is not proven in the state of block ${block}`,
  StorageNotProven: ({ address, slot }) => `slot ${slot.toString()} of account ${address} is not proven to be as given`,
  StateBeforeTransaction: ({ state, transaction }) =>
    `the state proof is at block ${state.toString()}, before the transaction's block ${transaction.toString()}`,
  BundleMalformed: ({ reason }) => `the proof bundle cannot be read: ${reason}`,
};

/** A proof was refused: `check` names the check that failed, the same in every implementation. */
export class VerifyError<Name extends CheckName = CheckName> extends Error {
  override readonly name = 'VerifyError';

  constructor(
    readonly check: Name,
    readonly details: Refusals[Name],
  ) {
    super(SENTENCES[check](details));
  }

  /** Tells apart what one check refuses for several reasons; absent where there is only one. */
  get reason(): string | undefined {
    return reasonOf(this.details);
  }
}

/** Why essentials cannot be trusted at all. `EssentialsMalformed` is what a typed language refuses when it reads them. */
export interface Distrusts {
  EssentialsMalformed: { reason: string };
  ValidatorCount: { found: number; limit: number };
  MalformedKey: { index: number; reason: KeyFault };
  DuplicateKey: { index: number };
}
export type DistrustName = keyof Distrusts;

const DISTRUST_SENTENCES: { [Name in DistrustName]: (details: Distrusts[Name]) => string } = {
  EssentialsMalformed: ({ reason }) => `the chain's essentials cannot be read: ${reason}`,
  ValidatorCount: ({ found, limit }) => `a chain has 1 to ${limit} validators, these essentials name ${found}`,
  MalformedKey: ({ index, reason }) => `the public key of validator ${index} is unusable: ${KEY_FAULTS[reason]}`,
  DuplicateKey: ({ index }) => `validator ${index} has the key of an earlier one`,
};

/** Essentials were refused. */
export class TrustError<Name extends DistrustName = DistrustName> extends Error {
  override readonly name = 'TrustError';

  constructor(
    readonly check: Name,
    readonly details: Distrusts[Name],
  ) {
    super(DISTRUST_SENTENCES[check](details));
  }

  get reason(): string | undefined {
    return reasonOf(this.details);
  }
}

function reasonOf(details: object): string | undefined {
  return 'reason' in details && typeof details.reason === 'string' ? details.reason : undefined;
}
