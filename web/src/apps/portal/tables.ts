/** The tables of a report: what the page shows, prints and gives as files. */
import type { ActivityReport, Bill, DataAudit, HistoryEvent } from '../../api/types';
import type { Translate } from '../../i18n/language';
import type { Table } from './csv';
import { money } from './money';
import { CHANGE_TEXT, EVENT_TEXT, OUTCOME_TEXT, SHARING_TEXT, STANDING_TEXT } from './words';

/** Events of an audit that are shown one by one: the newest. Files have all that were read. */
export const MAX_SHOWN_EVENTS = 200;

export function usageTables(report: ActivityReport, t: Translate, kindTitle: (kind: string) => string): Table[] {
  const count = { label: t('portal.count'), number: true };
  const day = { label: t('portal.day') };
  const kind = { label: t('portal.kind') };
  return [
    {
      id: 'operations',
      title: t('portal.operations'),
      columns: [day, { label: t('portal.format') }, { label: t('portal.source') }, count],
      rows: report.operations.map((one) => [one.day, one.format, one.source, one.count]),
    },
    {
      id: 'certificates',
      title: t('portal.certificates'),
      columns: [day, kind, { label: t('portal.change') }, count],
      rows: report.certificates.map((one) => [one.day, kindTitle(one.kind), t(CHANGE_TEXT[one.change]), one.count]),
    },
    {
      id: 'standing',
      title: t('portal.standing'),
      columns: [kind, { label: t('portal.state') }, count],
      rows: report.standing.map((one) => [kindTitle(one.kind), t(STANDING_TEXT[one.standing]), one.count]),
    },
    {
      id: 'inspections',
      title: t('portal.inspections'),
      columns: [day, kind, { label: t('portal.outcome') }, count],
      rows: report.inspections.map((one) => [one.day, kindTitle(one.kind), t(OUTCOME_TEXT[one.outcome]), one.count]),
    },
    {
      id: 'inspectors',
      title: t('portal.inspectors'),
      columns: [{ label: t('portal.inspector') }, { label: t('portal.organization') }, count],
      rows: report.inspectors.map((one) => [one.inspector, one.organization, one.count]),
    },
    {
      id: 'sharing',
      title: t('portal.sharing'),
      columns: [day, { label: t('portal.resource') }, { label: t('portal.change') }, count],
      rows: report.sharing.map((one) => [one.day, one.resource, t(SHARING_TEXT[one.event]), one.count]),
    },
  ];
}

/** What each inspector owes, price by price, and the sums (C-FEE). */
export function billTables(bill: Bill, t: Translate): Table[] {
  return [
    {
      id: 'lines',
      title: t('fees.lines'),
      columns: [
        { label: t('portal.inspector') },
        { label: t('portal.organization') },
        { label: t('fees.from') },
        { label: t('fees.to') },
        { label: t('portal.count'), number: true },
        { label: t('fees.price'), number: true },
        { label: t('fees.amount'), number: true },
      ],
      rows: bill.lines.map((line) => [
        line.inspector,
        line.organization,
        line.from,
        line.to,
        line.count,
        line.price === undefined ? t('fees.free') : money(line.price),
        money({ amount: line.amount, currency: line.price?.currency ?? '' }),
      ]),
    },
    {
      id: 'totals',
      title: t('fees.totals'),
      columns: [{ label: t('fees.currency') }, { label: t('fees.amount'), number: true }],
      rows: bill.totals.map((total) => [total.currency, money({ amount: total.amount, currency: '' })]),
    },
    {
      id: 'checks',
      title: t('fees.checks'),
      columns: [
        { label: t('portal.inspector') },
        { label: t('portal.organization') },
        { label: t('fees.from') },
        { label: t('fees.to') },
        { label: t('portal.count'), number: true },
        { label: t('fees.bytes'), number: true },
        { label: t('fees.amount'), number: true },
      ],
      rows: bill.checks.map((line) => [
        line.inspector,
        line.organization,
        line.from,
        line.to,
        line.count,
        line.bytes,
        money({ amount: line.amount, currency: line.price?.currency ?? '' }),
      ]),
    },
  ];
}

/** What an audit of a period found: the recomputed journal, and what happened by kind of event. */
export interface Audit {
  data: DataAudit;
  events: HistoryEvent[];
  /** There are older ones, which were not read. */
  more: boolean;
}

/** Events whose proof failed: evidence of tampering, or a bug. */
export function failedOf(events: HistoryEvent[]): HistoryEvent[] {
  return events.filter((event) => event.verified?.result === 'failed');
}

export function auditTables({ data, events }: Audit, t: Translate): Table[] {
  const counts = new Map<string, { verified: number; journal: number; failed: number }>();
  for (const event of events) {
    const one = counts.get(event.type) ?? { verified: 0, journal: 0, failed: 0 };
    if (event.verified === undefined) one.journal += 1;
    else if (event.verified.result === 'failed') one.failed += 1;
    else one.verified += 1;
    counts.set(event.type, one);
  }
  const eventColumns = [
    { label: t('portal.time') },
    { label: t('portal.event') },
    { label: t('portal.name') },
    { label: t('portal.subject') },
    { label: t('portal.by') },
    { label: t('portal.proof') },
    { label: t('portal.right') },
  ];
  return [
    {
      id: 'recomputed',
      title: t('portal.audit.data'),
      columns: [{ label: t('portal.what') }, { label: t('portal.count'), number: true }],
      rows: [
        [t('portal.audit.submissions'), data.submissions],
        [t('portal.audit.operations'), data.operations],
        [t('portal.audit.blocks'), data.blocks],
        [t('portal.audit.disorder'), data.sequence.length],
        [t('portal.audit.differences'), data.difference === null ? 0 : 1],
      ],
    },
    {
      id: 'events',
      title: t('portal.audit.events'),
      columns: [
        { label: t('portal.event') },
        { label: t('portal.audit.verified'), number: true },
        { label: t('portal.audit.journal'), number: true },
        { label: t('portal.audit.failed'), number: true },
      ],
      rows: [...counts].map(([type, one]) => [typeText(type, t), one.verified, one.journal, one.failed]),
    },
    { id: 'happened', title: t('portal.audit.list'), columns: eventColumns, rows: events.map((event) => eventRow(event, t)) },
  ];
}

function typeText(type: string, t: Translate): string {
  return type in EVENT_TEXT ? t(EVENT_TEXT[type as keyof typeof EVENT_TEXT]) : type;
}

function eventRow(event: HistoryEvent, t: Translate): string[] {
  const proof = { verified: t('portal.proof.verified'), unproven: t('portal.proof.unproven'), failed: t('portal.proof.failed') };
  return [
    event.time,
    typeText(event.type, t),
    event.name,
    event.subject,
    event.by ?? t('portal.public'),
    event.verified === undefined ? t('portal.proof.journal') : proof[event.verified.result],
    event.right ?? '',
  ];
}
