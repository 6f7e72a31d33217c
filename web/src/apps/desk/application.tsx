/** One application: what was asked, and the office's decision. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Application } from '../../api/types';
import { LocalError } from '../../api/explain';
import { Button, LinkButton } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { SubjectView } from '../../components/DocumentView';
import { formatMoment } from '../../components/format';
import { Stamp, X } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { go, href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import type { Desk } from './desk';
import { RejectDialog } from './registrations';

/** The application with an id, out of those that this office may see. */
export async function findApplication(desk: Desk, id: string): Promise<Application> {
  const list = await desk.account.run((session) => api.applications(session));
  const found = list.find((one) => one.id === id);
  if (!found) throw new LocalError('applications.unknown');
  return found;
}

export function ApplicationPage({ desk, id }: { desk: Desk; id: string }): ReactNode {
  const { t } = useLanguage();
  const application = useLoaded(() => findApplication(desk, id), id);
  const kindTitle = useKindTitle(desk.city.kinds);
  return (
    <div className="column">
      <PageHead
        title={application.value ? kindTitle(application.value.kind) : t('applications.one')}
        back={{ href: href('applications'), label: t('desk.nav.applications') }}
      />
      <Await of={application}>{(value) => <Review desk={desk} application={value} />}</Await>
    </div>
  );
}

function Review({ desk, application }: { desk: Desk; application: Application }): ReactNode {
  const { t, language } = useLanguage();
  const [rejecting, setRejecting] = useState(false);
  const kind = desk.city.kinds.find((one) => one.kind === application.kind);
  return (
    <>
      <section className="card stack" aria-labelledby="asked">
        <h2 id="asked">{t('applications.details')}</h2>
        {kind && <SubjectView schema={kind.applicationSchema} value={application.details} />}
        <Details
          rows={[
            [t('applications.applicant'), <Identifier key="a" value={application.applicant} label={t('applications.applicant')} />],
            [t('applications.time'), formatMoment(application.submittedAt, language)],
            [t('applications.status'), t(`application.status.${application.status}`)],
            ...(application.reason === undefined ? [] : ([[t('application.reason'), application.reason]] as [string, ReactNode][])),
          ]}
        />
      </section>
      {application.status === 'submitted' && (
        <div className="buttons">
          <LinkButton variant="primary" icon={Stamp} href={href('issue', 'application', application.id)}>
            {t('issue.prepare')}
          </LinkButton>
          <Button icon={X} onPress={() => setRejecting(true)}>
            {t('applications.reject')}
          </Button>
        </div>
      )}
      {application.certificateId !== undefined && (
        <LinkButton href={href('certificates', application.certificateId)}>{t('application.openCertificate')}</LinkButton>
      )}
      <RejectDialog
        title={t('applications.reject')}
        open={rejecting}
        onClose={() => setRejecting(false)}
        reject={async (reason) => {
          await desk.account.run((session) => api.rejectApplication(session, application.id, reason));
          go('applications');
        }}
      />
    </>
  );
}
