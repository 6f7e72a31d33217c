/** Applying for a certificate, and what became of it. */
import { useState, type SubmitEvent, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Application, Kind, User } from '../../api/types';
import { Button, LinkButton } from '../../components/Button';
import { ErrorNotice } from '../../components/ErrorNotice';
import { formatMoment } from '../../components/format';
import { ArrowRight, CircleCheck, CircleX, Clock, Plus } from '../../components/icons';
import { KindIcon, useKindTitle } from '../../components/kind';
import { Await, Empty } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { SampleButton } from '../../components/SampleButton';
import { SchemaForm } from '../../components/SchemaForm';
import { PageHead } from '../../components/Shell';
import { useAction, useLoaded } from '../../components/use-loaded';
import { go, href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { constantsOf, violations } from '../../protocol/schema';
import type { OpenWallet } from './wallet';

const POLL_MS = 10_000;

export function Applications(props: {
  wallet: OpenWallet;
  user: User;
  kind: string | undefined;
  choosing: boolean;
}): ReactNode {
  const { wallet, choosing } = props;
  const kind = wallet.city.kinds.find((one) => one.kind === props.kind);
  if (kind) return <Apply key={kind.kind} wallet={wallet} user={props.user} kind={kind} />;
  if (choosing) return <ChooseKind kinds={wallet.city.kinds} />;
  return <OwnApplications wallet={wallet} />;
}

function ChooseKind({ kinds }: { kinds: Kind[] }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <>
      <PageHead
        title={t('application.choose')}
        lead={t('application.choose.lead')}
        back={{ href: href('applications'), label: t('wallet.nav.applications') }}
      />
      <ul className="cards">
        {kinds.map((kind) => {
          return (
            <li key={kind.kind}>
              <a className="certificate-card" href={href('applications', 'new', kind.kind)}>
                <KindIcon kind={kind.kind} />
                <span className="certificate-card__body">
                  <span className="certificate-card__title">{kind.title[language]}</span>
                </span>
                <ArrowRight aria-hidden size={20} />
              </a>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** What the registration says already: the applicant need not type it again. */
function knownAnswers({ person }: User): Record<string, string> {
  return {
    ...(person.birthDate !== undefined && { birthDate: person.birthDate }),
    ...(person.documentNumber !== undefined && { documentNumber: person.documentNumber }),
  };
}

function Apply({ wallet, user, kind }: { wallet: OpenWallet; user: User; kind: Kind }): ReactNode {
  const { t, language } = useLanguage();
  const [details, setDetails] = useState<Record<string, unknown>>(() => {
    const asked = kind.applicationSchema.properties ?? {};
    return Object.fromEntries(Object.entries(knownAnswers(user)).filter(([name]) => name in asked));
  });
  const [checked, setChecked] = useState(false);
  const complete = { ...constantsOf(kind.applicationSchema), ...details };
  const found = checked ? violations(kind.applicationSchema, complete) : [];
  const send = useAction(async () => {
    await wallet.account.run((session) => api.apply(session, kind.kind, complete));
    go('applications');
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (violations(kind.applicationSchema, complete).length === 0) send.run();
  };
  return (
    <>
      <PageHead
        title={kind.title[language]}
        lead={t('application.form.lead')}
        back={{ href: href('applications', 'new'), label: t('application.choose') }}
      />
      <form className="card stack" onSubmit={submit} aria-label={kind.title[language]} noValidate>
        <SampleButton
          city={wallet.city}
          schema={kind.applicationSchema}
          known={{ graduateName: user.person.name, subjectName: user.person.name, ...knownAnswers(user) }}
          onFill={setDetails}
        />
        <SchemaForm schema={kind.applicationSchema} value={details} onChange={setDetails} violations={found} />
        {found.length > 0 && <Notice tone="danger" live="alert" title={t('form.incomplete', { count: found.length })} />}
        {send.error !== undefined && <ErrorNotice error={send.error} />}
        <Button type="submit" variant="primary" wide busy={send.busy}>
          {t('application.submit')}
        </Button>
      </form>
    </>
  );
}

const STATUS = {
  submitted: { icon: Clock, tone: 'suspended' },
  issued: { icon: CircleCheck, tone: 'valid' },
  rejected: { icon: CircleX, tone: 'revoked' },
} as const;

function OwnApplications({ wallet }: { wallet: OpenWallet }): ReactNode {
  const { t } = useLanguage();
  const list = useLoaded(
    () => wallet.account.run((session) => api.applications(session)),
    wallet.account.address,
    POLL_MS,
  );
  return (
    <>
      <PageHead
        title={t('wallet.nav.applications')}
        actions={
          <LinkButton variant="primary" icon={Plus} href={href('applications', 'new')}>
            {t('application.new')}
          </LinkButton>
        }
      />
      <Await of={list}>
        {(applications) =>
          applications.length === 0 ? (
            <Empty title={t('application.none')} />
          ) : (
            <ul className="cards">
              {applications.map((application) => (
                <li key={application.id}>
                  <ApplicationCard wallet={wallet} application={application} />
                </li>
              ))}
            </ul>
          )
        }
      </Await>
    </>
  );
}

function ApplicationCard({ wallet, application }: { wallet: OpenWallet; application: Application }): ReactNode {
  const { t, language } = useLanguage();
  const kindTitle = useKindTitle(wallet.city.kinds);
  const status = STATUS[application.status];
  return (
    <div className="certificate-card">
      <KindIcon kind={application.kind} />
      <div className="certificate-card__body">
        <p className="certificate-card__title">{kindTitle(application.kind)}</p>
        <p className="muted small">
          {t('application.submittedAt', { time: formatMoment(application.submittedAt, language) })}
        </p>
        {application.reason !== undefined && (
          <p className="small">
            {t('application.reason')} {application.reason}
          </p>
        )}
        {application.certificateId !== undefined && (
          <a href={href('certificates', application.certificateId)}>{t('application.openCertificate')}</a>
        )}
      </div>
      <span className={`badge badge--${status.tone}`}>
        <status.icon aria-hidden size={15} />
        {t(`application.status.${application.status}`)}
      </span>
    </div>
  );
}
