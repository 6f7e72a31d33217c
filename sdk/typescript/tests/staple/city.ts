/** A city of two chains, and a certificate of it with its staple: the claims that a test alters, and the file that they make. */
import { secp256k1 } from '@noble/curves/secp256k1';
import { bytesOf, hexOf, keccak, numberOf, wordOf } from '../../src/light/bytes.js';
import { base64urlOf, utf8Of } from '../../src/encoding.js';
import type { Hex } from '../../src/hex.js';
import type { Issue } from '../../src/staple/issue.js';
import { slotsOf } from '../../src/staple/right.js';
import { CERTIFICATE_REGISTRY, digestOfIssue, digestOfPresent } from '../../src/staple/signing.js';
import { after, concat, hashOf, inMapping, wordOfName } from '../../src/staple/words.js';
import { accountProof, HandmadeChain, onlyOne, registryOf, secretOf, type Block, type State, type Storage } from './chain.js';
import { number, rlp } from './trie.js';

/** The time of the tests. */
export const NOW = 1_800_000_000;
export const ISSUED_AT = NOW - 1000;
export const STATUS_AT = NOW - 600;
export const RIGHT_AT = NOW - 500;
export const PRESENTED_AT = NOW - 30;

const ORGANIZATION = 'SAMPLE-UNIVERSITY';
const ORGANIZATION_REGISTRY: Hex = '0xc4a0000000000000000000000000000000000002';
/** The certificate of this number is recorded after others took over. */
export const HANDED_OVER = 5;
const NEWCOMERS = [secretOf(11), secretOf(12), secretOf(13), secretOf(14)];

const office = person(3);
const holder = person(20);
const stranger = person(21);

export const side = new HandmadeChain(7103, [secretOf(1)], NOW - 2000);
export const main = new HandmadeChain(7100, [secretOf(1)], NOW - 2001);
/** The same validators, another city. */
export const otherSide = new HandmadeChain(7103, [secretOf(1)], NOW - 3000);
export const otherMain = new HandmadeChain(7100, [secretOf(1)], NOW - 3001);
/** A block before the issue. */
export const before = side.block(side.genesis, { time: NOW - 1100 });

interface Person {
  readonly address: Hex;
  readonly sign: (digest: Uint8Array) => Uint8Array;
}

function person(seed: number): Person {
  const secret = wordOf(BigInt(seed) * 0x1_0000_0001n);
  const address = hexOf(keccak(secp256k1.getPublicKey(secret, false).subarray(1)).subarray(12));
  const sign = (digest: Uint8Array): Uint8Array => {
    const signature = secp256k1.sign(digest, secret);
    return concat(signature.toCompactRawBytes(), Uint8Array.of(27 + signature.recovery));
  };
  return { address, sign };
}

const id = (byte: number): Hex => hexOf(new Uint8Array(32).fill(byte));
/** A whole document; `change` makes it name something else than its certificate. */
const document = (byte: number, change: object = {}): Uint8Array =>
  utf8Of(
    JSON.stringify({
      format: 'chancery/degree/1',
      id: id(byte),
      issuer: { organization: ORGANIZATION, name: 'Sample University' },
      holder: holder.address,
      validFrom: new Date((NOW - 1500) * 1000).toISOString().replace('.000Z', 'Z'),
      subject: { name: 'Lin (sample)' },
      salt: base64urlOf(new Uint8Array(16).fill(byte)),
      ...change,
    }),
  );
/** Documents that an issuer signed though they name something else than it issued. */
const UNLIKE: Readonly<Record<number, object>> = {
  6: { id: id(1) },
  7: { holder: stranger.address },
  8: { issuer: { organization: 'SAMPLE-OFFICE', name: 'Sample University' } },
  9: { format: 'chancery/marriage/1' },
  10: { salt: undefined },
};
const SEALED = 'eyJhbGciOiJFQ0RILUVTIn0..aXY.c2VhbGVk.dGFn';

export const issueOf = (byte: number, validFrom = NOW - 1500, validUntil = 0): Issue => ({
  certificateId: id(byte),
  kind: 'degree',
  organization: ORGANIZATION,
  holder: holder.address,
  contentHash: hexOf(keccak(document(byte, UNLIKE[byte]))),
  sealedHash: hexOf(keccak(utf8Of(SEALED))),
  validFrom: BigInt(validFrom),
  validUntil: BigInt(validUntil),
  previous: hexOf(new Uint8Array(32)),
  deadline: BigInt(NOW),
});

/** Whether others than the genesis' validators decided already when the certificate was recorded. */
const isHandedOver = (issue: Issue): boolean => numberOfId(issue.certificateId) === HANDED_OVER;
/** The last block of epoch 0 (blocks 0 to 3). */
const thirdBlock = side.block(side.block(before, { time: NOW - 1060 }), { time: NOW - 1050, state: registryOf(NEWCOMERS) });

/** Block 2 of the side chain records the certificate; block 4, the first of epoch 1, where it was handed over before. */
function issuing(issue: Issue): { block: Block; bundle: Record<string, unknown> } {
  const digest = digestOfIssue(side.chainId, issue);
  const words = [
    bytesOf(issue.certificateId), wordOfName(issue.kind), wordOfName(issue.organization), wordOf(BigInt(issue.holder)), bytesOf(issue.contentHash),
    bytesOf(issue.sealedHash), wordOf(issue.validFrom), wordOf(issue.validUntil), bytesOf(issue.previous), wordOf(issue.deadline),
  ];
  const data = concat(...words, wordOf(BigInt(office.address)), digest, wordOf(14n * 32n), wordOf(18n * 32n), blob(office.sign(digest)), blob(utf8Of(SEALED)));
  const signature = 'CertificateIssued(bytes32,bytes32,address,(bytes32,bytes32,bytes32,address,bytes32,bytes32,uint64,uint64,bytes32,uint64),address,bytes32,bytes,bytes)';
  const topics = [keccak(utf8Of(signature)), bytesOf(issue.certificateId), wordOfName(issue.organization), wordOf(BigInt(issue.holder))];
  const receipt = concat(Uint8Array.of(2), rlp([number(1n), number(50_000n), new Uint8Array(256), [[bytesOf(CERTIFICATE_REGISTRY), topics, data]]]));
  const one = number(1n);
  const transaction = concat(
    Uint8Array.of(2),
    rlp([number(BigInt(side.chainId)), number(0n), number(0n), number(0n), number(100_000n), bytesOf(CERTIFICATE_REGISTRY), number(0n), new Uint8Array(), [], number(0n), one, one]),
  );
  const [transactions, receipts] = [onlyOne(transaction), onlyOne(receipt)];
  const roots = { transactionsRoot: transactions.root, receiptsRoot: receipts.root };
  const block = isHandedOver(issue)
    ? side.block(thirdBlock, { time: ISSUED_AT, epoch: 1, ...roots })
    : side.block(before, { time: ISSUED_AT, ...roots });
  const bundle = {
    version: 1,
    chain: { chainId: side.chainId, genesisHash: side.genesis.hash },
    finality: isHandedOver(issue) ? side.finality(block, NEWCOMERS, [side.handover(thirdBlock, NEWCOMERS)]) : side.finality(block),
    transaction: { index: 0, transaction: hexOf(transaction), proof: transactions.proof },
    receipt: { index: 0, receipt: hexOf(receipt), proof: receipts.proof },
  };
  return { block, bundle };
}

/** `bytes` of the ABI: length, content, padding to whole words. */
function blob(bytes: Uint8Array): Uint8Array {
  return concat(wordOf(BigInt(bytes.length)), bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
}

export interface StatusClaim {
  readonly code?: bigint;
  readonly time?: number;
  readonly account?: Hex;
  readonly slotsOf?: Issue;
  readonly commitment?: bigint;
  readonly chain?: HandmadeChain;
}

/** The registry's two slots in a block after the issue, under the genesis' validators. */
export function statusOf(issue: Issue, claim: StatusClaim = {}): Record<string, unknown> {
  const chain = claim.chain ?? side;
  const block = chain.block(issuing(issue).block, { time: claim.time ?? STATUS_AT, state: statusState(issue, claim) });
  return { finality: chain.finality(block), account: accountProof(block, claim.account ?? CERTIFICATE_REGISTRY, certificateSlots(claim.slotsOf ?? issue)) };
}

function certificateSlots(issue: Issue): bigint[] {
  const first = inMapping(bytesOf(issue.certificateId), wordOf(0n));
  return [after(first, 0n), after(first, 1n)];
}

function statusState(issue: Issue, { code = 1n, commitment, account = CERTIFICATE_REGISTRY, slotsOf: other = issue }: StatusClaim): State {
  const word = code === 0n ? 0n : code | (issue.validFrom << 64n) | (issue.validUntil << 128n) | (BigInt(ISSUED_AT) << 192n);
  const digest = digestOfIssue(side.chainId, issue);
  const own = commitment ?? numberOf(hashOf(digest, wordOf(BigInt(office.address)), wordOf(BigInt(ISSUED_AT))));
  const [status = 0n, committed = 0n] = certificateSlots(other);
  return { [account]: [[status, word], [committed, own]] };
}

/** The status of a certificate that was recorded in epoch 1, by those who decide then, or by those who handed over to them. */
export function statusInEpoch1(issue: Issue, change: { signers?: readonly Uint8Array[]; epoch?: number; handovers?: boolean } = {}): Record<string, unknown> {
  const block = side.block(issuing(issue).block, { time: STATUS_AT, epoch: change.epoch ?? 1, state: statusState(issue, {}) });
  const handovers = change.handovers === false ? [] : [side.handover(thirdBlock, NEWCOMERS)];
  return { finality: side.finality(block, change.signers ?? NEWCOMERS, handovers), account: accountProof(block, CERTIFICATE_REGISTRY, certificateSlots(issue)) };
}

/** The status in epoch 1, whose validators others have become: block 3 hands over. */
export function handedOverStatus(issue: Issue, change: { handovers?: boolean; named?: readonly Uint8Array[] } = {}): Record<string, unknown> {
  const last = side.block(issuing(issue).block, { time: NOW - 650, state: registryOf(NEWCOMERS) });
  const block = side.block(last, { time: STATUS_AT, epoch: 1, state: statusState(issue, {}) });
  const handovers = change.handovers === false ? [] : [side.handover(last, change.named ?? NEWCOMERS)];
  return { finality: { ...side.finality(block, NEWCOMERS, handovers) }, account: accountProof(block, CERTIFICATE_REGISTRY, certificateSlots(issue)) };
}

export interface RightClaim {
  readonly chain?: HandmadeChain;
  readonly time?: number;
  readonly account?: Hex;
  readonly registeredAt?: number;
  readonly isSuspended?: boolean;
  readonly suspensions?: readonly (readonly [number, number])[];
  readonly shownSuspensions?: number;
  readonly period?: readonly [number, number];
  readonly key?: Hex;
  readonly right?: string;
  readonly times?: readonly [number, number, number];
  readonly keyRecord?: number;
}

/** The slots of OrganizationRegistry in a block of the main chain. */
export function rightOf(claim: RightClaim = {}): Record<string, unknown> {
  const chain = claim.chain ?? main;
  const suspensions = claim.suspensions ?? [];
  const places = { organization: ORGANIZATION, right: 'degree', period: 0, keyRecord: 1, suspensions: BigInt(suspensions.length) };
  const slots = slotsOf(places);
  const [from, until] = claim.period ?? [NOW - 1800, 0];
  const [notBefore, notAfter, revokedAt] = claim.times ?? [NOW - 1700, 0, 0];
  const pair = (first: number, second: number, third = 0): bigint => BigInt(first) | (BigInt(second) << 64n) | (BigInt(third) << 128n);
  const values = [
    BigInt(stranger.address) | (BigInt(claim.registeredAt ?? NOW - 1900) << 160n) | (claim.isSuspended === true ? 1n << 224n : 0n),
    BigInt(suspensions.length),
    pair(from, until),
    BigInt(claim.key ?? office.address) | (BigInt(NOW - 1700) << 160n),
    numberOf(wordOfName(claim.right ?? 'degree')),
    pair(notBefore, notAfter, revokedAt),
    ...suspensions.map(([begin, end]) => pair(begin, end)),
  ];
  const storage: Storage = slots.map((slot, at) => [slot, values[at] ?? 0n]);
  const account = claim.account ?? ORGANIZATION_REGISTRY;
  const block = chain.block(chain.genesis, { time: claim.time ?? RIGHT_AT, state: { [account]: storage } });
  const shown = slots.slice(0, 6 + (claim.shownSuspensions ?? suspensions.length));
  return {
    chain: { chainId: chain.chainId, genesisHash: chain.genesis.hash },
    period: places.period,
    keyRecord: claim.keyRecord ?? places.keyRecord,
    state: { finality: chain.finality(block), account: accountProof(block, account, shown) },
  };
}

export function presentationOf(issue: Issue, change: { signer?: 'stranger'; at?: number; shown?: number } = {}): Record<string, unknown> {
  const presentedAt = change.at ?? PRESENTED_AT;
  const { certificateId, contentHash } = issue;
  const nonce = id(5);
  const shown = change.shown ?? numberOfId(certificateId);
  const digest = digestOfPresent(side.chainId, { certificateId, holder: holder.address, contentHash, presentedAt, nonce });
  const signer = change.signer === 'stranger' ? stranger : holder;
  return {
    v: 1,
    chain: 'degree',
    certificateId,
    document: base64urlOf(document(shown, UNLIKE[shown])),
    presentedAt,
    nonce,
    signature: hexOf(signer.sign(digest)),
  };
}

const numberOfId = (certificateId: Hex): number => Number(BigInt(certificateId) & 0xffn);

/** The whole file of a certificate, valid in every part. */
export function fileOf(issue: Issue): Record<string, unknown> {
  return {
    certificateId: issue.certificateId,
    organization: issue.organization,
    organizationName: 'Sample University',
    kind: issue.kind,
    holder: issue.holder,
    sealed: SEALED,
    issuerKey: office.address,
    issuedAt: new Date(ISSUED_AT * 1000).toISOString().replace('.000Z', 'Z'),
    status: 'valid',
    proof: issuing(issue).bundle,
    staple: { version: 1, status: isHandedOver(issue) ? statusInEpoch1(issue) : statusOf(issue), right: rightOf() },
    presentation: presentationOf(issue),
  };
}

export const addressOfStranger = stranger.address;
/** Who decided on the side chain in epoch 0. */
export const genesisSecrets = side.secrets;
/** Who decides on the side chain in epoch 1. */
export const sideSecrets = NEWCOMERS;
