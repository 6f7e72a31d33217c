/**
 * By which genesis an inspection with a network is verified: the one that a person has compared, else the one that this browser met first. What the site gives now
 * never takes the place of either; where it differs, that is told.
 */
import type { City } from '../session/use-city';
import { isIntact, isSomethingKept, meet, readMet, readPinned, type PinnedTrust } from './pinned';
import { compare, trustOf, type CityTrust } from './trust';

/**
 * `compared`: a person has compared its fingerprint; `remembered`: what the site gave at an earlier check; `first`: what it gives now, kept from now on; `unkept`:
 * the same, and this browser keeps nothing.
 */
export type Basis = 'compared' | 'remembered' | 'first' | 'unkept';

export interface KnownCity {
  readonly trust: CityTrust;
  readonly basis: Basis;
  /** RFC 3339: since when. */
  readonly since: string;
  /** What the site shows now beside it. */
  readonly found: 'same' | 'more' | 'other';
  /** Fingerprint of what the site shows now, where it can be verified at all. */
  readonly shown?: string;
}

/** @returns why there is nothing to verify by: what is kept is damaged, or the city's chains cannot be verified and nothing else is known */
export async function knownCity({ chains, kinds }: City, now: Date): Promise<KnownCity | 'damaged' | 'unprovable'> {
  const offered = await trustOf(chains, kinds);
  const [compared, met] = [readPinned(), readMet()];
  const kept = compared ?? met;
  if (!kept) {
    if (isSomethingKept()) return 'damaged';
    return offered ? first(offered, now) : 'unprovable';
  }
  if (!(await isIntact(kept))) return 'damaged';
  return {
    trust: kept,
    basis: compared ? 'compared' : 'remembered',
    since: kept.pinnedAt,
    found: compare(kept, offered),
    ...(offered && { shown: offered.fingerprint }),
  };
}

function first(offered: CityTrust, now: Date): KnownCity {
  const known = { found: 'same', shown: offered.fingerprint } as const;
  try {
    const kept: PinnedTrust = meet(offered, now);
    return { ...known, trust: kept, basis: 'first', since: kept.pinnedAt };
  } catch {
    return { ...known, trust: offered, basis: 'unkept', since: now.toISOString() };
  }
}
