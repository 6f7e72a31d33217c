/** The city that this browser trusts: kept from the moment at which somebody trusted it, and replaced by nothing but that person. */
import type { CityTrust } from './trust';

const STORAGE_KEY = 'chancery.trust.1';

export interface PinnedTrust extends CityTrust {
  /** RFC 3339. */
  readonly pinnedAt: string;
}

/** @returns `undefined` when nothing is trusted yet, or what is kept was damaged */
export function readPinned(): PinnedTrust | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? 'null') as Partial<PinnedTrust> | null;
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

/** @throws DOMException when the browser keeps nothing: then the page verifies only while it is open */
export function pin(trust: CityTrust, now: Date): PinnedTrust {
  const pinned: PinnedTrust = { ...trust, pinnedAt: now.toISOString() };
  localStorage.setItem(STORAGE_KEY, JSON.stringify(pinned));
  return pinned;
}

export function forget(): void {
  localStorage.removeItem(STORAGE_KEY);
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
