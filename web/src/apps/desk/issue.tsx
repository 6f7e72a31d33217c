/** The form of a certificate: from an application, as a renewal, or from nothing. */
import { useState, type SubmitEvent, type ReactNode } from 'react';
import type { Hex } from 'viem';
import { api } from '../../api/client';
import type { Certificate, Issued, Kind } from '../../api/types';
import { Button, LinkButton } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { ErrorNotice } from '../../components/ErrorNotice';
import { SelectInput, TextInput } from '../../components/fields';
import { CircleCheck, Stamp } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { SampleButton } from '../../components/SampleButton';
import { SchemaForm } from '../../components/SchemaForm';
import { PageHead } from '../../components/Shell';
import { useAction, useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { isAddressText, sameHex } from '../../protocol/encoding';
import { constantsOf, violations } from '../../protocol/schema';
import { findApplication } from './application';
import type { Desk } from './desk';
import { issueCertificate } from './issuing';
import { prefill } from './prefill';

interface Origin {
  kind: string;
  holder: string;
  subject: Record<string, unknown>;
  application?: string;
  previous?: Certificate;
}

async function originOf(desk: Desk, from: string | undefined, id: string | undefined): Promise<Origin> {
  if (from === 'application' && id !== undefined) {
    const application = await findApplication(desk, id);
    const kind = desk.city.kinds.find((one) => one.kind === application.kind);
    const subject = kind ? prefill(kind, application.details) : {};
    return { kind: application.kind, holder: application.applicant, subject, application: application.id };
  }
  if (from === 'renewal' && id !== undefined) {
    const previous = await api.certificate(id);
    const applications = await desk.account.run((session) => api.applications(session, { kind: previous.kind }));
    const kind = desk.city.kinds.find((one) => one.kind === previous.kind);
    // The holder's copy is sealed, so what was asked for is all that the office can start from.
    const known = applications.find((one) => sameHex(one.certificateId ?? '', id));
    return { kind: previous.kind, holder: previous.holder, subject: kind && known ? prefill(kind, known.details) : {}, previous };
  }
  return { kind: desk.kinds[0] ?? '', holder: '', subject: {} };
}

export function IssuePage(props: { desk: Desk; from: string | undefined; id: string | undefined }): ReactNode {
  const { t } = useLanguage();
  const { desk, from, id } = props;
  const origin = useLoaded(() => originOf(desk, from, id), `${from} ${id}`);
  const back =
    from === 'renewal' && id !== undefined
      ? { href: href('certificates', id), label: t('certificate.title') }
      : { href: href('applications'), label: t('desk.nav.applications') };
  return (
    <div className="column">
      <PageHead title={t(from === 'renewal' ? 'issue.renew.title' : 'issue.title')} lead={t('issue.lead')} back={back} />
      <Await of={origin}>{(value) => <IssueForm desk={desk} origin={value} />}</Await>
    </div>
  );
}

function today(): string {
  const now = new Date();
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
}

/** The first second of a day, where the office is; today's is now, since a certificate is not valid before it exists. */
function startOf(day: string): Date {
  return day === today() ? new Date() : new Date(`${day}T00:00:00`);
}

/** The last second of a day, where the office is. */
function endOf(day: string): Date {
  return new Date(`${day}T23:59:59`);
}

function IssueForm({ desk, origin }: { desk: Desk; origin: Origin }): ReactNode {
  const { t, language } = useLanguage();
  const kindTitle = useKindTitle(desk.city.kinds);
  const [kindName, setKindName] = useState(origin.kind);
  const [holder, setHolder] = useState(origin.holder);
  const [subject, setSubject] = useState(origin.subject);
  const [validFrom, setValidFrom] = useState(today);
  const [validUntil, setValidUntil] = useState('');
  const [checked, setChecked] = useState(false);
  const [issued, setIssued] = useState<Issued>();
  const kind = desk.city.kinds.find((one) => one.kind === kindName);
  const fixed = origin.application !== undefined || origin.previous !== undefined;
  const complete = kind ? { ...constantsOf(kind.schema), ...subject } : subject;
  const problems = checked && kind ? violations(kind.schema, complete) : [];
  const untilWrong = validUntil !== '' && validFrom !== '' && validUntil < validFrom;

  const issue = useAction(async () => {
    const answer = await issueCertificate(desk, {
      kind: kindName,
      holder,
      subject: complete,
      validFrom: startOf(validFrom),
      ...(validUntil !== '' && { validUntil: endOf(validUntil) }),
      ...(origin.previous && { previous: origin.previous.certificateId }),
      ...(origin.application !== undefined && { application: origin.application }),
    });
    setIssued(answer);
    scrollTo(0, 0);
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    const ready =
      kind && isAddressText(holder.trim()) && validFrom !== '' && !untilWrong && violations(kind.schema, complete).length === 0;
    if (ready) issue.run();
  };
  if (issued) return <IssuedNotice issued={issued} />;
  return (
    <form className="stack" onSubmit={submit} noValidate aria-label={t('issue.title')}>
      <section className="card stack" aria-labelledby="issue-who">
        <h2 id="issue-who">{t('issue.section.holder')}</h2>
        {fixed ? (
          <Details
            rows={[
              [t('certificate.kind'), kindTitle(kindName)],
              [t('certificate.holder'), <Identifier key="h" value={holder} label={t('certificate.holder')} />],
            ]}
          />
        ) : (
          <>
            <SelectInput
              label={t('certificate.kind')}
              value={kindName}
              onChange={(value) => {
                setKindName(value);
                setSubject({});
                setChecked(false);
              }}
              options={desk.kinds.map((name) => ({ value: name, label: kindTitle(name) }))}
            />
            <TextInput
              label={t('issue.holder')}
              hint={t('issue.holder.hint')}
              value={holder}
              onChange={(value) => setHolder(value.trim())}
              mono
              autoComplete="off"
              error={checked && !isAddressText(holder.trim()) ? t('issue.holder.wrong') : undefined}
            />
          </>
        )}
      </section>
      {kind && (
        <section className="card stack" aria-labelledby="issue-what">
          <h2 id="issue-what">{kind.title[language]}</h2>
          <SampleButton
            city={desk.city}
            schema={kind.schema}
            known={officeAnswers(desk)}
            onFill={(sample) => setSubject({ ...sample, ...subject })}
          />
          <SchemaForm schema={kind.schema} value={subject} onChange={setSubject} violations={problems} />
          <SourceNote kind={kind} />
        </section>
      )}
      <section className="card stack" aria-labelledby="issue-when">
        <h2 id="issue-when">{t('issue.section.validity')}</h2>
        <TextInput
          label={t('certificate.validFrom')}
          type="date"
          value={validFrom}
          onChange={setValidFrom}
          error={checked && validFrom === '' ? t('form.error.required') : undefined}
        />
        <TextInput
          label={t('certificate.validUntil')}
          hint={t('issue.validUntil.hint')}
          type="date"
          required={false}
          value={validUntil}
          onChange={setValidUntil}
          error={untilWrong ? t('issue.validUntil.wrong') : undefined}
        />
      </section>
      {problems.length > 0 && (
        <Notice tone="danger" live="alert" title={t('form.incomplete', { count: problems.length })} />
      )}
      {issue.error !== undefined && <ErrorNotice error={issue.error} />}
      <div className="buttons">
        <Button type="submit" variant="primary" icon={Stamp} busy={issue.busy}>
          {t(origin.previous ? 'issue.renew.action' : 'issue.action')}
        </Button>
      </div>
      <p className="muted small">{t('issue.explain')}</p>
    </form>
  );
}

function officeAnswers({ organization }: Desk): Record<string, string> {
  const name = organization?.name ?? '';
  return { awardingBody: name, registrationAuthority: name, examiningInstitution: name };
}

function SourceNote({ kind }: { kind: Kind }): ReactNode {
  const { t } = useLanguage();
  return (
    <p className="muted small">
      {t('issue.source')} {kind.source}
    </p>
  );
}

function IssuedNotice({ issued }: { issued: Issued }): ReactNode {
  const { t } = useLanguage();
  const rows: [string, ReactNode][] = [
    [t('certificate.id'), <Identifier key="i" value={issued.certificateId satisfies Hex} label={t('certificate.id')} />],
    [t('provenance.chain'), issued.chain],
    [t('provenance.block'), String(issued.blockNumber)],
    [t('provenance.transaction'), <Identifier key="t" value={issued.txHash} label={t('provenance.transaction')} />],
  ];
  return (
    <section className="card stack" role="status">
      <p className="done">
        <CircleCheck aria-hidden size={28} /> {t('issue.done')}
      </p>
      <Details rows={rows} />
      <div className="buttons">
        <LinkButton variant="primary" href={href('applications')}>
          {t('issue.done.next')}
        </LinkButton>
        <LinkButton href={href('certificates', issued.certificateId)}>{t('application.openCertificate')}</LinkButton>
      </div>
    </section>
  );
}
