/** Transactions as they stand in a block: EIP-2718 bytes of the types that this chain and Ethereum have. */
import type { Hex } from '../hex.js';
import { hexOf, keccak, WORD_BYTES } from './bytes.js';
import { addressOf, decodeRlp, fixedOf, listOf, RlpError, stringOf, tupleOf, uintOf, type Rlp } from './rlp.js';

/** What a transaction does; fees and signature are checked for their form alone, `hash` commits to them. */
export interface Transaction {
  readonly hash: Hex;
  /** EIP-2718 type; 0 for one without. */
  readonly type: number;
  /** Absent where a transaction of type 0 is for any chain. */
  readonly chainId?: bigint;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Receiver; absent where a contract is made. */
  readonly to?: Hex;
  /** Wei. */
  readonly value: bigint;
  readonly input: Hex;
}

type Member =
  | 'accessList'
  | 'authorizations'
  | 'blobFee'
  | 'blobHashes'
  | 'chainId'
  | 'gasLimit'
  | 'gasPrice'
  | 'input'
  | 'nonce'
  | 'parity'
  | 'priorityFee'
  | 'r'
  | 'receiver'
  | 'receiverOrNone'
  | 's'
  | 'v'
  | 'value';

const LEGACY_TYPE = 0;
const FIRST_LIST_PREFIX = 0xc0;
const ADDRESS_ENTRY_MEMBERS = 2;
const AUTHORIZATION_MEMBERS = 6;
/** EIP-155: v is 35 + 2 * chain id + parity; before it, 27 + parity. */
const FIRST_CHAIN_V = 35n;
const CHAINLESS_V = [27n, 28n];

const PAYMENT = ['nonce', 'gasPrice', 'gasLimit', 'receiverOrNone', 'value', 'input'] as const;
const FEES = ['chainId', 'nonce', 'priorityFee', 'gasPrice', 'gasLimit'] as const;
const SIGNATURE = ['parity', 'r', 's'] as const;

/** The members of each type, in order. */
const TYPES: ReadonlyMap<number, readonly Member[]> = new Map<number, readonly Member[]>([
  [LEGACY_TYPE, [...PAYMENT, 'v', 'r', 's']],
  [1, ['chainId', ...PAYMENT, 'accessList', ...SIGNATURE]],
  [2, [...FEES, 'receiverOrNone', 'value', 'input', 'accessList', ...SIGNATURE]],
  [3, [...FEES, 'receiver', 'value', 'input', 'accessList', 'blobFee', 'blobHashes', ...SIGNATURE]],
  [4, [...FEES, 'receiver', 'value', 'input', 'accessList', 'authorizations', ...SIGNATURE]],
]);

const FORMS: Record<Member, (item: Rlp | undefined) => unknown> = {
  accessList: (item) => listOf(item).map(readAccess),
  authorizations: (item) => listOf(item).map(readAuthorization),
  blobFee: (item) => uintOf(item, 128),
  blobHashes: (item) => listOf(item).map(readHash),
  chainId: (item) => uintOf(item, 64),
  gasLimit: (item) => uintOf(item, 64),
  gasPrice: (item) => uintOf(item, 128),
  input: stringOf,
  nonce: (item) => uintOf(item, 64),
  parity: readParity,
  priorityFee: (item) => uintOf(item, 128),
  r: (item) => uintOf(item, 256),
  receiver: addressOf,
  receiverOrNone: readReceiver,
  s: (item) => uintOf(item, 256),
  v: readChainOfV,
  value: (item) => uintOf(item, 256),
};

/** Reads a transaction; throws `RlpError`. Blobs' sidecars are no part of a block, so they are refused. */
export function decodeTransaction(encoded: Uint8Array): Transaction {
  const { type, payload } = splitType(encoded);
  const members = TYPES.get(type);
  if (!members) throw new RlpError(`no transaction is of type ${type}`);
  const items = tupleOf(decodeRlp(payload), members.length);
  members.forEach((member, at) => FORMS[member](items[at]));
  const item = (member: Member): Rlp | undefined => items[members.indexOf(member)];
  const chainId = type === LEGACY_TYPE ? readChainOfV(item('v')) : uintOf(item('chainId'), 64);
  const to = readReceiver(item('receiverOrNone') ?? item('receiver'));
  return {
    hash: hexOf(keccak(encoded)),
    type,
    ...(chainId === undefined ? {} : { chainId }),
    nonce: uintOf(item('nonce'), 64),
    gasLimit: uintOf(item('gasLimit'), 64),
    ...(to === undefined ? {} : { to }),
    value: uintOf(item('value'), 256),
    input: hexOf(stringOf(item('input'))),
  };
}

/** EIP-2718: a byte of type before the payload, or none where the payload is a list. Throws `RlpError`. */
export function splitType(encoded: Uint8Array): { type: number; payload: Uint8Array } {
  const [first] = encoded;
  if (first === undefined) throw new RlpError('empty');
  if (first >= FIRST_LIST_PREFIX) return { type: LEGACY_TYPE, payload: encoded };
  if (first === LEGACY_TYPE || !TYPES.has(first)) throw new RlpError(`no transaction is of type ${first}`);
  return { type: first, payload: encoded.subarray(1) };
}

export function readHash(item: Rlp | undefined): Hex {
  return fixedOf(item, WORD_BYTES);
}

function readReceiver(item: Rlp | undefined): Hex | undefined {
  return item instanceof Uint8Array && item.length === 0 ? undefined : addressOf(item);
}

function readParity(item: Rlp | undefined): boolean {
  const parity = uintOf(item, 8);
  if (parity > 1n) throw new RlpError('a parity is 0 or 1');
  return parity === 1n;
}

function readChainOfV(item: Rlp | undefined): bigint | undefined {
  const v = uintOf(item, 128);
  if (CHAINLESS_V.includes(v)) return undefined;
  const chainId = (v - FIRST_CHAIN_V) / 2n;
  if (v < FIRST_CHAIN_V || chainId >= 1n << 64n) throw new RlpError('v names no chain');
  return chainId;
}

function readAccess(item: Rlp): void {
  const [address, slots] = tupleOf(item, ADDRESS_ENTRY_MEMBERS);
  addressOf(address);
  listOf(slots).forEach(readHash);
}

function readAuthorization(item: Rlp): void {
  const [chainId, address, nonce, parity, r, s] = tupleOf(item, AUTHORIZATION_MEMBERS);
  uintOf(chainId, 256);
  addressOf(address);
  uintOf(nonce, 64);
  // One whose parity is no parity is skipped by execution, so it may stand in a block.
  uintOf(parity, 8);
  uintOf(r, 256);
  uintOf(s, 256);
}
