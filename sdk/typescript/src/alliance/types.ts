/** The live view of an alliance (docs/specs/alliance.md, "The live view"), as a gateway answers it. */
import type { Address, Hex } from '../hex.js';

export type AllianceStepName = 'endorse' | 'sequence' | 'reserve' | 'decide' | 'apply';
/** `unseen`: the gateway does not follow the member's chain. `omitted`: it does not happen, because of what went wrong elsewhere. */
export type AllianceStepState = 'ahead' | 'awaited' | 'done' | 'failed' | 'omitted' | 'unseen';
export type AllianceStatus = 'sequenced' | 'committed' | 'aborted' | 'invalid';

/** The event that shows something. Its time is by its own chain's clock, RFC 3339. */
export interface ShownBy {
  readonly chain: string;
  readonly txHash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly time: string;
}

export interface AllianceMember {
  readonly name: string;
  /** What its chain is called at the gateway; absent: it is not followed. */
  readonly chain?: string;
  readonly chainId: number;
  readonly nodeContract: Address;
  readonly active: boolean;
  readonly height?: number;
  /** Its chain was read to its newest final block within the last 10 seconds. */
  readonly upToDate: boolean;
  /** What cannot be relied on because of it; empty: its outcomes are proven. */
  readonly missing: readonly ('atomicity-against-its-endorsers' | 'atomicity-against-reorganisation' | 'proof-of-reads')[];
  /** Its chain is followed, and did not answer the last time. */
  readonly unreachable?: boolean;
  /** Anchors between it and the alliance at which nothing counts until the organizations of the host have voted. */
  readonly frozenAnchors?: readonly { readonly host: string; readonly follows: string }[];
}

export interface Alliance {
  readonly purpose: string;
  readonly state: 'proposed' | 'active' | 'dissolved' | 'unknown';
  readonly chain: string;
  readonly chainId: number;
  readonly contract: Address;
  readonly height?: number;
  /** Of its newest final block: the only clock that counts for deadlines. */
  readonly time?: string;
  /** The deciding chain was read to its newest final block within the last 10 seconds. */
  readonly upToDate: boolean;
  readonly members: readonly AllianceMember[];
}

/** Why a member refuses. Which key it is about, only the requester is told. */
export type AllianceRefusal =
  | { readonly kind: 'stale'; readonly expected: number; readonly actual: number }
  | { readonly kind: 'conflict'; readonly holder: number }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'rejected' };

export interface AllianceStep {
  readonly name: AllianceStepName;
  readonly state: AllianceStepState;
  readonly outcome?: 'reserved' | 'refused' | 'applied' | 'released';
  readonly refusal?: AllianceRefusal;
  /** Absent: it has not happened. */
  readonly shownBy?: ShownBy;
}

export interface AllianceParty {
  readonly member: string;
  readonly endorsing: {
    /** Whether the submission could be read; if not, who has signed well is not known. */
    readonly seen: boolean;
    readonly endorsed: readonly string[];
    readonly faulty: readonly { readonly certificate: number; readonly node?: string; readonly fault?: string }[];
    readonly missing: readonly string[];
    readonly weight: number;
    readonly totalWeight: number;
  };
  /** All five, in the order of the way. */
  readonly steps: readonly AllianceStep[];
}

export interface AllianceRequest {
  readonly number: number;
  readonly status: AllianceStatus;
  /** The first step for which somebody is awaited; absent: nobody is, as far as the gateway sees; a member whose chain it does not follow is `unseen`. */
  readonly step?: AllianceStepName;
  readonly awaited: readonly string[];
  readonly deadline?: string;
  /** The deadline has passed, and it is not decided. */
  readonly overdue: boolean;
  readonly requester?: string;
  readonly requesterNode?: string;
  readonly requestHash: Hex;
  readonly shownBy: ShownBy;
  readonly decision?: { readonly member?: string; readonly refusal?: AllianceRefusal; readonly shownBy: ShownBy };
  readonly parties: readonly AllianceParty[];
  /** What was reported of it, beside what its events show. */
  readonly reports?: readonly AllianceReport[];
}

/** What somebody says of a request: their word, and nothing of it is proven. */
export interface AllianceReport {
  readonly reporter: 'endorser' | 'relay' | 'requester';
  /** The endorser's member; of a requester that has given up, the member because of whom. */
  readonly member?: string;
  /** The member whose node asked who reports, or told it. What a requester says is the word of a node of this member. */
  readonly asker?: string;
  readonly said: 'proposed' | 'endorsed' | 'declined' | 'handed-in' | 'not-carried' | 'given-up';
  readonly reason?: 'stale' | 'differs' | 'rule' | 'database' | 'promised' | 'too-long' | 'unavailable' | 'too-few';
  readonly time: string;
}

/** A request that has no number yet, as it is reported. */
export interface AllianceProposal {
  /** `requestHash` of the request from its number on; of one that was never put together, the hash of its idempotency key. */
  readonly id: Hex;
  readonly state: 'under-way' | 'handed-in' | 'ended' | 'lapsed' | 'sequenced';
  readonly number?: number;
  readonly requester?: string;
  readonly parties: readonly string[];
  readonly validUntil?: string;
  readonly heard: string;
  readonly reports: readonly AllianceReport[];
}

export interface AllianceProposalPage {
  /** Newest first. */
  readonly items: readonly AllianceProposal[];
  readonly nextCursor?: string;
}

export interface AlliancePage {
  /** Newest first. */
  readonly items: readonly AllianceRequest[];
  readonly nextCursor?: string;
}
