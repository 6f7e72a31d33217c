/** Accounts and storage slots, proven to be in the state of a final block (FINALITY-9, EIP-1186). */
import type { Hex } from '../hex.js';
import { bytesOf, hexOf, keccak, sameBytes, wordOf, WORD_BYTES } from './bytes.js';
import { VerifyError } from './error.js';
import type { FinalHeader } from './header.js';
import { encodeRlpList, encodeRlpString, shortestNumber } from './rlp.js';
import { checkBounds, EMPTY_ROOT, followPath, type PathEnd } from './trie.js';

/** Most storage slots in one account proof. */
export const MAX_STORAGE_SLOTS = 256;

const ZERO_HASH = hexOf(new Uint8Array(WORD_BYTES));
/** `keccak256("")`: the hash of no code. */
const EMPTY_CODE_HASH = hexOf(keccak(new Uint8Array()));

/** An account as `eth_getProof` shows it; see `readAccountProof`. Hashes and the address are in lower-case digits. */
export interface AccountProof {
  readonly address: Hex;
  /** Balance in wei, below 2^256. */
  readonly balance: bigint;
  readonly codeHash: Hex;
  /** Below 2^64. */
  readonly nonce: bigint;
  /** Root of the account's storage trie. */
  readonly storageHash: Hex;
  /** Nodes of the state trie, root first. */
  readonly accountProof: readonly Uint8Array[];
  /** Slots asked for. */
  readonly storageProof: readonly StorageProof[];
}

/** One storage slot with its proof. */
export interface StorageProof {
  /** Slot, below 2^256. */
  readonly key: bigint;
  /** Value, below 2^256; zero is proven by absence. */
  readonly value: bigint;
  /** Nodes of the storage trie, root first. */
  readonly proof: readonly Uint8Array[];
}

/** An account and slots that were proven to be in the state of a final block. */
export interface AccountState {
  readonly address: Hex;
  /** Balance in wei. */
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly codeHash: Hex;
  /** Slots with their values, in the order of the proof. */
  readonly storage: readonly { readonly slot: bigint; readonly value: bigint }[];
}

/**
 * Verifies an account, and the slots given with it, against a block's state root. An account that does not exist is proven by
 * absence, with zeros and the empty hashes. Throws `AccountNotProven`, `StorageNotProven`, `ProofTooLarge`.
 */
export function verifyAccount(header: FinalHeader, proof: AccountProof): AccountState {
  checkBounds(proof.accountProof);
  const slots = proof.storageProof.length;
  if (slots > MAX_STORAGE_SLOTS) throw new VerifyError('ProofTooLarge', { found: slots, limit: MAX_STORAGE_SLOTS });
  const { address, balance, nonce, codeHash } = proof;
  const path = followPath(header.stateRoot, keccak(bytesOf(address)), proof.accountProof);
  if (!endsIn(path, accountValue(proof))) throw new VerifyError('AccountNotProven', { address, block: header.hash });
  const storage = proof.storageProof.map((slot) => verifySlot(proof, slot));
  return { address, balance, nonce, codeHash, storage };
}

/** The trie's value for the account; none if the proof claims that there is no such account. */
function accountValue({ nonce, balance, storageHash, codeHash }: AccountProof): Uint8Array | undefined {
  // Some nodes write the absent account's hashes as zeros, EIP-1186 leaves it open.
  const hasNoCode = codeHash === EMPTY_CODE_HASH || codeHash === ZERO_HASH;
  const hasNoStorage = storageHash === EMPTY_ROOT || storageHash === ZERO_HASH;
  if (hasNoCode && hasNoStorage && nonce === 0n && balance === 0n) return undefined;
  return encodeRlpList([shortestNumber(nonce), shortestNumber(balance), bytesOf(storageHash), bytesOf(codeHash)]);
}

function verifySlot(account: AccountProof, { key, value, proof }: StorageProof): { slot: bigint; value: bigint } {
  // An account without storage has no trie to prove absence in.
  const root = account.storageHash === ZERO_HASH ? EMPTY_ROOT : account.storageHash;
  const expected = value === 0n ? undefined : encodeRlpString(shortestNumber(value));
  if (!endsIn(followPath(root, keccak(wordOf(key)), proof), expected)) {
    throw new VerifyError('StorageNotProven', { address: account.address, slot: key });
  }
  return { slot: key, value };
}

/** Whether the path ends in that value, or in nothing if none is expected. */
function endsIn(path: PathEnd, expected: Uint8Array | undefined): boolean {
  if (expected === undefined) return path.end === 'absent';
  return path.end === 'value' && sameBytes(path.value, expected);
}
