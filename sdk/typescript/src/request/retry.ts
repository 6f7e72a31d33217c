/** Trying again: bounded, with jitter, and only what may be tried again. */
import { ProblemError, UnreachableError } from '../errors.js';

/** How often and how far apart. */
export interface RetryPolicy {
  /** Most attempts in all, the first among them; 1 tries once. */
  readonly attempts: number;
  /** Longest wait before the second attempt; doubled before each further one. */
  readonly firstDelayMs: number;
  /** Longest wait ever, also of one that the gateway asks for. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstDelayMs: 200, maxDelayMs: 5_000 };

/** Time and chance, which tests set. */
export interface Ports {
  /** Unix milliseconds. */
  now: () => number;
  /** From 0 to below 1. */
  random: () => number;
  /** Rejects with the signal's reason when it is aborted. */
  wait: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export const SYSTEM_PORTS: Ports = {
  now: () => Date.now(),
  random: () => Math.random(),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', give);
        resolve();
      }, ms);
      if (signal?.aborted) give();
      else signal?.addEventListener('abort', give, { once: true });
    }),
};

/** Nobody answered, or the gateway said that it passes. */
export function isTemporary(error: unknown): error is UnreachableError | ProblemError {
  return error instanceof UnreachableError || (error instanceof ProblemError && error.isTemporary);
}

/** The wait after so many failed attempts: any time up to the bound, so that many clients do not come back at once; not before the gateway asks. */
export function delayMs(policy: RetryPolicy, failed: number, random: number, retryAfterMs = 0): number {
  const bound = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (failed - 1));
  return Math.min(policy.maxDelayMs, retryAfterMs + random * bound);
}

/** Calls until it succeeds, fails for good, or was tried often enough; throws the last failure. */
export async function retrying<Answer>(
  policy: RetryPolicy,
  ports: Ports,
  call: () => Promise<Answer>,
  signal?: AbortSignal,
): Promise<Answer> {
  for (let failed = 1; ; failed += 1) {
    try {
      return await call();
    } catch (error) {
      if (failed >= policy.attempts || !isTemporary(error)) throw error;
      await ports.wait(delayMs(policy, failed, ports.random(), retryAfterOf(error)), signal);
    }
  }
}

export function retryAfterOf(error: unknown): number | undefined {
  return error instanceof ProblemError ? error.retryAfterMs : undefined;
}
