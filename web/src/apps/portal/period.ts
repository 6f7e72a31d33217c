/** Periods of whole days, UTC. */

export interface Period {
  /** RFC 3339: the first moment. */
  from: string;
  /** The first moment after it. */
  to: string;
}

const DAY_MS = 86_400_000;
/** As the gateway bounds it. */
export const MAX_DAYS = 366;

function moment(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** Whole days that end with today. */
export function lastDays(count: number, now: number): Period {
  const end = Math.floor(now / DAY_MS) * DAY_MS + DAY_MS;
  return { from: moment(end - count * DAY_MS), to: moment(end) };
}

/** From the first to the last day, `YYYY-MM-DD`, both included; `undefined` for what is no period that the gateway takes. */
export function periodOf(first: string, last: string): Period | undefined {
  const isDay = /^\d{4}-\d{2}-\d{2}$/;
  if (!isDay.test(first) || !isDay.test(last)) return undefined;
  const [from, to] = [Date.parse(`${first}T00:00:00Z`), Date.parse(`${last}T00:00:00Z`) + DAY_MS];
  if (!Number.isFinite(from) || !Number.isFinite(to) || from >= to || to - from > MAX_DAYS * DAY_MS) return undefined;
  return { from: moment(from), to: moment(to) };
}
