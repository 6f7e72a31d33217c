/**
 * The city that this browser trusts: kept from the moment at which somebody trusted it, and replaced by nothing but that person. Beside it, weaker, the city that
 * was met first: what the site gave when a certificate was checked with a network and nobody had compared anything yet.
 */
import type { CityTrust } from './trust';

const STORAGE_KEY = 'chancery.trust.1';
const MET_KEY = 'chancery.met.1';

export interface PinnedTrust extends CityTrust {
  /** RFC 3339. */
  readonly pinnedAt: string;
}

/** @returns `undefined` when nothing is trusted yet, or what is kept was damaged */
export function readPinned(): PinnedTrust | undefined {
  return read(STORAGE_KEY);
}

/** The city that was met first, as long as nobody has compared a fingerprint. @returns `undefined` when none was, or what is kept was damaged */
export function readMet(): PinnedTrust | undefined {
  return read(MET_KEY);
}

/** @throws DOMException when the browser keeps nothing: then the page verifies only while it is open */
export function pin(trust: CityTrust, now: Date): PinnedTrust {
  const pinned = write(STORAGE_KEY, trust, now);
  localStorage.removeItem(MET_KEY);
  return pinned;
}

/** Keeps the city that is met first. @throws DOMException when the browser keeps nothing */
export function meet(trust: CityTrust, now: Date): PinnedTrust {
  return write(MET_KEY, trust, now);
}

export function forget(): void {
  localStorage.removeItem(STORAGE_KEY);
  localStorage.removeItem(MET_KEY);
}

/** Whether something is kept at all, damaged or not: what is damaged is not taken for nothing. */
export function isSomethingKept(): boolean {
  try {
    return [STORAGE_KEY, MET_KEY].some((key) => localStorage.getItem(key) !== null);
  } catch {
    return false;
  }
}

function read(key: string): PinnedTrust | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<PinnedTrust> | null;
    const isWhole =
      typeof kept?.fingerprint === 'string' &&
      typeof kept.pinnedAt === 'string' &&
      Number.isSafeInteger(kept.authority) &&
      Array.isArray(kept.chains) &&
      Array.isArray(kept.kinds);
    return isWhole ? (kept as PinnedTrust) : undefined;
  } catch {
    return undefined;
  }
}

function write(key: string, trust: CityTrust, now: Date): PinnedTrust {
  const pinned: PinnedTrust = { ...trust, pinnedAt: now.toISOString() };
  localStorage.setItem(key, JSON.stringify(pinned));
  return pinned;
}

/** Whether what is kept is what its fingerprint says: storage is nobody's to trust. */
export async function isIntact(pinned: PinnedTrust): Promise<boolean> {
  const { trustFingerprint } = await import('../staple');
  try {
    return trustFingerprint(pinned.authority, pinned.chains) === pinned.fingerprint;
  } catch {
    return false;
  }
}
