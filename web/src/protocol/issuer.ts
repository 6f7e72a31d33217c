/** Whether a key had a right at a time. Pure; the organization comes from the main chain. */
import { sameHex } from './encoding';

export interface KeyHolder {
  keys: { address: string; right: string; notBefore: string; notAfter?: string; revokedAt?: string }[];
}

/**
 * A retired key stays good for what it signed before; a compromised one for what it signed before the compromise.
 * @param issuedAt RFC 3339, the time of the block that records the certificate
 */
export function issuerAuthorized(
  organization: KeyHolder,
  key: string,
  right: string,
  issuedAt: string,
): boolean {
  const issued = Date.parse(issuedAt);
  return organization.keys.some(
    (entry) =>
      sameHex(entry.address, key) &&
      entry.right === right &&
      Date.parse(entry.notBefore) <= issued &&
      (entry.notAfter === undefined || issued < Date.parse(entry.notAfter)) &&
      (entry.revokedAt === undefined || issued < Date.parse(entry.revokedAt)),
  );
}
