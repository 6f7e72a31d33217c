import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Application, ApplicationStatus } from '../../api/types';
import { LinkButton } from '../../components/Button';
import { Identifier } from '../../components/Details';
import { SelectInput } from '../../components/fields';
import { formatMoment } from '../../components/format';
import { Plus } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import type { Desk } from './desk';

const POLL_MS = 15_000;
const STATUSES: ApplicationStatus[] = ['submitted', 'issued', 'rejected'];

export function Applications({ desk }: { desk: Desk }): ReactNode {
  const { t } = useLanguage();
  const [status, setStatus] = useState<ApplicationStatus>('submitted');
  const list = useLoaded(
    () => desk.account.run((session) => api.applications(session, { status })),
    `${desk.account.address} ${status}`,
    POLL_MS,
  );
  return (
    <>
      <PageHead
        title={t('desk.nav.applications')}
        lead={t('applications.lead')}
        actions={
          <LinkButton icon={Plus} href={href('issue', 'new')}>
            {t('issue.without')}
          </LinkButton>
        }
      />
      <SelectInput
        label={t('applications.filter')}
        value={status}
        onChange={(value) => setStatus(value as ApplicationStatus)}
        options={STATUSES.map((value) => ({ value, label: t(`application.status.${value}`) }))}
      />
      <Await of={list}>
        {(applications) =>
          applications.length === 0 ? (
            <Empty title={t('applications.none')} />
          ) : (
            <ApplicationTable desk={desk} applications={applications} />
          )
        }
      </Await>
    </>
  );
}

function ApplicationTable({ desk, applications }: { desk: Desk; applications: Application[] }): ReactNode {
  const { t, language } = useLanguage();
  const kindTitle = useKindTitle(desk.city.kinds);
  return (
    <div className="table-scroll" role="region" aria-label={t('desk.nav.applications')} tabIndex={0}>
      <table className="table table--stack">
        <thead>
          <tr>
            <th scope="col">{t('certificate.kind')}</th>
            <th scope="col">{t('applications.applicant')}</th>
            <th scope="col">{t('applications.time')}</th>
            <th scope="col">
              <span className="visually-hidden">{t('applications.open')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {applications.map((application) => (
            <tr key={application.id}>
              <th scope="row">{kindTitle(application.kind)}</th>
              <td data-label={t('applications.applicant')}>
                <Identifier value={application.applicant} label={t('applications.applicant')} />
              </td>
              <td data-label={t('applications.time')}>{formatMoment(application.submittedAt, language)}</td>
              <td>
                <LinkButton
                  href={href('applications', application.id)}
                  variant={application.status === 'submitted' ? 'primary' : 'secondary'}
                >
                  {t('applications.open')}
                </LinkButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
