/** Who has signed for each member, who badly, and who has not. */
import type { ReactNode } from 'react';
import type { AllianceParty, FaultyEndorsement } from '../../api/types';
import { Details } from '../../components/Details';
import { useLanguage } from '../../i18n/language';

export function Endorsers({ parties }: { parties: AllianceParty[] }): ReactNode {
  const { t } = useLanguage();
  if (parties.length === 0) return <p>{t('alliance.partiesUnknown')}</p>;
  return (
    <div className="cards cards--wide">
      {parties.map((party) => (
        <section key={party.member} className="card" aria-label={party.member} data-endorsers={party.member}>
          <h3>{party.member}</h3>
          <Endorsing party={party} />
        </section>
      ))}
    </div>
  );
}

function Endorsing({ party }: { party: AllianceParty }): ReactNode {
  const { t } = useLanguage();
  const { endorsing } = party;
  const none = t('alliance.nobody');
  const names = (list: string[]): string => (list.length === 0 ? none : list.join(t('alliance.and')));
  const rows: [string, ReactNode][] = [
    [t('alliance.endorsed'), endorsing.seen ? names(endorsing.endorsed) : t('alliance.unread')],
    [t('alliance.unsigned'), endorsing.seen ? names(endorsing.missing) : t('alliance.unread')],
  ];
  if (endorsing.faulty.length > 0) {
    rows.push([
      t('alliance.faulty'),
      <ul key="faulty">
        {endorsing.faulty.map((faulty) => (
          <li key={`${faulty.certificate} ${faulty.fault ?? ''}`}>
            <Faulty faulty={faulty} />
          </li>
        ))}
      </ul>,
    ]);
  }
  if (endorsing.seen && endorsing.totalWeight > 0) {
    rows.push([t('alliance.weight'), t('alliance.weightOf', { weight: endorsing.weight, total: endorsing.totalWeight })]);
  }
  return <Details rows={rows} />;
}

function Faulty({ faulty }: { faulty: FaultyEndorsement }): ReactNode {
  const { t, optional } = useLanguage();
  const why = optional(`alliance.fault.${faulty.fault ?? ''}`) ?? t('alliance.unknown');
  return t('alliance.faultOf', { node: faulty.node ?? t('alliance.unknown'), certificate: faulty.certificate, why });
}
