/** Asking the gateway for the proofs of a certificate. It is believed in nothing: whoever relies on the answer verifies it. */
import { api, ProblemError } from '../api/client';

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
