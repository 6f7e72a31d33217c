/** What the city does, as pictures: each of them with its numbers as a table. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { ActivityReport } from '../../api/types';
import { Chart } from '../../components/Chart';
import { SelectInput } from '../../components/fields';
import { formatNumber } from '../../components/format';
import { useKindTitle } from '../../components/kind';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { useLoaded, type Loaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import { alertsOf } from './alerts';
import { ChainStates } from './chains';
import { chartsOf } from './charts';
import { sum } from './counting';
import { lastDays } from './period';
import type { Watch } from './portal';

/** The state of the chains is asked for this often while somebody looks at it, what is counted less often. */
const REFRESH_MS = 10_000;
const REPORT_REFRESH_MS = 120_000;
const PERIODS = ['7', '30', '90'] as const;

export function Overview({ watch }: { watch: Watch }): ReactNode {
  const { t } = useLanguage();
  const { account } = watch;
  const [days, setDays] = useState<string>('30');
  const report = useLoaded(
    () => account.run((session) => api.activityReport(session, lastDays(Number(days), Date.now()))),
    `${account.address} ${days}`,
    REPORT_REFRESH_MS,
  );
  return (
    <>
      <PageHead title={t('portal.nav.overview')} lead={t('portal.overview.lead')} />
      <CityState watch={watch} report={report} />
      <section className="stack" aria-labelledby="pictures">
        <div className="page-head__row">
          <h2 id="pictures">{t('portal.pictures')}</h2>
          <SelectInput
            label={t('portal.period')}
            value={days}
            onChange={setDays}
            options={PERIODS.map((value) => ({ value, label: t('portal.lastDays', { days: value }) }))}
          />
        </div>
        <Await of={report}>{(value) => <Pictures watch={watch} report={value} />}</Await>
      </section>
    </>
  );
}

/** Alerts, and each chain with whoever runs it. */
function CityState({ watch, report }: { watch: Watch; report: Loaded<ActivityReport> }): ReactNode {
  const { t, optional } = useLanguage();
  const chains = useLoaded(() => api.chains(), 'chains', REFRESH_MS);
  const health = useLoaded(() => api.health(), 'health', REFRESH_MS);
  const quotas = useLoaded(() => watch.account.run((session) => api.quotas(session)), 'quotas', REPORT_REFRESH_MS);
  const chainName = (name: string): string => optional(`chain.${name}`) ?? name;
  const known = { chains: chains.value?.chains ?? [], health: health.value, report: report.value, quotas: quotas.value };
  const alerts = alertsOf(known, t, chainName);
  return (
    <>
      <section className="stack" aria-labelledby="alerts">
        <h2 id="alerts">{t('portal.alerts')}</h2>
        {alerts.length === 0 && chains.value !== undefined && (
          <Notice tone="success" live="status">
            <p>{t('portal.alerts.none')}</p>
          </Notice>
        )}
        {alerts.length > 0 && (
          <ul className="stack">
            {alerts.map((alert) => (
              <li key={alert.key}>
                <Notice tone={alert.tone}>
                  <p>{alert.text}</p>
                </Notice>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section className="stack" aria-labelledby="chains">
        <h2 id="chains">{t('start.chains.title')}</h2>
        <Await of={chains}>{(value) => <ChainStates chains={value.chains} chainName={chainName} />}</Await>
      </section>
    </>
  );
}

function Pictures({ watch, report }: { watch: Watch; report: ActivityReport }): ReactNode {
  const { t, language } = useLanguage();
  const kindTitle = useKindTitle(watch.city.kinds);
  const facts: [string, number][] = [
    [t('portal.operations'), sum(report.operations.map((one) => one.count))],
    [t('portal.certificates.all'), sum(report.standing.map((one) => one.count))],
    [t('portal.inspections'), sum(report.inspections.map((one) => one.count))],
    [t('portal.resources'), report.resources],
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([label, value]) => (
          <div key={label} className="card fact">
            <dt>{label}</dt>
            <dd>{formatNumber(value, language)}</dd>
          </div>
        ))}
      </dl>
      <div className="charts">
        {chartsOf(report, t, kindTitle).map((chart) => (
          <Chart key={chart.title} {...chart} />
        ))}
      </div>
    </>
  );
}
