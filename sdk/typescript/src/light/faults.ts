/**
 * Why one check refuses, where it can for several reasons. The names are those of the Solidity enums and of `reason` in the
 * shared vectors (docs/specs/finality.md, "Vectors"); the sentences are for people.
 */

/** What is wrong with the bytes of a certificate. */
export const CERTIFICATE_FAULTS = {
  TooLong: 'longer than a certificate can be',
  Truncated: 'truncated',
  NumberTooLarge: 'number does not fit 64 bits',
  NumberNotShortest: 'number is not in its shortest form',
  SetSizeOutOfRange: 'size of the validator set out of range',
  BitBeyondSet: 'bitmap has bits beyond the validator set',
  BytesFollow: 'bytes follow the signature',
  SignatureNotCompressed: 'the signature is not a compressed point',
  SignatureIsInfinity: 'the signature is the point at infinity',
  SignatureNotOnCurve: 'the signature is not a BLS12-381 G2 point',
  SignatureNotInSubgroup: 'the signature is a point outside the subgroup of G2',
} as const;
export type CertificateFault = keyof typeof CERTIFICATE_FAULTS;

/** What is wrong with the bytes of a header. */
export const HEADER_FAULTS = {
  TooLong: 'longer than a header can be',
  NotAHeader: 'not the canonical RLP of a block header with 32 bytes of extraData',
  ExtraDataVersion: 'extraData is of an unknown version',
  ExtraDataMillisecond: 'extraData has more than 999 milliseconds',
  ExtraDataReserved: 'extraData has bytes where zeros belong',
  GenesisNumber: 'the genesis block has number 0',
} as const;
export type HeaderFault = keyof typeof HEADER_FAULTS;

/** How a certificate's round contradicts the header's. */
export const ROUND_FAULTS = {
  OtherEpoch: 'another epoch',
  FinalBeforeProposed: 'finalised before it was proposed',
  OtherParentView: 'another parent view',
} as const;
export type RoundFault = keyof typeof ROUND_FAULTS;

/** What is wrong with a handover to other validators. */
export const HANDOVER_FAULTS = {
  OtherAccount: 'the account is not the validator registry',
  OtherSlots: "the slots are not those of the set's hash and the epoch's length",
  NotLastOfEpoch: 'the block is not the last one of its epoch',
  SetSize: 'a set has 1 to 256 validators',
  KeysUnusable: 'the registry holds keys that make no set',
} as const;
export type HandoverFault = keyof typeof HANDOVER_FAULTS;

/** What is wrong with a validator's public key. */
export const KEY_FAULTS = {
  NotCompressed: 'it is not a compressed point',
  IsInfinity: 'it is the point at infinity',
  NotOnCurve: 'it is not a BLS12-381 G1 point',
  NotInSubgroup: 'it is a point outside the subgroup of G1',
} as const;
export type KeyFault = keyof typeof KEY_FAULTS;
