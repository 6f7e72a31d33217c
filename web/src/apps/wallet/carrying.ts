/** The file that an inspector without a network checks: the certificate, its proofs, and the document with the holder's signature. */
import { LocalError } from '../../api/explain';
import { unixSeconds } from '../../protocol/encoding';
import { makePresentation } from '../../protocol/presentation';
import { examine, type RefusalGroup } from '../../offline/examining';
import { isIntact, readPinned } from '../../offline/pinned';
import { trustOf, type CityTrust } from '../../offline/trust';
import { domainOf } from '../../session/account';
import { stapled } from '../../staple/asking';
import type { Holding } from './holding';
import type { OpenWallet } from './wallet';

/**
 * Makes the file, and verifies it before it leaves the wallet.
 * @throws LocalError when it does not verify; what the gateway answers
 */
export async function carry(wallet: OpenWallet, holding: Holding): Promise<Record<string, unknown>> {
  const { certificate, document, bytes } = holding;
  const { chains, kinds } = wallet.city;
  const [file, { pinned, trust }] = await Promise.all([stapled(certificate.certificateId), trustedOr(() => trustOf(chains, kinds))]);
  const now = new Date();
  const { presentation } = await makePresentation({
    domain: domainOf(chains, certificate.chain),
    chain: certificate.chain,
    document,
    bytes,
    now: unixSeconds(now),
    sign: (data) => wallet.account.signer.signTypedData(data),
  });
  const shown = { ...file, presentation };
  const found = trust && (await examine(new TextEncoder().encode(JSON.stringify(shown)), trust, undefined, now));
  if (!found) throw new LocalError('carry.unverified');
  if ('refused' in found) throw new LocalError(whyNot(found.refused.group, pinned !== undefined));
  return shown;
}

/** What this browser trusts decides, where a person has compared it; otherwise what the city says of its chains. */
async function trustedOr(offered: () => Promise<CityTrust | undefined>): Promise<{ pinned?: CityTrust; trust: CityTrust | undefined }> {
  const pinned = readPinned();
  if (pinned && (await isIntact(pinned))) return { pinned, trust: pinned };
  return { trust: await offered() };
}

export function whyNot(group: RefusalGroup, isPinned: boolean): 'carry.clock' | 'carry.otherCity' | 'carry.unverified' {
  if (group === 'clock') return 'carry.clock';
  return isPinned && (group === 'city' || group === 'chain' || group === 'final') ? 'carry.otherCity' : 'carry.unverified';
}
