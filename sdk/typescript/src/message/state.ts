/** Slots and blocks of the main chain that are young enough to judge a key by (MSG-2). */
import type { Address } from '../hex.js';
import { provenSlots, type Node } from '../share/state.js';
import { MessageFailure } from './failure.js';
import { MAX_BLOCK_AGE_SECONDS, MAX_CLOCK_SKEW_SECONDS } from './limits.js';

const MS_PER_SECOND = 1000;

export interface YoungSlots {
  readonly blockNumber: bigint;
  /** At which they are judged, Unix seconds: the later one of the clock's and the block's. */
  readonly judgedAt: number;
  readonly values: readonly bigint[];
}

export function refusedState(detail: string, options?: ErrorOptions): MessageFailure {
  return new MessageFailure('state-proven', detail, options);
}

/** @param now Unix seconds @throws MessageFailure with `state-proven` or `block-young` */
export async function youngSlots(node: Node, contract: Address, slots: readonly bigint[], now: number): Promise<YoungSlots> {
  const { header, values } = await provenSlots(node, contract, slots, refusedState);
  return { blockNumber: header.number, judgedAt: judgedAt(Math.floor(Number(header.timeMs) / MS_PER_SECOND), now), values };
}

/** @throws MessageFailure with `block-young` */
export function judgedAt(block: number, now: number): number {
  if (now - block > MAX_BLOCK_AGE_SECONDS) {
    throw new MessageFailure('block-young', `the newest final block is ${now - block} s old, more than ${MAX_BLOCK_AGE_SECONDS} s: try again, or ask another node`);
  }
  if (block - now > MAX_CLOCK_SKEW_SECONDS) {
    throw new MessageFailure('block-young', `the newest final block is ${block - now} s ahead of this clock, more than ${MAX_CLOCK_SKEW_SECONDS} s: set the clock`);
  }
  return Math.max(block, now);
}
