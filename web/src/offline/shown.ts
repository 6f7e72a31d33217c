/**
 * Whether what the gateway says that a chain shows of a holder is proven, by the chains that this browser knows (docs/specs/trust.md, "Asked from outside"): the gateway is asked, and not
 * believed. Where it is not proven, that says nothing of the holder.
 */
import type { Address } from 'viem';
import type { ShownKind } from '../api/types';
import type { City } from '../session/use-city';
import type { VerifiedKind } from '../staple';
import { knownCity } from './known';

export type ShownFinding =
  | { readonly state: 'proven'; readonly verified: VerifiedKind }
  | { readonly state: 'unproven'; readonly check: string; readonly detail: string };

export interface ShownOf {
  /** The chain that was asked: what the answer says of itself is not believed. */
  readonly chainId: number;
  readonly holder: Address;
}

/** Of a kind that is said to be held. */
export async function examineShown(city: City, of: ShownOf, shown: ShownKind, nowMs: number): Promise<ShownFinding> {
  const known = await knownCity(city, new Date(nowMs));
  if (typeof known === 'string') return { state: 'unproven', check: known === 'damaged' ? 'trust-intact' : 'city-provable', detail: '' };
  const { StapleFailure, verifyShown } = await import('../staple');
  try {
    const question = { ...of, kind: shown.kind, now: Math.floor(nowMs / 1000) };
    return { state: 'proven', verified: verifyShown(known.trust, shown, question) };
  } catch (error) {
    if (!(error instanceof StapleFailure)) throw error;
    return { state: 'unproven', check: error.check, detail: error.detail };
  }
}
