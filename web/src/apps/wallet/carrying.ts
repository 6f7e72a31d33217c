/** The file that an inspector without a network checks: the certificate, its proofs, and the document with the holder's signature. */
import { api, ProblemError } from '../../api/client';
import { LocalError } from '../../api/explain';
import { unixSeconds } from '../../protocol/encoding';
import { makePresentation } from '../../protocol/presentation';
import { examine } from '../../offline/examining';
import { trustOf } from '../../offline/trust';
import { domainOf } from '../../session/account';
import type { Holding } from './holding';
import type { OpenWallet } from './wallet';

/** How long the main chain may take for a block that is as young as the certificate: several of its heartbeats. */
export const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_000;

/** Waits while the main chain has no block yet that is as young as the certificate, and not for ever. */
export async function stapled(id: string, now: () => number = Date.now, pause = (ms: number) => new Promise((done) => setTimeout(done, ms))): Promise<Record<string, unknown>> {
  const deadline = now() + PATIENCE_MS;
  for (;;) {
    try {
      return await api.staple(id);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'not-final-yet' || now() >= deadline) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/**
 * Makes the file, and verifies it before it leaves the wallet.
 * @throws LocalError when it does not verify; what the gateway answers
 */
export async function carry(wallet: OpenWallet, holding: Holding): Promise<Record<string, unknown>> {
  const { certificate, document, bytes } = holding;
  const { chains, kinds } = wallet.city;
  const [file, trust] = await Promise.all([stapled(certificate.certificateId), trustOf(chains, kinds)]);
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
  if (!found || !('verified' in found)) throw new LocalError('carry.unverified');
  return shown;
}
