/** The interface's types under the names that the apps use. */
import type { Address, Hex } from 'viem';
import type { SignedAttribute } from '../protocol/registration';
import type { EncryptionPublicKey } from '../protocol/keys';
import type { JsonSchema } from '../protocol/schema';
import type { Outcome, Reason } from '../protocol/typed-data';

export type * from './portal-types';

export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  remedy: string;
  [member: string]: unknown;
}

export interface Recorded {
  chain: string;
  txHash: Hex;
  blockNumber: number;
  blockHash: Hex;
}

export interface Chain {
  name: string;
  chainId: number;
  rpcUrl: string;
  genesisHash: Hex;
  genesis?: unknown;
  height?: number | null;
  blockTime?: string | null;
  kinds: string[];
  contracts: { certificateRegistry?: Address; didRegistry?: Address; [name: string]: Address | undefined };
  anchors?: Anchor[];
  /** Absent where the gateway runs no node of it. */
  consensus?: Consensus;
}

/** Kinds of certificates of other chains that a chain shows of a holder. */
export interface HolderKinds {
  chain: string;
  chainId: number;
  holder: Address;
  kinds: ShownKind[];
}

export interface ShownKind {
  kind: string;
  held: boolean;
  /** Absent unless `held`. */
  asOf?: string;
  /** Absent when the holder does not agree. */
  agreedUntil?: string;
  contract: Address;
  nextNonce: number;
  /** What proves it to whoever asks, what the genesis of the chain has there or its factory has made, and until when the certificate is valid. */
  proof?: unknown;
  genesis?: unknown;
  factory?: unknown;
  period?: unknown;
}

export interface GiveConsent {
  kind: string;
  /** Unix seconds; 0 takes the consent back. */
  until: number;
  nonce: number;
  signature: Hex;
}

/** What a chain has of another chain. */
export interface Anchor {
  follows: string;
  height?: number | null;
  ageSeconds?: number | null;
  frozen: boolean;
}

export interface Peer {
  organization: string;
  connected: boolean;
  lastHeard?: string | null;
  height?: number | null;
  blocksBehind?: number | null;
}

export interface Consensus {
  finalHeight: number;
  epoch: number;
  view: number;
  waitingTransactions: number;
  sick: boolean;
  findings: string[];
  peers: Peer[];
}

export interface Chains {
  development: boolean;
  chains: Chain[];
}

export interface Health {
  status: 'ok' | 'degraded';
  chains: Record<string, { height?: number | null; ageMs?: number | null }>;
  database: 'ok' | 'unreachable';
}

export interface Kind {
  kind: string;
  chain: string;
  title: { en: string; zh: string };
  version: number;
  schema: JsonSchema;
  applicationSchema: JsonSchema;
  source: string;
}

export type Role =
  | 'registered'
  | 'citizen'
  | 'issuer'
  | 'registrar'
  | 'inspector'
  | 'source'
  | 'operator'
  | 'supervisor';

export interface SignedIn {
  token: string;
  expiresAt: string;
  address: Address;
  roles: Role[];
}

export interface Person {
  name: string;
  unit: string;
  city: string;
  country: string;
  documentNumber?: string;
  birthDate?: string;
}

export interface RegisterUser {
  account: string;
  address: Address;
  publicKey: Hex;
  encryptionKey: Hex;
  userType: 'person' | 'issuer' | 'inspector';
  person: Person;
  attributes: SignedAttribute[];
  /** The key of a confirmed registration is lost: this address is to take its place. */
  recovery?: boolean;
}

export type UserStatus = 'pending' | 'recovering' | 'confirmed' | 'rejected' | 'replaced';

export interface Registered {
  address: Address;
  account: string;
  did: string;
  status: UserStatus;
  returning: boolean;
}

export interface User {
  address: Address;
  account: string;
  did: string;
  userType: RegisterUser['userType'];
  status: UserStatus;
  person: Person;
  registeredAt: string;
  decidedAt?: string;
  reason?: string;
}

export interface Confirmed {
  address: Address;
  did: string;
  status: UserStatus;
  chain?: string;
  txHash?: Hex;
  blockNumber?: number;
}

export interface PublicKey {
  address: Address;
  did: string;
  publicKey: Hex;
  encryptionKey: { jwk: EncryptionPublicKey; thumbprint: string };
  source: { chain: string; blockNumber: number };
}

export type ApplicationStatus = 'submitted' | 'issued' | 'rejected';

export interface Application {
  id: string;
  kind: string;
  applicant: Address;
  details: Record<string, unknown>;
  status: ApplicationStatus;
  submittedAt: string;
  decidedAt?: string;
  reason?: string;
  certificateId?: Hex;
}

export interface IssueCertificate {
  holder: Address;
  organization: string;
  kind: string;
  certificateId: Hex;
  contentHash: Hex;
  sealed: string;
  validFrom: number;
  validUntil: number;
  previous?: Hex;
  deadline: number;
  signature: Hex;
  application?: string;
}

export interface Issued {
  certificateId: Hex;
  chain: string;
  txHash: Hex;
  blockNumber: number;
  blockHash: Hex;
  dataBlock: { root: Hex; txHash: Hex };
}

export type CertificateStatus = 'valid' | 'suspended' | 'revoked' | 'renewed';

export interface Certificate {
  certificateId: Hex;
  kind: string;
  chain: string;
  holder: Address;
  organization: string;
  status: CertificateStatus;
  /** Of the last change. */
  reason: Reason;
  revision: number;
  validFrom: string;
  validUntil?: string;
  previous?: Hex;
  renewedBy?: Hex;
  contentHash: Hex;
  sealedHash: Hex;
  block: number;
  txHash: Hex;
  outcome: Outcome;
}

export interface SealedCertificate {
  organization: string;
  organizationName: string;
  kind: string;
  certificateId: Hex;
  sealed: string;
  issuedAt: string;
  issuerKey: Address;
  status: CertificateStatus;
  proof?: unknown;
}

export interface ChangeStatusRequest {
  kind: string;
  status: 'valid' | 'suspended' | 'revoked';
  reason: Reason;
  revision: number;
  deadline: number;
  signature: Hex;
}

export interface OrganizationKey {
  address: Address;
  right: string;
  notBefore: string;
  notAfter?: string;
  revokedAt?: string;
}

export interface Organization {
  code: string;
  name: string;
  administrator: Address;
  suspended: boolean;
  keys: OrganizationKey[];
}

export interface OpenedPresentation {
  ciphertext: string;
  expiresAt: string;
  /** How often it was opened before, and when last. */
  openedBefore?: number;
  lastOpenedAt?: string;
}

export interface CheckCertificate {
  address: Address;
  organization: string;
  certificateId: Hex;
  kind: string;
  contentHash: Hex;
  presentation?: { presentedAt: number; nonce: Hex; signature: Hex };
  presentationHash: Hex;
}

export interface RecordInspection extends CheckCertificate {
  /** The organization for which the inspector inspects: the one that the signed operation names. */
  inspectingOrganization: string;
  outcome: Outcome;
  deadline: number;
  signature: Hex;
}

export interface GatewayCheck {
  name: string;
  passed?: boolean | null;
  detail: string;
}

export interface Checked {
  outcome: Outcome;
  checks: GatewayCheck[];
}

export interface Inspection extends Recorded {
  certificateId: Hex;
  kind: string;
  inspector: Address;
  /** Code of the organization for which it inspected. */
  inspectingOrganization: string;
  outcome: Outcome;
  inspectedAt: string;
}

export interface HistoryEvent {
  time: string;
  type: string;
  name: string;
  by?: Address;
  subject: string;
  recorded?: Recorded;
  facts: string;
  /** By which right something was read. */
  right?: string;
  verified?: { result: 'verified' | 'unproven' | 'failed' };
}

export type AllianceStatus = 'sequenced' | 'committed' | 'aborted' | 'invalid';
export type AllianceStepName = 'endorse' | 'sequence' | 'reserve' | 'decide' | 'apply';
export type AllianceStepState = 'ahead' | 'awaited' | 'done' | 'failed' | 'omitted' | 'unseen';
export type AllianceOutcome = 'reserved' | 'refused' | 'applied' | 'released';
export type MissingGuarantee = 'atomicity-against-its-endorsers' | 'atomicity-against-reorganisation' | 'proof-of-reads';

export interface AllianceMember {
  name: string;
  chain?: string;
  chainId: number;
  nodeContract: Address;
  active: boolean;
  height?: number;
  /** Its chain was read to its newest final block within the last 10 seconds. */
  upToDate: boolean;
  missing: MissingGuarantee[];
  /** Its chain is followed, and did not answer the last time. */
  unreachable?: boolean;
  /** Anchors between it and the alliance at which nothing counts until the organizations of the host have voted. */
  frozenAnchors?: { host: string; follows: string }[];
}

export interface Alliance {
  purpose: string;
  state: 'proposed' | 'active' | 'dissolved' | 'unknown';
  chain: string;
  chainId: number;
  contract: Address;
  height?: number;
  time?: string;
  /** The deciding chain was read to its newest final block within the last 10 seconds. */
  upToDate: boolean;
  members: AllianceMember[];
}

/** The event that shows something, and its chain. */
export interface ShownBy {
  chain: string;
  txHash: Hex;
  blockNumber: number;
  blockHash: Hex;
  time: string;
}

export type AllianceRefusal =
  | { kind: 'stale'; expected: number; actual: number }
  | { kind: 'conflict'; holder: number }
  | { kind: 'malformed' }
  | { kind: 'rejected' };

export interface AllianceStep {
  name: AllianceStepName;
  state: AllianceStepState;
  outcome?: AllianceOutcome;
  refusal?: AllianceRefusal;
  shownBy?: ShownBy;
}

export interface FaultyEndorsement {
  certificate: number;
  node?: string;
  fault?: string;
}

export interface AllianceEndorsing {
  seen: boolean;
  endorsed: string[];
  faulty: FaultyEndorsement[];
  missing: string[];
  weight: number;
  totalWeight: number;
}

export interface AllianceParty {
  member: string;
  endorsing: AllianceEndorsing;
  steps: AllianceStep[];
}

export interface AllianceRequest {
  number: number;
  status: AllianceStatus;
  step?: AllianceStepName;
  awaited: string[];
  deadline?: string;
  overdue: boolean;
  requester?: string;
  requesterNode?: string;
  requestHash: Hex;
  shownBy: ShownBy;
  decision?: { member?: string; refusal?: AllianceRefusal; shownBy: ShownBy };
  parties: AllianceParty[];
  /** What was reported of it, beside what is proven. */
  reports?: AllianceReport[];
}

export type AllianceProposalState = 'under-way' | 'handed-in' | 'ended' | 'lapsed' | 'sequenced';
export type AllianceReporter = 'endorser' | 'relay' | 'requester';
export type AllianceSaid = 'proposed' | 'endorsed' | 'declined' | 'handed-in' | 'not-carried' | 'given-up';
export type AllianceDeclineReason =
  | 'stale'
  | 'differs'
  | 'rule'
  | 'database'
  | 'promised'
  | 'too-long'
  | 'unavailable'
  | 'too-few';

/** What somebody says of a request: nothing of it is proven. */
export interface AllianceReport {
  reporter: AllianceReporter;
  member?: string;
  asker?: string;
  said: AllianceSaid;
  reason?: AllianceDeclineReason;
  time: string;
}

/** A request that has no number yet, as it is reported. */
export interface AllianceProposal {
  /** `requestHash` from its number on. */
  id: Hex;
  state: AllianceProposalState;
  number?: number;
  requester?: string;
  parties: string[];
  validUntil?: string;
  heard: string;
  reports: AllianceReport[];
}
