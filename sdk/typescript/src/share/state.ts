/** Slots of a contract in the newest final block, proven (SHARE-9). */
import type { Address } from '../hex.js';
import { hexOf, wordOf } from '../light/bytes.js';
import { VerifyError } from '../light/error.js';
import type { FinalHeader } from '../light/header.js';
import { readAccountProof, readFinalityProof } from '../light/reading.js';
import { verifyAccount } from '../light/state.js';
import type { TrustedChain } from '../light/trust.js';
import type { Connection } from '../request/connection.js';
import { askNode } from '../request/rpc.js';
import { ShareFailure } from './failure.js';

/** How a chain is reached, and what is believed of it. */
export interface Node {
  readonly connection: Connection;
  readonly rpcUrl: string;
  readonly chain: TrustedChain;
  readonly signal?: AbortSignal | undefined;
}

export interface ProvenSlots {
  readonly header: FinalHeader;
  /** In the order of what was asked. */
  readonly values: readonly bigint[];
}

/** What is thrown for what does not verify. */
export type Refusing = (detail: string, options?: ErrorOptions) => Error;
const refusedShare: Refusing = (detail, options) => new ShareFailure('state-proven', detail, options);

/** @throws what `refused` makes; `ShareFailure` with `state-proven` unless given */
export async function provenSlots(
  { connection, rpcUrl, chain, signal }: Node,
  contract: Address,
  slots: readonly bigint[],
  refused: Refusing = refusedShare,
): Promise<ProvenSlots> {
  const ask = (method: string, params: readonly unknown[]): Promise<unknown> => askNode(connection, rpcUrl, method, params, signal);
  const number = await ask('eth_blockNumber', []);
  const finality = await ask('chancery_getFinality', [number, '0x0']);
  const proof = await ask('eth_getProof', [contract, slots.map((slot) => hexOf(wordOf(slot))), number]);
  try {
    const header = chain.verifyFinality(readFinalityProof(finality));
    const { address, storage } = verifyAccount(header, readAccountProof(proof));
    // A proof of something else verifies too.
    const isAsked = address === contract && storage.length === slots.length && storage.every(({ slot }, at) => slot === slots[at]);
    if (!isAsked) throw refused('the node proves another account, or other slots');
    return { header, values: storage.map(({ value }) => value) };
  } catch (error) {
    if (error instanceof VerifyError) throw refused(error.message, { cause: error });
    throw error;
  }
}
