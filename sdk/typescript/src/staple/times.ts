import type { FinalHeader } from '../light/header.js';

const MS_PER_SECOND = 1000n;

/** A block's time as contracts know it: Unix seconds. */
export function secondsOf(header: FinalHeader): number {
  return Number(header.timeMs / MS_PER_SECOND);
}
