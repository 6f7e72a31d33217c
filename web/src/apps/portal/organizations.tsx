/** Who acts in the city: an operator suspends an organization as a whole, and resumes it. */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import type { Organization } from '../../api/types';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import { ChangeButton } from './change';
import type { Watch } from './portal';

export function OrganizationsPage({ watch }: { watch: Watch }): ReactNode {
  const { t } = useLanguage();
  const organizations = useLoaded(() => api.organizations(), 'organizations');
  return (
    <>
      <PageHead title={t('portal.nav.organizations')} lead={t('organizations.lead')} />
      <Await of={organizations}>
        {(found) => {
          const inForce = found.filter((organization) => !organization.suspended);
          const suspended = found.filter((organization) => organization.suspended);
          return (
            <>
              <List watch={watch} title={t('organizations.inForce')} organizations={inForce} suspended={false} reload={organizations.reload} />
              <List watch={watch} title={t('organizations.suspended')} organizations={suspended} suspended reload={organizations.reload} />
            </>
          );
        }}
      </Await>
    </>
  );
}

function List(props: { watch: Watch; title: string; organizations: Organization[]; suspended: boolean; reload: () => void }): ReactNode {
  const { t } = useLanguage();
  const { watch, organizations, suspended } = props;
  const id = suspended ? 'suspended' : 'in-force';
  return (
    <section className="stack" aria-labelledby={id}>
      <h2 id={id}>{props.title}</h2>
      {organizations.length === 0 ? (
        <Empty title={t('organizations.none')} />
      ) : (
        <ul className="cards">
          {organizations.map((organization) => (
            <li key={organization.code} className="card stack" data-organization={organization.code}>
              <h3>{organization.name}</h3>
              <p>
                <code className="wrap">{organization.code}</code>
              </p>
              <p className="muted">{t('organizations.keys', { count: organization.keys.length })}</p>
              {watch.account.has('operator') && (
                <ChangeButton
                  label={t(suspended ? 'organizations.resume' : 'organizations.suspend')}
                  about={organization.name}
                  ask={(check) => watch.account.run((session) => api.suspendOrganization(session, organization.code, !suspended, check))}
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
