/**
 * A shared file, fetched from its owner's service and believed for what the chain proves (SHARE-9, SHARE-10): the grant is the final one, the sealed key
 * the granted one, the file the published one.
 */
import { sha256 } from '@noble/hashes/sha2';
import { hexOfBytes, utf8Of } from '../encoding.js';
import type { Address } from '../hex.js';
import { bytesOf } from '../light/bytes.js';
import { FormError } from '../light/json.js';
import { chunksOf } from '../request/answer.js';
import type { Connection } from '../request/connection.js';
import { ShareFailure } from './failure.js';
import { commitmentOf, grantedAt, grantSlot, publishedOf, versionSlots, type Grant, type GrantedAccess } from './grant.js';
import type { ReaderKey } from './reader-key.js';
import { openSealedFile } from './sealed-file.js';
import { provenSlots, type Node } from './state.js';

/** Oldest final block that is accepted, in seconds: within so long an ended grant is noticed even when a node hides its end. */
export const MAX_BLOCK_AGE_SECONDS = 60;
/** Largest sealed file that is fetched, in bytes, unless told: it is held in memory until it is verified. */
export const DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024;
const INFO = utf8Of('chancery data key v1');
const GRANT_PATH = '/v1/assets/{asset}/requests/{request}';
const MS_PER_SECOND = 1000;

/** A file that was verified whole. */
export interface SharedFile {
  readonly version: number;
  /** The block by which grant and version are proven. */
  readonly blockNumber: bigint;
  /** Of the sealed file. */
  readonly sealedBytes: number;
  /** The plain text, chunk by chunk. */
  read(): AsyncGenerator<Uint8Array, void, undefined>;
}

export interface Asked {
  /** Contract of the asset, in lower case. */
  readonly asset: Address;
  readonly request: number;
  readonly reader: ReaderKey;
  readonly maxBytes: number;
}

/** @param owner signs as the reader @throws ShareFailure, or why a request has no answer */
export async function fetchShared(owner: Connection, node: Node, asked: Asked): Promise<SharedFile> {
  const { asset, request } = asked;
  const call = { method: 'GET', parameters: { asset, request }, isRepeatable: true, signal: node.signal };
  const { grant, sealedKey } = grantedOf(await owner.send({ ...call, path: GRANT_PATH }));
  if (hexOfBytes(sha256(sealedKey)) !== grant.sealedKeyHash) {
    throw new ShareFailure('sealed-key-granted', 'the sealed data key is not the one whose hash was granted');
  }
  const nowSeconds = Math.floor(owner.ports.now() / MS_PER_SECOND);
  await checkGrant(node, asked, grant, nowSeconds);
  const { header, values } = await youngSlots(node, asset, versionSlots(grant.version), nowSeconds);
  const published = publishedOf(values[0] ?? 0n, values[1] ?? 0n);
  if (published === undefined) throw new ShareFailure('version-published', `version ${grant.version} is not published`);
  if (published.bytes > asked.maxBytes) {
    throw new ShareFailure('file-published', `it has ${published.bytes} bytes, more than the ${asked.maxBytes} that are taken`);
  }
  const dataKey = await asked.reader.open(sealedKey, INFO, placeOf(asset, published.keyEpoch, request));
  if (dataKey === undefined) throw new ShareFailure('key-opens', 'the data key is sealed to another reader or place, or was altered');
  const response = await owner.open({ ...call, path: `${GRANT_PATH}/file` });
  const sealed = await wholeFile(response, owner.gateway, published.bytes);
  if (hexOfBytes(sha256(sealed)) !== published.fingerprint) {
    throw new ShareFailure('file-published', 'its fingerprint is not the one on the chain');
  }
  return {
    version: grant.version,
    blockNumber: header.number,
    sealedBytes: sealed.length,
    read: () => openSealedFile(dataKey, sealed),
  };
}

async function checkGrant(node: Node, { asset, request }: Asked, grant: Grant, nowSeconds: number): Promise<void> {
  const { header, values } = await youngSlots(node, asset, [grantSlot(request)], nowSeconds);
  if (values[0] === 0n) throw new ShareFailure('grant-final', `request ${request} has no final grant, or it ended`);
  if (values[0] !== commitmentOf(grant)) throw new ShareFailure('grant-final', 'the final grant is another than the one that the owner names');
  // Neither a clock of ours that is behind nor a chain that is slow lengthens a grant.
  const latest = Math.max(nowSeconds, secondsOf(header));
  if (grant.validUntil !== 0 && latest > grant.validUntil) {
    throw new ShareFailure('grant-in-force', `the grant was valid until ${grant.validUntil}`);
  }
}

async function youngSlots(node: Node, asset: Address, slots: readonly bigint[], nowSeconds: number): ReturnType<typeof provenSlots> {
  const proven = await provenSlots(node, asset, slots);
  const age = nowSeconds - secondsOf(proven.header);
  if (age > MAX_BLOCK_AGE_SECONDS) {
    throw new ShareFailure('block-young', `the newest final block is ${age} s old, more than the ${MAX_BLOCK_AGE_SECONDS} s that are accepted`);
  }
  return proven;
}

function secondsOf(header: { readonly timeMs: bigint }): number {
  return Math.floor(Number(header.timeMs) / MS_PER_SECOND);
}

function grantedOf(answer: unknown): GrantedAccess {
  try {
    return grantedAt(answer);
  } catch (error) {
    if (error instanceof FormError) throw new ShareFailure('answer-readable', error.message, { cause: error });
    throw error;
  }
}

/** `asset (20) || key epoch (4) || request (8)` (SHARE-7). */
function placeOf(asset: Address, keyEpoch: number, request: number): Uint8Array {
  const place = new Uint8Array(32);
  place.set(bytesOf(asset));
  const view = new DataView(place.buffer);
  view.setUint32(20, keyEpoch);
  view.setBigUint64(24, BigInt(request));
  return place;
}

/** As many bytes as the chain says, neither more nor fewer. */
async function wholeFile(response: Response, gateway: string, bytes: number): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for await (const chunk of chunksOf(response, gateway)) {
    if (at + chunk.length > bytes) throw new ShareFailure('file-published', `it is longer than the ${bytes} bytes on the chain`);
    whole.set(chunk, at);
    at += chunk.length;
  }
  if (at < bytes) throw new ShareFailure('file-published', `it is shorter than the ${bytes} bytes on the chain`);
  return whole;
}
