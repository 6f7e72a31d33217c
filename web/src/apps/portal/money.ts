/** Money in hundredths, as it is written: the same in every language, so that files can be compared. */
import type { Price } from '../../api/types';

/** As the gateway bounds it. */
const MAX_AMOUNT = 1_000_000_000;

export function money({ amount, currency }: Price): string {
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')} ${currency}`.trim();
}

/** What somebody has written, in hundredths; `undefined`: it is no amount. */
export function amountOf(text: string): number | undefined {
  const parts = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!parts) return undefined;
  const amount = Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'));
  return amount <= MAX_AMOUNT ? amount : undefined;
}

/** ISO 4217. */
export function isCurrency(text: string): boolean {
  return /^[A-Z]{3}$/.test(text);
}
