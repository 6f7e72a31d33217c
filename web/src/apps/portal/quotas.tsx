/** How much is accepted of organizations and sources, and what they have used today. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Quota, Quotas } from '../../api/types';
import { DataTable, type Cell } from '../../components/DataTable';
import { TextInput } from '../../components/fields';
import { formatMoment } from '../../components/format';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage, type Translate } from '../../i18n/language';
import { ChangeButton } from './change';
import type { Watch } from './portal';

/** A field of the form: empty bounds nothing. `undefined`: it is no whole number. */
export function boundOf(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  if (!/^\d{1,15}$/.test(text.trim())) return undefined;
  return Number(text.trim());
}

export function QuotasPage({ watch }: { watch: Watch }): ReactNode {
  const { t } = useLanguage();
  const quotas = useLoaded(() => watch.account.run((session) => api.quotas(session)), 'quotas');
  return (
    <>
      <PageHead title={t('portal.nav.quotas')} lead={t('quotas.lead')} />
      <Await of={quotas}>
        {(found) => (
          <>
            <Settings watch={watch} quotas={found} reload={quotas.reload} />
            <Usage quotas={found} />
          </>
        )}
      </Await>
      {watch.account.has('operator') && <NewQuota watch={watch} reload={quotas.reload} />}
    </>
  );
}

export function boundsText(quota: Quota | undefined, t: Translate): string {
  const bounds = [
    quota?.operationsPerDay !== undefined && t('quotas.operationsPerDay.of', { count: quota.operationsPerDay }),
    quota?.bytesPerDay !== undefined && t('quotas.bytesPerDay.of', { count: quota.bytesPerDay }),
    quota?.operationsPerMinute !== undefined && t('quotas.operationsPerMinute.of', { count: quota.operationsPerMinute }),
  ].filter((bound) => bound !== false);
  return bounds.length === 0 ? t('quotas.unbounded') : bounds.join(', ');
}

function Settings(props: { watch: Watch; quotas: Quotas; reload: () => void }): ReactNode {
  const { t, language } = useLanguage();
  const { watch, quotas } = props;
  return (
    <section className="stack" aria-labelledby="settings">
      <h2 id="settings">{t('quotas.settings')}</h2>
      {quotas.settings.length === 0 ? (
        <Empty title={t('quotas.none')} />
      ) : (
        <ul className="cards">
          {quotas.settings.map((setting) => (
            <li key={setting.subject} className="card stack" data-subject={setting.subject}>
              <h3>
                <code className="wrap">{setting.subject}</code>
              </h3>
              <p>{boundsText(setting.quota, t)}</p>
              <p className="muted">
                {formatMoment(new Date(setting.atMs).toISOString(), language)}
                {setting.recorded && ` · ${t('provenance.block')} ${setting.recorded.blockNumber}`}
              </p>
              {watch.account.has('operator') && (
                <ChangeButton
                  label={t('quotas.remove')}
                  about={setting.subject}
                  ask={(check) => watch.account.run((session) => api.removeQuota(session, setting.subject, check))}
                  onDone={props.reload}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Usage({ quotas }: { quotas: Quotas }): ReactNode {
  const { t } = useLanguage();
  const rows: Cell[][] = quotas.usage.map((one) => [
    one.subject,
    one.operations,
    one.bytes,
    one.minuteOperations,
    one.usedUp.length > 0 ? t('quotas.usedUp') : boundsText(one.quota, t),
  ]);
  return (
    <div className="stack">
      <h2>{t('quotas.usage')}</h2>
      {rows.length === 0 ? (
        <Empty title={t('chart.nothing')} />
      ) : (
        <DataTable
          label={t('quotas.usage')}
          columns={[
            { label: t('quotas.subject') },
            { label: t('quotas.operations'), number: true },
            { label: t('quotas.bytes'), number: true },
            { label: t('quotas.minute'), number: true },
            { label: t('quotas.bound') },
          ]}
          rows={rows}
        />
      )}
      {quotas.leftOff > 0 && <p className="muted">{t('quotas.leftOff', { count: quotas.leftOff })}</p>}
    </div>
  );
}

function NewQuota({ watch, reload }: { watch: Watch; reload: () => void }): ReactNode {
  const { t } = useLanguage();
  const [subject, setSubject] = useState('sources');
  const [operations, setOperations] = useState('');
  const [bytes, setBytes] = useState('');
  const [minute, setMinute] = useState('');
  const [operationsPerDay, bytesPerDay, operationsPerMinute] = [operations, bytes, minute].map(boundOf);
  const wrong = (bound: number | null | undefined): string | undefined => (bound === undefined ? t('quotas.wrong') : undefined);
  const isRight = ![operationsPerDay, bytesPerDay, operationsPerMinute].includes(undefined) && subject.trim() !== '';
  const quota: Quota = {
    ...(typeof operationsPerDay === 'number' && { operationsPerDay }),
    ...(typeof bytesPerDay === 'number' && { bytesPerDay }),
    ...(typeof operationsPerMinute === 'number' && { operationsPerMinute }),
  };
  const field = { required: false, inputMode: 'numeric' } as const;
  return (
    <section className="card stack" aria-labelledby="new-quota">
      <h2 id="new-quota">{t('quotas.set')}</h2>
      <TextInput label={t('quotas.subject')} hint={t('quotas.subject.hint')} value={subject} onChange={setSubject} mono maxLength={80} />
      <TextInput {...field} label={t('quotas.operationsPerDay')} value={operations} onChange={setOperations} error={wrong(operationsPerDay)} />
      <TextInput {...field} label={t('quotas.bytesPerDay')} value={bytes} onChange={setBytes} error={wrong(bytesPerDay)} />
      <TextInput {...field} label={t('quotas.operationsPerMinute')} value={minute} onChange={setMinute} error={wrong(operationsPerMinute)} />
      {isRight && (
        <ChangeButton
          key={`${subject} ${operations} ${bytes} ${minute}`}
          label={t('quotas.check')}
          about={subject}
          ask={(check) => watch.account.run((session) => api.setQuota(session, subject.trim(), quota, check))}
          onDone={reload}
        />
      )}
    </section>
  );
}
