/** The shared vectors of stapled certificates: what both verifiers have to say about each (docs/specs/stapled.md, "Vectors"). */
import type { Hex } from '../../src/hex.js';
import { trustFingerprint } from '../../src/staple/index.js';
import { slotsOf } from '../../src/staple/right.js';
import {
  addressOfStranger, before, fileOf, genesisSecrets, HANDED_OVER, handedOverStatus, issueOf, ISSUED_AT, main, NOW, otherMain, otherSide, presentationOf, rightOf, side, sideSecrets,
  STATUS_AT, statusInEpoch1, statusOf,
} from './city.js';

/** A member of the base's file is replaced, or removed where there is no value. */
export type Change = readonly [pointer: string, value?: unknown];

export interface Case {
  readonly name: string;
  readonly base: keyof typeof BASES;
  readonly now: number;
  readonly maxAgeSeconds?: number;
  readonly changes: readonly Change[];
  /** `ok`, or the check that refuses. */
  readonly expect: string;
  readonly outcome?: string;
  readonly asOf?: number;
  readonly ageSeconds?: number;
}

const ISSUES = {
  whole: issueOf(1),
  ends: issueOf(2, NOW - 1500, NOW - 100),
  ended: issueOf(3, NOW - 1500, STATUS_AT),
  begins: issueOf(4, NOW - 100),
  handedOver: issueOf(HANDED_OVER),
  otherId: issueOf(6),
  otherHolder: issueOf(7),
  otherOrganization: issueOf(8),
  otherKind: issueOf(9),
  unreadable: issueOf(10),
  passed: issueOf(11, NOW - 300, NOW - 100),
} as const;

/** The document names something else than was issued: only who sees the document finds out. */
function withoutPresentation(issue: (typeof ISSUES)['whole']): Record<string, unknown> {
  return changed(fileOf(issue), [['/presentation']]) as Record<string, unknown>;
}

export const BASES = {
  whole: fileOf(ISSUES.whole),
  ends: fileOf(ISSUES.ends),
  ended: fileOf(ISSUES.ended),
  begins: fileOf(ISSUES.begins),
  handedOver: fileOf(ISSUES.handedOver),
  otherId: withoutPresentation(ISSUES.otherId),
  otherHolder: withoutPresentation(ISSUES.otherHolder),
  otherOrganization: withoutPresentation(ISSUES.otherOrganization),
  otherKind: withoutPresentation(ISSUES.otherKind),
  unreadable: withoutPresentation(ISSUES.unreadable),
  passed: fileOf(ISSUES.passed),
} as const;

const issue = ISSUES.whole;
const STATUS = '/staple/status';
const RIGHT = '/staple/right';
const PRESENTATION = '/presentation';

const ok = (name: string, outcome: string, changes: readonly Change[] = [], more: Partial<Case> = {}): Case => ({
  name, base: 'whole', now: NOW, changes, expect: 'ok', outcome, asOf: STATUS_AT, ageSeconds: NOW - STATUS_AT, ...more,
});
const refused = (name: string, expect: string, changes: readonly Change[], more: Partial<Case> = {}): Case => ({
  name, base: 'whole', now: NOW, changes, expect, ...more,
});
const status = (code: bigint, said: string): Change[] => [[STATUS, statusOf(issue, { code })], ['/status', said]];

const VALID: Case[] = [
  ok('a certificate with everything that proves it', 'valid'),
  ok('without a presentation', 'valid', [[PRESENTATION]]),
  ok('without what the proof says anyway', 'valid', [['/holder'], ['/issuerKey'], ['/issuedAt'], ['/status'], ['/organizationName']]),
  ok('revoked', 'revoked', status(3n, 'revoked')),
  ok('suspended', 'suspended', status(2n, 'suspended')),
  ok('renewed', 'revoked', status(4n, 'renewed')),
  ok('ended before the proof', 'expired', [], { base: 'ended' }),
  ok('ended since the proof', 'expired', [], { base: 'ends' }),
  ok('not ended yet, by its last second', 'valid', [], { base: 'ends', now: NOW - 101, ageSeconds: NOW - 101 - STATUS_AT, changes: [[PRESENTATION]] }),
  ok('not begun as of the proof, whatever the clock says', 'refused', [], { base: 'begins' }),
  ok('begun and ended since the proof', 'expired', [], { base: 'passed' }),
  ok('recorded after others took over from the first validators', 'valid', [], { base: 'handedOver' }),
  ok('the same, and the handovers before the issue stand only beside the issue', 'valid', [[STATUS, statusInEpoch1(ISSUES.handedOver, { handovers: false })]], { base: 'handedOver' }),
  ok('as old as is accepted', 'valid', [], { maxAgeSeconds: NOW - STATUS_AT }),
  ok('a second older than is accepted', 'cannot-determine', [], { maxAgeSeconds: NOW - STATUS_AT - 1 }),
  ok('years old, where any age is accepted', 'valid', [], { now: NOW + 100_000_000, ageSeconds: NOW + 100_000_000 - STATUS_AT }),
  ok('older than is accepted, and revoked for good', 'revoked', status(3n, 'revoked'), { maxAgeSeconds: 1 }),
  ok('older than is accepted, and suspended', 'cannot-determine', status(2n, 'suspended'), { maxAgeSeconds: 1 }),
  ok('only the presentation is old', 'cannot-determine', [[PRESENTATION, presentationOf(issue, { at: NOW - 5000 })]], { maxAgeSeconds: 1000 }),
  ok('only the right is old', 'cannot-determine', [[STATUS, statusOf(issue, { time: NOW - 10 })], [RIGHT, rightOf({ time: ISSUED_AT })]], {
    maxAgeSeconds: 500, asOf: ISSUED_AT, ageSeconds: NOW - ISSUED_AT,
  }),
  ok('the clock is a minute behind', 'valid', [[PRESENTATION]], { now: STATUS_AT + 40, ageSeconds: 40 }),
  ok('validators have changed between the genesis and the proof', 'valid', [[STATUS, handedOverStatus(issue)]]),
  ok('the key was retired after the issue', 'valid', [[RIGHT, rightOf({ times: [NOW - 1700, 0, ISSUED_AT + 1] })]]),
  ok('the right ended after the issue', 'valid', [[RIGHT, rightOf({ period: [NOW - 1800, ISSUED_AT + 1] })]]),
  ok('the organization was suspended after the issue', 'valid', [[RIGHT, rightOf({ isSuspended: true, suspensions: [[NOW - 1600, NOW - 1550], [ISSUED_AT + 1, 0]] })]]),
];

const unlike = (name: string, base: 'otherId' | 'otherHolder' | 'otherOrganization' | 'otherKind' | 'unreadable'): Case =>
  refused(name, 'document-matches', [[PRESENTATION, presentationOf(ISSUES[base])]], { base });

const FORGED: Case[] = [
  unlike('the document names another certificate', 'otherId'),
  unlike('the document names another holder', 'otherHolder'),
  unlike('the document names another organization', 'otherOrganization'),
  unlike('the document is of another kind', 'otherKind'),
  unlike('the document is none', 'unreadable'),
  refused('validators that have handed over sign the status', 'EpochMismatch', [[STATUS, statusInEpoch1(ISSUES.handedOver, { signers: genesisSecrets, epoch: 0, handovers: false })]], {
    base: 'handedOver',
  }),
  refused('validators that have handed over sign the status, in an epoch after that', 'UnknownValidator', [
    [STATUS, statusInEpoch1(ISSUES.handedOver, { signers: genesisSecrets, handovers: false })],
  ], { base: 'handedOver' }),
  refused('the time of the issue in another form than RFC 3339', 'issued-at-matches', [['/issuedAt', new Date(ISSUED_AT * 1000).toUTCString()]]),
  refused('nothing is stapled', 'staple-present', [['/staple']]),
  refused('a staple of another version', 'staple-version', [['/staple/version', 2]]),
  refused('a member of the staple that nobody knows', 'file-readable', [['/staple/note', 'genuine']]),
  refused('a second proof of the status', 'one-status', [['/proof/state', statusOf(issue)]]),
  refused('no proof of the issue', 'proof-present', [['/proof']]),
  refused('a proof of another version', 'proof-version', [['/proof/version', 2]]),
  refused('a chain of another genesis', 'WrongChain', [['/proof/chain/genesisHash', otherSide.genesis.hash]]),
  refused('another certificate', 'certificate-issued', [['/certificateId', ISSUES.ends.certificateId]]),
  refused('another organization', 'organization-matches', [['/organization', 'SAMPLE-OFFICE']]),
  refused('another holder', 'holder-matches', [['/holder', addressOfStranger]]),
  refused('another sealed document', 'sealed-unaltered', [['/sealed', 'another']]),
  refused('the status of another genesis, by the same validators', 'FinalitySignature', [[STATUS, statusOf(issue, { chain: otherSide })]]),
  refused('validators that nobody handed over to', 'UnknownValidator', [[STATUS, handedOverStatus(issue, { handovers: false })]]),
  refused('other validators than the registry named', 'HandoverValidatorsMismatch', [[STATUS, handedOverStatus(issue, { named: sideSecrets.slice(1) })]]),
  refused('a status from before the issue', 'StateBeforeTransaction', [[STATUS, { ...statusOf(issue), finality: side.finality(before) }]]),
  refused('the status of another contract', 'status-of-registry', [[STATUS, statusOf(issue, { account: addressOfStranger })]]),
  refused("another certificate's staple", 'status-of-certificate', [[STATUS, statusOf(issue, { slotsOf: ISSUES.ends })]]),
  refused('the status of another issue under this identifier', 'commitment-matches', [[STATUS, statusOf(issue, { commitment: 1n })]]),
  refused('a certificate that the registry does not know', 'status-readable', [[STATUS, statusOf(issue, { code: 0n })]]),
  refused('a status that no registry writes', 'status-readable', [[STATUS, statusOf(issue, { code: 9n })]]),
  refused('revoked, and the file says valid', 'status-matches', [[STATUS, statusOf(issue, { code: 3n })]]),
  refused('a status from the future', 'time-not-ahead', [[STATUS, statusOf(issue, { time: NOW + 61 })]]),
  refused('the right by the main chain of another city', 'WrongChain', [[RIGHT, rightOf({ chain: otherMain })]]),
  refused('the right by the side chain itself', 'WrongChain', [[RIGHT, rightOf({ chain: side })]]),
  refused('the right of another genesis, under the name of this one', 'FinalitySignature', [[`${RIGHT}/state`, rightOf({ chain: otherMain }).state]]),
  refused('the right from another contract', 'right-of-registry', [[RIGHT, rightOf({ account: addressOfStranger })]]),
  refused('a suspension is left out', 'right-complete', [[RIGHT, rightOf({ suspensions: [[ISSUED_AT - 9, ISSUED_AT + 9]], shownSuspensions: 0 })]]),
  refused('another record than is named', 'right-complete', [[RIGHT, rightOf({ keyRecord: 0 })]]),
  refused('an organization that nobody registered', 'organization-registered', [[RIGHT, rightOf({ registeredAt: 0 })]]),
  refused('suspended when it issued', 'organization-not-suspended', [[RIGHT, rightOf({ suspensions: [[ISSUED_AT, ISSUED_AT + 1]] })]]),
  refused('the right had ended when it issued', 'right-granted', [[RIGHT, rightOf({ period: [NOW - 1800, ISSUED_AT] })]]),
  refused('the right had not begun when it issued', 'right-granted', [[RIGHT, rightOf({ period: [ISSUED_AT + 1, 0] })]]),
  refused('the key of somebody else', 'key-authorized', [[RIGHT, rightOf({ key: addressOfStranger })]]),
  refused('the key for another right', 'key-authorized', [[RIGHT, rightOf({ right: 'marriage' })]]),
  refused('a key that was revoked when it issued', 'key-authorized', [[RIGHT, rightOf({ times: [NOW - 1700, 0, ISSUED_AT] })]]),
  refused('a key that had ended when it issued', 'key-authorized', [[RIGHT, rightOf({ times: [NOW - 1700, ISSUED_AT - 1, 0] })]]),
  refused('a right as of a second before the issue', 'right-after-issue', [[RIGHT, rightOf({ time: ISSUED_AT - 1 })]]),
  refused('a right from the future', 'time-not-ahead', [[RIGHT, rightOf({ time: NOW + 61 })]]),
  refused('the presentation of another certificate', 'presentation-of-certificate', [[`${PRESENTATION}/certificateId`, ISSUES.ends.certificateId]]),
  refused('another document', 'document-unaltered', [[PRESENTATION, presentationOf(issue, { shown: 2 })]]),
  refused('shown by somebody else', 'presented-by-holder', [[PRESENTATION, presentationOf(issue, { signer: 'stranger' })]]),
  refused('another time than the holder has signed', 'presented-by-holder', [[`${PRESENTATION}/presentedAt`, NOW - 1]]),
  refused('shown in the future', 'time-not-ahead', [[PRESENTATION, presentationOf(issue, { at: NOW + 61 })]]),
];

export interface Vectors {
  readonly description: string;
  readonly chain: { chainId: number; genesisHash: Hex; validators: readonly Hex[] };
  readonly authority: { chainId: number; genesisHash: Hex; validators: readonly Hex[] };
  readonly fingerprint: string;
  readonly slots: { readonly places: Record<string, unknown>; readonly slots: readonly string[] };
  readonly bases: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
}

export function vectors(): Vectors {
  const places = { organization: 'SAMPLE-UNIVERSITY', right: 'degree', period: 2, keyRecord: 3 };
  return {
    description: 'Stapled certificates (docs/specs/stapled.md): the chains that are trusted, files, and what every verifier says about each',
    chain: side.essentials,
    authority: main.essentials,
    fingerprint: trustFingerprint(main.chainId, [side.essentials, main.essentials]),
    slots: {
      places: { ...places, suspensions: 2 },
      slots: slotsOf({ ...places, suspensions: 2n }).map((slot) => `0x${slot.toString(16).padStart(64, '0')}`),
    },
    bases: BASES,
    cases: [...VALID, ...FORGED],
  };
}

/** A copy of the file with one member replaced or removed. */
export function changed(file: unknown, changes: readonly Change[]): unknown {
  const copy = structuredClone(file);
  for (const [pointer, value] of changes) {
    const path = pointer.split('/').slice(1);
    const last = path.pop() ?? '';
    const parent = path.reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, copy as Record<string, unknown>);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
  }
  return copy;
}
