/** One request: a row for each member, a column for each step, and where everything is recorded. */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import type { AllianceParty, AllianceRefusal, AllianceRequest, AllianceStep, ShownBy } from '../../api/types';
import { Details, Identifier } from '../../components/Details';
import { ErrorNotice } from '../../components/ErrorNotice';
import { formatMoment } from '../../components/format';
import { Await } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage, type Translate } from '../../i18n/language';
import { Endorsers } from './endorsers';
import { ConnectionBadge } from './connection';
import { POLL_MS, type Snapshot } from './live';
import { StatusMark, StepMark, STEPS, stepOf } from './marks';
import { Proofmark, Reports } from './reported';
import { Awaited } from './waiting';

/** What is said of why a member refuses. */
export function refusalText(refusal: AllianceRefusal, t: Translate): string {
  switch (refusal.kind) {
    case 'stale':
      return t('alliance.refusal.stale', { expected: refusal.expected, actual: refusal.actual });
    case 'conflict':
      return t('alliance.refusal.conflict', { holder: refusal.holder });
    case 'malformed':
      return t('alliance.refusal.malformed');
    case 'rejected':
      return t('alliance.refusal.rejected');
  }
}

export function RequestPage(props: { number: number; now: Snapshot; withoutProof: string[] }): ReactNode {
  const { t } = useLanguage();
  const { number, now, withoutProof } = props;
  const told = now.requests?.find((request) => request.number === number);
  // It may be older than the newest ones that the page is told of; then it is asked for.
  const loaded = useLoaded(() => api.allianceRequest(number), `request ${number}`, told === undefined ? POLL_MS : undefined);
  return (
    <>
      <PageHead title={t('alliance.request', { number })} back={{ href: '#/', label: t('alliance.back') }} />
      <div className="page-head__row">
        <ConnectionBadge connection={now.connection} />
      </div>
      {now.error !== undefined && <ErrorNotice error={now.error} />}
      {told === undefined ? (
        <Await of={loaded}>{(request) => <RequestView request={request} withoutProof={withoutProof} />}</Await>
      ) : (
        <RequestView request={told} withoutProof={withoutProof} />
      )}
    </>
  );
}

/** `withoutProof`: members whose chains have no finality certificates. */
export function RequestView({ request, withoutProof = [] }: { request: AllianceRequest; withoutProof?: string[] }): ReactNode {
  const { t, language } = useLanguage();
  const unproven = request.parties.map(({ member }) => member).filter((member) => withoutProof.includes(member));
  const rows: [string, ReactNode][] = [
    [t('alliance.standing'), <StatusMark key="status" status={request.status} />],
    [
      t('alliance.requester'),
      request.requester === undefined ? t('alliance.unknown') : `${request.requester}, ${request.requesterNode ?? ''}`,
    ],
    [t('alliance.sequencedAt'), formatMoment(request.shownBy.time, language)],
  ];
  if (request.deadline !== undefined) rows.push([t('alliance.deadline'), formatMoment(request.deadline, language)]);
  if (request.decision !== undefined) {
    rows.push([t('alliance.decidedAt'), formatMoment(request.decision.shownBy.time, language)]);
  }
  if (request.decision !== undefined && request.status === 'aborted') {
    rows.push([t('alliance.because'), <Because key="because" request={request} />]);
  }
  rows.push([t('alliance.hash'), <Identifier key="hash" value={request.requestHash} label={t('alliance.hash')} />]);
  return (
    <div className="stack" data-number={request.number} data-status={request.status}>
      <div role="status">
        <Awaited request={request} />
      </div>
      <div className="stack">
        <div className="page-head__row">
          <h2 id="steps">{t('alliance.steps')}</h2>
          <Proofmark kind="proven" />
        </div>
        <Progress parties={request.parties} />
        {unproven.length > 0 && (
          <p className="muted" data-without-proof>
            {t('alliance.mark.except', { members: unproven.join(', ') })}
          </p>
        )}
      </div>
      <section className="card" aria-labelledby="facts">
        <h2 id="facts">{t('alliance.facts')}</h2>
        <Details rows={rows} />
      </section>
      <section className="stack" aria-labelledby="endorsers">
        <h2 id="endorsers">{t('alliance.endorsers')}</h2>
        <Endorsers parties={request.parties} />
      </section>
      {request.reports !== undefined && request.reports.length > 0 && (
        <section className="stack" aria-labelledby="reported" data-reported>
          <div className="page-head__row">
            <h2 id="reported">{t('alliance.reports')}</h2>
            <Proofmark kind="reported" />
          </div>
          <Reports reports={request.reports} />
        </section>
      )}
      <section className="stack" aria-labelledby="records">
        <h2 id="records">{t('alliance.records')}</h2>
        <Records request={request} />
      </section>
    </div>
  );
}

function Because({ request }: { request: AllianceRequest }): ReactNode {
  const { t } = useLanguage();
  const { member, refusal } = request.decision ?? {};
  if (member === undefined) return t('alliance.expired');
  return `${t('alliance.refusedBy', { member })}${refusal === undefined ? '' : ` ${refusalText(refusal, t)}`}`;
}

/** On a phone a member is a card with its steps below one another. */
function Progress({ parties }: { parties: AllianceParty[] }): ReactNode {
  const { t } = useLanguage();
  if (parties.length === 0) return <p>{t('alliance.partiesUnknown')}</p>;
  return (
    <div className="table-scroll" role="region" aria-labelledby="steps" tabIndex={0}>
      <table className="table table--stack">
        <thead>
          <tr>
            <th scope="col">{t('alliance.member')}</th>
            {STEPS.map((name) => (
              <th key={name} scope="col">
                {t(`alliance.step.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {parties.map((party) => (
            <tr key={party.member} data-member={party.member}>
              <th scope="row">{party.member}</th>
              {STEPS.map((name) => (
                <td key={name} data-label={t(`alliance.step.${name}`)} data-step={name}>
                  <StepCell step={stepOf(party.steps, name)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StepCell({ step }: { step: AllianceStep | undefined }): ReactNode {
  const { t, language } = useLanguage();
  if (step === undefined) return '–';
  const outcome = step.outcome === undefined ? {} : { text: t(`alliance.outcome.${step.outcome}`) };
  return (
    <div className="step-cell">
      <StepMark state={step.state} {...outcome} />
      {step.refusal !== undefined && <span className="small">{refusalText(step.refusal, t)}</span>}
      {step.shownBy !== undefined && (
        <time className="muted small" dateTime={step.shownBy.time}>
          {new Date(step.shownBy.time).toLocaleTimeString(language === 'zh' ? 'zh-CN' : 'en-GB')}
        </time>
      )}
    </div>
  );
}

/** Every event behind what is shown, for whoever wants to look it up on its chain: each once. */
export function recordsOf(request: AllianceRequest): { label: string; shownBy: ShownBy }[] {
  const all = request.parties.flatMap((party) =>
    party.steps.flatMap((step) => (step.shownBy === undefined ? [] : [{ label: party.member, shownBy: step.shownBy }])),
  );
  const decision = request.decision === undefined ? [] : [{ label: '', shownBy: request.decision.shownBy }];
  const seen = new Set<string>();
  return [{ label: '', shownBy: request.shownBy }, ...all, ...decision].filter(({ shownBy }) => {
    const key = `${shownBy.chain} ${shownBy.txHash}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function Records({ request }: { request: AllianceRequest }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <ul className="timeline">
      {recordsOf(request).map(({ shownBy }) => (
        <li key={`${shownBy.chain} ${shownBy.txHash}`}>
          <span className="timeline__time">{formatMoment(shownBy.time, language)}</span>
          <span>{t('alliance.block', { chain: shownBy.chain, number: shownBy.blockNumber })}</span>
          <Identifier value={shownBy.txHash} label={t('alliance.transaction')} />
        </li>
      ))}
    </ul>
  );
}
