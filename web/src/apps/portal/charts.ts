/** The pictures of a report. */
import type { ActivityReport } from '../../api/types';
import type { ChartProps } from '../../components/Chart';
import type { TextKey, Translate } from '../../i18n/language';
import { counted, daysOf, OTHERS, type ChartData, type Row } from './counting';
import { CHANGE_TEXT, CHANGES, OUTCOME_TEXT, OUTCOMES, SHARING, SHARING_TEXT, STANDING_TEXT, STANDINGS } from './words';

/** Characters of an address that are shown at each end. */
const SHOWN_CHARACTERS = 6;

export function chartsOf(report: ActivityReport, t: Translate, kindTitle: (kind: string) => string): ChartProps[] {
  const days = daysOf(report.from, report.to);
  const word = (texts: Record<string, TextKey>) => (key: string) => {
    const text = texts[key];
    return text === undefined ? key : t(text);
  };
  const chart = (title: TextKey, axis: TextKey, data: ChartData, name: (series: string) => string): ChartProps => ({
    title: t(title),
    axis: t(axis),
    groups: data.groups,
    series: data.series.map((series) => (series === OTHERS ? t('portal.others') : name(series))),
    values: data.values,
  });
  const byDay = (rows: Row[], order?: readonly string[]): ChartData => counted(rows, { groups: days, ...(order && { order }) });
  const operations = (key: 'format' | 'source'): ChartData =>
    byDay(report.operations.map((one) => ({ group: one.day, series: one[key], count: one.count })));
  const standing = counted(
    report.standing.map((one) => ({ group: kindTitle(one.kind), series: one.standing, count: one.count })),
    { order: STANDINGS },
  );
  const inspections = report.inspections.map((one) => ({ group: one.day, series: one.outcome, count: one.count }));
  const changes = report.certificates.map((one) => ({ group: one.day, series: one.change, count: one.count }));
  const sharing = report.sharing.map((one) => ({ group: one.day, series: one.event, count: one.count }));
  return [
    chart('portal.chart.formats', 'portal.day', operations('format'), (format) => format),
    chart('portal.chart.sources', 'portal.day', operations('source'), shortened),
    chart('portal.chart.standing', 'portal.kind', standing, word(STANDING_TEXT)),
    chart('portal.chart.changes', 'portal.day', byDay(changes, CHANGES), word(CHANGE_TEXT)),
    chart('portal.chart.inspections', 'portal.day', byDay(inspections, OUTCOMES), word(OUTCOME_TEXT)),
    chart('portal.chart.sharing', 'portal.day', byDay(sharing, SHARING), word(SHARING_TEXT)),
  ];
}

function shortened(address: string): string {
  return `${address.slice(0, SHOWN_CHARACTERS + 2)}…${address.slice(-SHOWN_CHARACTERS)}`;
}
