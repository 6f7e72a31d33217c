/** The inspections that this inspector has recorded. */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import { Button } from '../../components/Button';
import { formatMoment } from '../../components/format';
import { UserRound } from '../../components/icons';
import { KindIcon, useKindTitle } from '../../components/kind';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { StatusBadge } from '../../components/StatusBadge';
import { useLoaded } from '../../components/use-loaded';
import { go } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import type { Account } from '../../session/account';
import type { City } from '../../session/use-city';

export function Records({ city, account }: { city: City; account: Account | undefined }): ReactNode {
  const { t } = useLanguage();
  return (
    <>
      <PageHead title={t('inspect.nav.records')} lead={t('records.lead')} />
      {account?.has('inspector') ? (
        <List city={city} account={account} />
      ) : (
        <Empty title={t('records.signIn')}>
          <Button variant="primary" icon={UserRound} onPress={() => go('sign-in')}>
            {t('inspect.signIn.action')}
          </Button>
        </Empty>
      )}
    </>
  );
}

function List({ city, account }: { city: City; account: Account }): ReactNode {
  const { t, language } = useLanguage();
  const kindTitle = useKindTitle(city.kinds);
  const records = useLoaded(() => account.run((session) => api.inspections(session)), account.address);
  return (
    <Await of={records}>
      {(list) =>
        list.length === 0 ? (
          <Empty title={t('records.none')} />
        ) : (
          <ul className="cards">
            {list.map((record) => {
              return (
                <li key={record.txHash} className="certificate-card">
                  <KindIcon kind={record.kind} />
                  <div className="certificate-card__body">
                    <p className="certificate-card__title">{kindTitle(record.kind)}</p>
                    <p className="muted small">
                      {formatMoment(record.inspectedAt, language)} · {t('provenance.block')} {record.blockNumber}
                    </p>
                  </div>
                  <StatusBadge standing={record.outcome} />
                </li>
              );
            })}
          </ul>
        )
      }
    </Await>
  );
}
