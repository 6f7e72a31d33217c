/** What data users may ask for: an operator withdraws a service, and offers it again. */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import type { Service } from '../../api/types';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import { ChangeButton } from './change';
import type { Watch } from './portal';

export function ServicesPage({ watch }: { watch: Watch }): ReactNode {
  const { t } = useLanguage();
  const services = useLoaded(() => api.services(), 'services');
  return (
    <>
      <PageHead title={t('portal.nav.services')} lead={t('services.lead')} />
      <Await of={services}>
        {(found) => (
          <>
            <List watch={watch} title={t('services.offered')} services={found.services} offered reload={services.reload} />
            <List watch={watch} title={t('services.withdrawn')} services={found.withdrawn} offered={false} reload={services.reload} />
          </>
        )}
      </Await>
    </>
  );
}

function List(props: { watch: Watch; title: string; services: Service[]; offered: boolean; reload: () => void }): ReactNode {
  const { t } = useLanguage();
  const { watch, services, offered } = props;
  const id = offered ? 'offered' : 'withdrawn';
  return (
    <section className="stack" aria-labelledby={id}>
      <h2 id={id}>{props.title}</h2>
      {services.length === 0 ? (
        <Empty title={t('services.none')} />
      ) : (
        <ul className="cards">
          {services.map((service) => (
            <li key={service.name} className="card stack" data-service={service.name}>
              <h3>
                <code>{service.name}</code>
              </h3>
              <p lang="en">{service.description}</p>
              <p className="muted">
                {service.roles.length === 0 ? t('services.anybody') : t('services.roles', { roles: service.roles.join(', ') })}
              </p>
              {watch.account.has('operator') && (
                <ChangeButton
                  label={t(offered ? 'services.withdraw' : 'services.offer')}
                  about={service.name}
                  ask={(check) => watch.account.run((session) => api.offerService(session, service.name, !offered, check))}
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
