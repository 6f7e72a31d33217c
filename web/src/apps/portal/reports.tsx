/** Reports of a period: looked at here, printed, or taken as files. */
import { useState, type ReactNode } from 'react';
import { Button } from '../../components/Button';
import { SelectInput, TextInput } from '../../components/fields';
import { PageHead } from '../../components/Shell';
import { useLanguage } from '../../i18n/language';
import type { Watch } from './portal';
import { lastDays, periodOf, type Period } from './period';
import { AuditPreview } from './report-audit';
import { BillPreview } from './report-bill';
import { UsagePreview } from './report-usage';

const KINDS = ['usage', 'audit', 'bill'] as const;
type Kind = (typeof KINDS)[number];

export function Reports({ watch }: { watch: Watch }): ReactNode {
  const { t } = useLanguage();
  const [from, setFrom] = useState(() => lastDays(30, Date.now()).from.slice(0, 10));
  const [until, setUntil] = useState(() => new Date().toISOString().slice(0, 10));
  const [kind, setKind] = useState<Kind>('usage');
  const [asked, setAsked] = useState<{ kind: Kind; period: Period }>();
  const period = periodOf(from, until);
  // The audit recomputes what is stored, and a bill names inspectors: both are for supervisors.
  const kinds: readonly Kind[] = watch.account.has('supervisor') ? KINDS : ['usage'];
  const labels: Record<Kind, string> = { usage: t('portal.report.usage'), audit: t('portal.report.audit'), bill: t('fees.bill') };
  return (
    <>
      <PageHead title={t('portal.nav.reports')} lead={t('portal.reports.lead')} />
      <form
        className="card stack no-print report-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (period) setAsked({ kind, period });
        }}
      >
        <TextInput label={t('portal.from')} type="date" value={from} onChange={setFrom} />
        <TextInput
          label={t('portal.until')}
          type="date"
          value={until}
          onChange={setUntil}
          error={period === undefined ? t('portal.period.wrong') : undefined}
        />
        <SelectInput
          label={t('portal.report.kind')}
          value={kind}
          onChange={(value) => setKind(kinds.find((one) => one === value) ?? 'usage')}
          options={kinds.map((value) => ({ value, label: labels[value] }))}
        />
        <Button type="submit" variant="primary" isDisabled={period === undefined}>
          {t('portal.report.make')}
        </Button>
      </form>
      {asked?.kind === 'usage' && <UsagePreview key={keyOf(asked.period)} watch={watch} period={asked.period} />}
      {asked?.kind === 'bill' && <BillPreview key={keyOf(asked.period)} watch={watch} period={asked.period} />}
      {asked?.kind === 'audit' && <AuditPreview key={keyOf(asked.period)} watch={watch} period={asked.period} />}
    </>
  );
}

function keyOf(period: Period): string {
  return `${period.from} ${period.to}`;
}
