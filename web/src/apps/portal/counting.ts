/** Numbers of a report as a chart needs them: groups along the axis, one value for each series. */

/** Days of a chart at most: what is longer is shown by its tables alone. */
export const MAX_CHART_DAYS = 366;
/** Series that can be told apart; what is beyond goes into one more. */
export const MAX_SERIES = 5;
const DAY_MS = 86_400_000;

export interface Row {
  /** Where on the axis. */
  group: string;
  /** Which series. */
  series: string;
  count: number;
}

export interface ChartData {
  groups: string[];
  series: string[];
  /** By group, then by series. */
  values: number[][];
}

/** The key of the series into which the smaller ones go. */
export const OTHERS = '';

/** Every day that a period touches, `YYYY-MM-DD`, oldest first. `to` is the first moment after it. */
export function daysOf(from: string, to: string): string[] {
  const first = Math.floor(Date.parse(from) / DAY_MS);
  const end = Math.ceil(Date.parse(to) / DAY_MS);
  if (!Number.isFinite(first) || !Number.isFinite(end)) return [];
  const count = Math.min(Math.max(end - first, 0), MAX_CHART_DAYS);
  return Array.from({ length: count }, (_, at) => new Date((first + at) * DAY_MS).toISOString().slice(0, 10));
}

/**
 * Adds rows up. `groups` says which stand on the axis, also those with nothing; without it they are those of the rows. `order` says the order of series;
 * without it the largest comes first, and what is beyond `MAX_SERIES` is added up under `OTHERS`.
 */
export function counted(rows: Row[], options: { groups?: string[]; order?: readonly string[] } = {}): ChartData {
  const groups = options.groups ?? [...new Set(rows.map((row) => row.group))];
  const shown = rows.filter((row) => groups.includes(row.group));
  const totals = totalsBy(shown, (row) => row.series);
  const ranked = options.order
    ? options.order.filter((key) => totals.has(key))
    : [...totals.keys()].sort((left, right) => (totals.get(right) ?? 0) - (totals.get(left) ?? 0) || left.localeCompare(right));
  const isMany = !options.order && ranked.length > MAX_SERIES;
  const series = isMany ? [...ranked.slice(0, MAX_SERIES - 1), OTHERS] : ranked;
  const values = groups.map(() => series.map(() => 0));
  for (const row of shown) {
    const place = series.indexOf(row.series);
    const at = place >= 0 ? place : series.indexOf(OTHERS);
    const group = values[groups.indexOf(row.group)];
    if (group && at >= 0) group[at] = (group[at] ?? 0) + row.count;
  }
  return { groups, series, values };
}

export function totalsBy<Item extends { count: number }>(items: Item[], key: (item: Item) => string): Map<string, number> {
  const totals = new Map<string, number>();
  for (const item of items) totals.set(key(item), (totals.get(key(item)) ?? 0) + item.count);
  return totals;
}

export function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
