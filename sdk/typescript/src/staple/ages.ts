/** How old something is: the only use of the verifier's clock (STAPLE-7, STAPLE-8). */
import { require } from './failure.js';

/** How far a block's time, or a holder's, may be ahead of the verifier's clock. */
export const MAX_CLOCK_SKEW_SECONDS = 60;

/** What whoever verifies accepts. */
export interface Policy {
  /** Its clock, Unix seconds. */
  readonly now: number;
  /** The oldest proof on which it decides; without it any, its age being shown. */
  readonly maxAgeSeconds?: number;
}

/** What is ahead within the skew has no age. */
export function ageOf(at: number, { now }: Policy): number {
  return Math.max(0, now - at);
}

/** A time that lies ahead by more than clocks differ would never grow old. @throws StapleFailure with `time-not-ahead` */
export function checkNotAhead(what: string, at: number, { now }: Policy): void {
  require('time-not-ahead', at - now <= MAX_CLOCK_SKEW_SECONDS, `${what} is ${at - now} s ahead of the clock here: check the clock`);
}
