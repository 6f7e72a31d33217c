/**
 * Whether what the gateway says that a chain shows of a holder is proven, by the chains that this browser knows (docs/specs/trust.md, "Asked from outside"): the gateway is asked, and not
 * believed. Where it is not proven, that says nothing of the holder.
 */
import type { Address } from 'viem';
import type { ShownKind } from '../api/types';
import type { City } from '../session/use-city';
import type { VerifiedKind } from '../staple';
import { knownCity, type KnownCity } from './known';

export type ShownFinding =
  | { readonly state: 'proven'; readonly verified: VerifiedKind; readonly known: KnownCity }
  | { readonly state: 'unproven'; readonly check: string; readonly detail: string };

export interface ShownOf {
  /** Name of the chain that was asked. */
  readonly chain: string;
  readonly holder: Address;
}

/** The chains of a city, each with the id after that of the one before (docs/specs/encodings.md, "Chains of a city"). */
const CHAINS = ['main', 'marriage', 'real-estate', 'degree', 'business-licence', 'health-licence'];

/**
 * The id of a chain, by its name and the id of the main chain: which of the trusted chains was asked is never the gateway's word.
 *
 * @returns `undefined`: a city has no chain of that name
 */
export function chainIdOf(chain: string, authority: number): number | undefined {
  const place = CHAINS.indexOf(chain);
  return place < 0 ? undefined : authority + place;
}

/** Of a kind that is said to be held. */
export async function examineShown(city: City, of: ShownOf, shown: ShownKind, nowMs: number): Promise<ShownFinding> {
  const known = await knownCity(city, new Date(nowMs));
  if (typeof known === 'string') return { state: 'unproven', check: known === 'damaged' ? 'trust-intact' : 'city-provable', detail: '' };
  const { authority } = known.trust;
  // A certificate of a kind stands on the chain of its name: what any other chain calls so is none.
  const [chainId, followedId] = [chainIdOf(of.chain, authority), chainIdOf(shown.kind, authority)];
  if (chainId === undefined || followedId === undefined) {
    return { state: 'unproven', check: 'WrongChain', detail: `a city has no chain '${of.chain}', or none for '${shown.kind}'` };
  }
  const { StapleFailure, verifyShown } = await import('../staple');
  try {
    const question = { chainId, followedId, holder: of.holder, kind: shown.kind, now: Math.floor(nowMs / 1000) };
    return { state: 'proven', verified: verifyShown(known.trust, shown, question), known };
  } catch (error) {
    if (!(error instanceof StapleFailure)) throw error;
    return { state: 'unproven', check: error.check, detail: error.detail };
  }
}
