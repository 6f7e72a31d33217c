/**
 * What is signed in Chancery: EIP-712 typed data of docs/specs/encodings.md. Pure.
 */
import { getAddress, hashTypedData, type Address, type Hex, type TypedDataDefinition } from 'viem';
import { bytes32FromAscii, ZERO_HASH } from './encoding';

/** Predeployed on every side chain. */
export const CERTIFICATE_REGISTRY: Address = '0xC4A0000000000000000000000000000000000006';
/** Predeployed on the main chain (ERC-1056). */
export const DID_REGISTRY: Address = '0xC4A0000000000000000000000000000000000003';

export interface SigningDomain {
  chainId: number;
  verifyingContract: Address;
}

const TYPES = {
  Issue: [
    { name: 'certificateId', type: 'bytes32' },
    { name: 'kind', type: 'bytes32' },
    { name: 'organization', type: 'bytes32' },
    { name: 'holder', type: 'address' },
    { name: 'contentHash', type: 'bytes32' },
    { name: 'sealedHash', type: 'bytes32' },
    { name: 'validFrom', type: 'uint64' },
    { name: 'validUntil', type: 'uint64' },
    { name: 'previous', type: 'bytes32' },
    { name: 'deadline', type: 'uint64' },
  ],
  ChangeStatus: [
    { name: 'certificateId', type: 'bytes32' },
    { name: 'status', type: 'uint8' },
    { name: 'reason', type: 'uint8' },
    { name: 'revision', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
  Inspect: [
    { name: 'certificateId', type: 'bytes32' },
    { name: 'holder', type: 'address' },
    { name: 'organization', type: 'bytes32' },
    { name: 'presentationHash', type: 'bytes32' },
    { name: 'outcome', type: 'uint8' },
    { name: 'deadline', type: 'uint64' },
  ],
  Present: [
    { name: 'certificateId', type: 'bytes32' },
    { name: 'holder', type: 'address' },
    { name: 'contentHash', type: 'bytes32' },
    { name: 'presentedAt', type: 'uint64' },
    { name: 'nonce', type: 'bytes32' },
  ],
  Disclose: [
    { name: 'holder', type: 'address' },
    { name: 'kind', type: 'bytes32' },
    { name: 'until', type: 'uint64' },
    { name: 'nonce', type: 'uint256' },
  ],
} as const;

type Operation = keyof typeof TYPES;

function typed(
  primaryType: Operation,
  domain: SigningDomain,
  message: Record<string, unknown>,
): TypedDataDefinition {
  const { chainId, verifyingContract } = domain;
  const { holder } = message;
  return {
    // Addresses arrive in any spelling; they are signed as numbers, but viem insists on the one of EIP-55.
    domain: { name: 'Chancery', version: '1', chainId, verifyingContract: getAddress(verifyingContract) },
    types: { [primaryType]: TYPES[primaryType] },
    primaryType,
    message: { ...message, ...(typeof holder === 'string' && { holder: getAddress(holder) }) },
  } as unknown as TypedDataDefinition;
}

export interface Issue {
  certificateId: Hex;
  kind: string;
  organization: string;
  holder: Address;
  contentHash: Hex;
  sealedHash: Hex;
  /** Unix seconds. */
  validFrom: number;
  /** Unix seconds; 0 is without end. */
  validUntil: number;
  previous?: Hex;
  /** Unix seconds after which the signature is worth nothing. */
  deadline: number;
}

export function issueTypedData(domain: SigningDomain, issue: Issue): TypedDataDefinition {
  return typed('Issue', domain, {
    ...issue,
    kind: bytes32FromAscii(issue.kind),
    organization: bytes32FromAscii(issue.organization),
    validFrom: BigInt(issue.validFrom),
    validUntil: BigInt(issue.validUntil),
    previous: issue.previous ?? ZERO_HASH,
    deadline: BigInt(issue.deadline),
  });
}

/** Status as it stands on the chain. 4 (renewed) is set by a renewal and never signed for. */
export const STATUS_NUMBER = { valid: 1, suspended: 2, revoked: 3 } as const;
export type SignedStatus = keyof typeof STATUS_NUMBER;

/** Reasons with the numbers of RFC 5280 section 5.3.1. */
export const REASON_NUMBER = {
  unspecified: 0,
  'key-compromise': 1,
  'affiliation-changed': 3,
  superseded: 4,
  'cessation-of-operation': 5,
  'certificate-hold': 6,
  'privilege-withdrawn': 9,
} as const;
export type Reason = keyof typeof REASON_NUMBER;
export const REASONS = Object.keys(REASON_NUMBER) as Reason[];

export interface ChangeStatus {
  certificateId: Hex;
  status: SignedStatus;
  reason: Reason;
  /** Status changes so far: replay and lost-update protection. */
  revision: number;
  deadline: number;
}

export function changeStatusTypedData(domain: SigningDomain, change: ChangeStatus): TypedDataDefinition {
  return typed('ChangeStatus', domain, {
    certificateId: change.certificateId,
    status: STATUS_NUMBER[change.status],
    reason: REASON_NUMBER[change.reason],
    revision: BigInt(change.revision),
    deadline: BigInt(change.deadline),
  });
}

/** Outcomes of an inspection; `refused` is for what is not what it claims. */
export const OUTCOME_NUMBER = {
  valid: 1,
  revoked: 2,
  suspended: 3,
  expired: 4,
  'cannot-determine': 5,
  refused: 6,
} as const;
export type Outcome = keyof typeof OUTCOME_NUMBER;

export interface Inspect {
  certificateId: Hex;
  holder: Address;
  /** The one for which the inspector inspects. */
  organization: string;
  /** Digest of the `Present` operation that was shown. */
  presentationHash: Hex;
  outcome: Outcome;
  deadline: number;
}

export function inspectTypedData(domain: SigningDomain, inspection: Inspect): TypedDataDefinition {
  return typed('Inspect', domain, {
    ...inspection,
    organization: bytes32FromAscii(inspection.organization),
    outcome: OUTCOME_NUMBER[inspection.outcome],
    deadline: BigInt(inspection.deadline),
  });
}

export interface Present {
  certificateId: Hex;
  holder: Address;
  contentHash: Hex;
  /** Unix seconds. */
  presentedAt: number;
  nonce: Hex;
}

export function presentTypedData(domain: SigningDomain, present: Present): TypedDataDefinition {
  return typed('Present', domain, { ...present, presentedAt: BigInt(present.presentedAt) });
}

/** A holder agrees that a chain shows a kind of certificates of another one, without their content, or takes that back. */
export interface Disclose {
  holder: Address;
  kind: string;
  /** Last second for which it holds (Unix seconds); 0 takes it back. */
  until: number;
  /** How many the holder has signed for the contract before. */
  nonce: number;
}

export function discloseTypedData(domain: SigningDomain, disclose: Disclose): TypedDataDefinition {
  return typed('Disclose', domain, {
    holder: disclose.holder,
    kind: bytes32FromAscii(disclose.kind),
    until: BigInt(disclose.until),
    nonce: BigInt(disclose.nonce),
  });
}

/** The EIP-712 digest. */
export function digestOf(data: TypedDataDefinition): Hex {
  return hashTypedData(data);
}
