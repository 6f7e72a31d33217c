/** What inspectors owe for a period: each recorded inspection at the price of its time (C-FEE). */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import type { Period } from './period';
import type { Watch } from './portal';
import { Sheet } from './sheet';
import { billTables } from './tables';

export function BillPreview({ watch, period }: { watch: Watch; period: Period }): ReactNode {
  const { t } = useLanguage();
  const bill = useLoaded(() => watch.account.run((session) => api.bill(session, { ...period })), `${period.from} ${period.to}`);
  return (
    <Await of={bill}>
      {(value) => (
        <Sheet title={t('fees.bill')} name="chancery-bill" period={period} tables={billTables(value, t)} whole={value}>
          <p>{t('fees.citizens')}</p>
          {value.unreachable.length > 0 && (
            <Notice tone="warning">
              <p>{t('portal.report.incomplete', { chains: value.unreachable.join(', ') })}</p>
            </Notice>
          )}
        </Sheet>
      )}
    </Await>
  );
}
