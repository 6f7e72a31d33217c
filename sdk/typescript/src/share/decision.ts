/** Waiting until a request for access is decided: then its owner's service hands out what was asked for. */
import type { Schemas } from '../api.js';
import { isTemporary, type Ports } from '../request/retry.js';

/** How long a decision is waited for, unless told: people decide. */
export const DECISION_PATIENCE_MS = 24 * 60 * 60 * 1000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;
/** States from which its owner's service hands out. */
const DECIDED = ['approved', 'granted'];

/** The request was refused, or has ended. */
export class AccessClosed extends Error {
  override readonly name = 'AccessClosed';

  constructor(
    /** `refused` or `ended`. */
    readonly state: string,
  ) {
    super(`the request is ${state}: ask again, or ask its owner why`);
  }
}

/** Nobody has decided in time. */
export class AccessUndecided extends Error {
  override readonly name = 'AccessUndecided';

  constructor() {
    super('the request is not decided yet: wait longer, or come back with its number');
  }
}

export interface DecisionOptions {
  /** {@link DECISION_PATIENCE_MS} unless given. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

type Request = Schemas['AccessRequest'];

/** @throws AccessClosed, AccessUndecided, or why there is no answer */
export async function decisionOf(ask: () => Promise<Request>, ports: Ports, { patienceMs = DECISION_PATIENCE_MS, signal }: DecisionOptions): Promise<Request> {
  const begun = ports.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    const request = await ask().catch((error: unknown) => {
      // People take hours: a gateway that starts again meanwhile ends nothing.
      if (!isTemporary(error)) throw error;
      return undefined;
    });
    if (request !== undefined && DECIDED.includes(request.state)) return request;
    if (request !== undefined && request.state !== 'pending') throw new AccessClosed(request.state);
    if (ports.now() - begun + pause > patienceMs) throw new AccessUndecided();
    await ports.wait(pause, signal);
  }
}
