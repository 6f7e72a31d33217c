/**
 * The encryption key that an address has published in `EthereumDIDRegistry` (ERC-1056), followed from the slot that names its last change back through every
 * change. Of each block all receipts are read and hashed to the root in its header, so that no event is left out (MSG-2).
 */
import type { Address } from '../hex.js';
import { bytesOfHex, hexOfBytes, utf8Of } from '../encoding.js';
import { hexOf, keccak, numberOf, wordOf } from '../light/bytes.js';
import { VerifyError } from '../light/error.js';
import { bytesListAt, FormError } from '../light/json.js';
import { orderedTrieRoot } from '../light/ordered-trie.js';
import { readFinalityProof } from '../light/reading.js';
import { decodeReceipt, type Log } from '../light/receipt.js';
import { RlpError } from '../light/rlp.js';
import { askNode } from '../request/rpc.js';
import type { Node } from '../share/state.js';
import { after, inMapping, wordOfName } from '../staple/words.js';
import { EncryptionPublicKey } from './encryption-key.js';
import { MessageFailure } from './failure.js';
import { MAX_BLOCK_RECEIPTS, MAX_CHANGES } from './limits.js';
import { refusedState, youngSlots } from './state.js';

export const DID_REGISTRY: Address = '0xc4a0000000000000000000000000000000000003';
/** Position of the mapping `changed`. */
const CHANGED = wordOf(2n);
const ATTRIBUTE = wordOfName('did/pub/X25519/enc/hex');
const WORD = 32;
const KEY_BYTES = 32;

const topicOf = (event: string): string => hexOf(keccak(utf8Of(event)));
/** Events of ERC-1056, and at which word of their data the block of the change before stands. */
const EVENTS: Readonly<Record<string, { readonly previousAt: number; readonly isAttribute: boolean }>> = {
  [topicOf('DIDAttributeChanged(address,bytes32,bytes,uint256,uint256)')]: { previousAt: 3, isAttribute: true },
  [topicOf('DIDDelegateChanged(address,bytes32,address,uint256,uint256)')]: { previousAt: 3, isAttribute: false },
  [topicOf('DIDOwnerChanged(address,address,uint256)')]: { previousAt: 1, isAttribute: false },
};

/** What one event says of the identity. */
export interface Change {
  readonly previous: bigint;
  /** Of an encryption key; absent for any other change. */
  readonly key?: { readonly value: Uint8Array; readonly validTo: bigint };
}

export interface PublishedKey {
  readonly key: EncryptionPublicKey;
  /** The block that published it. */
  readonly publishedIn: bigint;
}

/** The last encryption key in force of an address. @param now Unix seconds @throws MessageFailure */
export async function publishedKey(node: Node, address: Address, now: number): Promise<PublishedKey> {
  const slot = after(inMapping(wordOf(BigInt(address)), CHANGED), 0n);
  const { judgedAt, values } = await youngSlots(node, DID_REGISTRY, [slot], now);
  let block = values[0] ?? 0n;
  const replaced = new Set<string>();
  for (let blocks = 0; blocks < MAX_CHANGES; blocks += 1) {
    if (block === 0n) throw new MessageFailure('key-published', `${address} has published no encryption key that is in force`);
    const changes = (await logsOf(node, block)).flatMap((log) => changeOf(log, address) ?? []);
    const value = keyInForce(changes, replaced, judgedAt);
    if (value !== undefined) return { key: strong(value, address), publishedIn: block };
    // The first change of the block names the one before.
    const [first] = changes;
    if (first === undefined || first.previous >= block) throw refusedState(`block ${block} does not say what was changed before`);
    block = first.previous;
  }
  throw new MessageFailure('key-published', `${address} has changed its identity more than ${MAX_CHANGES} times since it published a key`);
}

/** The last value in force. A later event with the same value takes the place of an earlier one, also to end it: values met are added to `replaced`. */
export function keyInForce(changes: readonly Change[], replaced: Set<string>, now: number): Uint8Array | undefined {
  for (const { key } of changes.toReversed()) {
    if (key === undefined || replaced.has(hexOfBytes(key.value))) continue;
    replaced.add(hexOfBytes(key.value));
    if (key.validTo > BigInt(now) && key.value.length === KEY_BYTES) return key.value;
  }
  return undefined;
}

/** What a log says of an identity; `undefined` for what is none of its changes. */
export function changeOf({ address, topics, data }: Log, identity: Address): Change | undefined {
  const event = EVENTS[topics[0] ?? ''];
  if (address !== DID_REGISTRY || event === undefined || topics[1] !== hexOf(wordOf(BigInt(identity)))) return undefined;
  const bytes = bytesOfHex(data) ?? new Uint8Array();
  const word = (at: number): Uint8Array => bytes.subarray(at * WORD, (at + 1) * WORD);
  const previous = numberOf(word(event.previousAt));
  if (!event.isAttribute || hexOf(word(0)) !== hexOf(ATTRIBUTE)) return { previous };
  const at = Number(numberOf(word(1)));
  const length = Number(numberOf(bytes.subarray(at, at + WORD)));
  return { previous, key: { value: bytes.slice(at + WORD, at + WORD + length), validTo: numberOf(word(2)) } };
}

function strong(value: Uint8Array, address: Address): EncryptionPublicKey {
  const key = new EncryptionPublicKey(value);
  if (!key.isStrong()) throw new MessageFailure('key-strong', `${address} has published a key that protects nothing: its owner publishes another`);
  return key;
}

/** Every event of a final block, none left out. */
async function logsOf({ connection, rpcUrl, chain, signal }: Node, block: bigint): Promise<readonly Log[]> {
  const number = `0x${block.toString(16)}`;
  const ask = (method: string, params: readonly unknown[]): Promise<unknown> => askNode(connection, rpcUrl, method, params, signal);
  const [finality, raw] = [await ask('chancery_getFinality', [number, '0x0']), await ask('debug_getRawReceipts', [number])];
  try {
    const header = chain.verifyFinality(readFinalityProof(finality));
    if (header.number !== block) throw new FormError('the node proves another block');
    const receipts = bytesListAt(raw, 'receipts');
    if (receipts.length > MAX_BLOCK_RECEIPTS) throw new FormError(`block ${block} has more than ${MAX_BLOCK_RECEIPTS} receipts`);
    if (orderedTrieRoot(receipts) !== header.receiptsRoot) throw new FormError(`the receipts are not all those of block ${block}`);
    return receipts.map(decodeReceipt).flatMap(({ logs }) => logs);
  } catch (cause) {
    if (cause instanceof VerifyError || cause instanceof FormError || cause instanceof RlpError) throw refusedState(cause.message, { cause });
    throw cause;
  }
}
