/** Proof bundles: one file that shows, offline, what a transaction did, and optionally what the state was later. */
import type { Hex } from '../hex.js';
import { VerifyError } from './error.js';
import type { FinalHeader } from './header.js';
import {
  verifyReceipt,
  verifyTransaction,
  type ReceiptInclusion,
  type TransactionInclusion,
  type VerifiedReceipt,
  type VerifiedTransaction,
} from './inclusion.js';
import type { FinalityProof } from './linking.js';
import { verifyAccount, type AccountProof, type AccountState } from './state.js';
import type { TrustedChain } from './trust.js';

/** Version of the bundle's JSON that is read. */
export const BUNDLE_VERSION = 1;

/** An account in the state of a block that is final too, usually later than the transaction: what became of it since. */
export interface StateProof {
  /** That block is final. Absent: the transaction's own block. */
  readonly finality?: FinalityProof;
  /** The account and slots. */
  readonly account: AccountProof;
}

/** A bundle as `readBundle` reads it. */
export interface ProofBundle {
  /** Where it says it is from. Checked, not trusted. */
  readonly chain: { readonly chainId: number; readonly genesisHash: Hex };
  /** The block is final. */
  readonly finality: FinalityProof;
  /** The transaction is in it. */
  readonly transaction: TransactionInclusion;
  /** The receipt is in it, at the same index. */
  readonly receipt: ReceiptInclusion;
  /** What the state was then or later. */
  readonly state?: StateProof;
}

/** What a bundle proved. */
export interface VerifiedBundle {
  /** The transaction's block. */
  readonly header: FinalHeader;
  readonly transaction: VerifiedTransaction;
  readonly receipt: VerifiedReceipt;
  /** The block of the state proof, and what it proved. */
  readonly state?: { readonly header: FinalHeader; readonly account: AccountState };
}

/** Verifies everything in the bundle; throws the first check that failed. */
export function verifyBundle(chain: TrustedChain, bundle: ProofBundle): VerifiedBundle {
  checkChain(chain, bundle);
  // From the block's own validators on: those who handed over before it decide nothing that is later.
  const followed = chain.followAll(bundle.finality.handovers);
  const header = followed.verifyFinality(bundle.finality);
  const transaction = verifyTransaction(header, bundle.transaction);
  if (bundle.receipt.index !== transaction.index) {
    throw new VerifyError('ReceiptNotIncluded', { index: transaction.index, block: header.hash });
  }
  const receipt = verifyReceipt(header, bundle.receipt);
  const state = bundle.state && verifyState(followed, header, bundle.state);
  return { header, transaction, receipt, ...(state ? { state } : {}) };
}

function checkChain(chain: TrustedChain, { chain: found }: ProofBundle): void {
  if (found.chainId === chain.chainId && found.genesisHash === chain.genesisHash) return;
  throw new VerifyError('WrongChain', {
    expectedId: chain.chainId,
    expectedGenesis: chain.genesisHash,
    foundId: found.chainId,
    foundGenesis: found.genesisHash,
  });
}

function verifyState(chain: TrustedChain, block: FinalHeader, proof: StateProof): VerifiedBundle['state'] {
  const header = proof.finality ? chain.verifyFinality(proof.finality) : block;
  if (header.number < block.number) {
    throw new VerifyError('StateBeforeTransaction', { state: header.number, transaction: block.number });
  }
  return { header, account: verifyAccount(header, proof.account) };
}
