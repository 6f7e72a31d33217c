/** What inspections cost, and since when. An operator sets it; what is recorded already keeps its price. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Price, PriceSetting } from '../../api/types';
import { DataTable, type Cell } from '../../components/DataTable';
import { TextInput } from '../../components/fields';
import { formatMoment } from '../../components/format';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage, type Translate } from '../../i18n/language';
import { ChangeButton } from './change';
import { amountOf, isCurrency, money } from './money';
import type { Watch } from './portal';

export function FeesPage({ watch }: { watch: Watch }): ReactNode {
  const { t } = useLanguage();
  const prices = useLoaded(() => api.prices(), 'prices');
  return (
    <>
      <PageHead title={t('portal.nav.fees')} lead={t('fees.lead')} />
      <Await of={prices}>
        {(found) => (
          <>
            <InForce watch={watch} prices={found.prices} reload={prices.reload} />
            {found.changes.length > 0 && <Changes changes={found.changes} />}
          </>
        )}
      </Await>
      {watch.account.has('operator') && <NewPrice watch={watch} reload={prices.reload} />}
    </>
  );
}

/** What an inspection costs, and checks by machine where they cost anything. */
function costs(price: Price, t: Translate): string {
  const of = (amount: number): string => money({ amount, currency: price.currency });
  const parts = [t('fees.each', { price: money(price) })];
  if (price.checkAmount !== undefined) parts.push(t('fees.each.check', { price: of(price.checkAmount) }));
  if (price.mebibyteAmount !== undefined) parts.push(t('fees.each.mebibyte', { price: of(price.mebibyteAmount) }));
  return parts.join(', ');
}

function InForce(props: { watch: Watch; prices: PriceSetting[]; reload: () => void }): ReactNode {
  const { t, language } = useLanguage();
  const { watch, prices } = props;
  return (
    <section className="stack" aria-labelledby="prices">
      <h2 id="prices">{t('fees.prices')}</h2>
      {prices.length === 0 ? (
        <Empty title={t('fees.none')} />
      ) : (
        <ul className="cards">
          {prices.map((setting) => (
            <li key={setting.subject} className="card stack" data-subject={setting.subject}>
              <h3>
                <code className="wrap">{setting.subject}</code>
              </h3>
              <p>{setting.price === undefined ? t('fees.free') : costs(setting.price, t)}</p>
              <p className="muted">{t('fees.since', { time: formatMoment(setting.at, language) })}</p>
              {watch.account.has('operator') && (
                <ChangeButton
                  label={t('fees.remove')}
                  about={setting.subject}
                  ask={(check) => watch.account.run((session) => api.setPrice(session, setting.subject, null, check))}
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

function Changes({ changes }: { changes: PriceSetting[] }): ReactNode {
  const { t, language } = useLanguage();
  const rows: Cell[][] = changes.map((change) => [
    formatMoment(change.at, language),
    change.subject,
    change.price === undefined ? t('fees.removed') : costs(change.price, t),
    change.by,
  ]);
  return (
    <div className="stack">
      <h2>{t('fees.changes')}</h2>
      <DataTable
        label={t('fees.changes')}
        columns={[{ label: t('portal.time') }, { label: t('quotas.subject') }, { label: t('fees.price') }, { label: t('portal.by') }]}
        rows={rows}
      />
    </div>
  );
}

/** Whether it may be sent: nothing, or an amount. */
function isOptional(written: string): boolean {
  return written.trim() === '' || amountOf(written) !== undefined;
}

function NewPrice({ watch, reload }: { watch: Watch; reload: () => void }): ReactNode {
  const { t } = useLanguage();
  const [subject, setSubject] = useState('organizations');
  const [written, setWritten] = useState('');
  const [ofCheck, setOfCheck] = useState('');
  const [ofMebibyte, setOfMebibyte] = useState('');
  const [currency, setCurrency] = useState('CNY');
  const amount = amountOf(written);
  const [checkAmount, mebibyteAmount] = [amountOf(ofCheck), amountOf(ofMebibyte)];
  const checks = { ...(checkAmount !== undefined && { checkAmount }), ...(mebibyteAmount !== undefined && { mebibyteAmount }) };
  const isRight = amount !== undefined && isOptional(ofCheck) && isOptional(ofMebibyte) && isCurrency(currency) && subject.trim() !== '';
  return (
    <section className="card stack" aria-labelledby="new-price">
      <h2 id="new-price">{t('fees.set')}</h2>
      <TextInput label={t('quotas.subject')} hint={t('fees.subject.hint')} value={subject} onChange={setSubject} mono maxLength={80} />
      <TextInput
        label={t('fees.price')}
        hint={t('fees.price.hint')}
        value={written}
        onChange={setWritten}
        inputMode="decimal"
        error={written !== '' && amount === undefined ? t('fees.price.wrong') : undefined}
      />
      <TextInput
        label={t('fees.check')}
        hint={t('fees.check.hint')}
        value={ofCheck}
        onChange={setOfCheck}
        inputMode="decimal"
        error={isOptional(ofCheck) ? undefined : t('fees.price.wrong')}
      />
      <TextInput
        label={t('fees.mebibyte')}
        hint={t('fees.mebibyte.hint')}
        value={ofMebibyte}
        onChange={setOfMebibyte}
        inputMode="decimal"
        error={isOptional(ofMebibyte) ? undefined : t('fees.price.wrong')}
      />
      <TextInput
        label={t('fees.currency')}
        value={currency}
        onChange={setCurrency}
        maxLength={3}
        error={isCurrency(currency) ? undefined : t('fees.currency.wrong')}
      />
      {isRight && (
        <ChangeButton
          key={`${subject} ${amount} ${currency} ${ofCheck} ${ofMebibyte}`}
          label={t('quotas.check')}
          about={subject}
          ask={(check) => watch.account.run((session) => api.setPrice(session, subject.trim(), { amount, currency, ...checks }, check))}
          onDone={reload}
        />
      )}
    </section>
  );
}
