/** What is reported of requests before they have a number: somebody's word, told apart in words from what is proven. */
import type { ReactNode } from 'react';
import type { AllianceProposal, AllianceReport } from '../../api/types';
import { Identifier } from '../../components/Details';
import { formatMoment } from '../../components/format';
import { BadgeCheck, CircleDashed } from '../../components/icons';
import { useLanguage, type Translate } from '../../i18n/language';

/** Which of the two something is. */
export function Proofmark({ kind }: { kind: 'proven' | 'reported' }): ReactNode {
  const { t } = useLanguage();
  const Icon = kind === 'proven' ? BadgeCheck : CircleDashed;
  return (
    <span className={`badge badge--${kind}`} data-proof={kind}>
      <Icon aria-hidden size={15} />
      {t(kind === 'proven' ? 'alliance.mark.proven' : 'alliance.mark.reported')}
    </span>
  );
}

/** Who says it. */
function reporter(report: AllianceReport, t: Translate): string {
  if (report.reporter === 'endorser') return t('alliance.reporter.endorser', { member: report.member ?? t('alliance.unknown') });
  if (report.reporter === 'relay') return t('alliance.reporter.relay');
  // Who may request can speak of any request: so it is said whose node it is.
  return report.asker === undefined ? t('alliance.reporter.requester') : t('alliance.reporter.node', { member: report.asker });
}

/** What is said, as one sentence. */
export function reportText(report: AllianceReport, t: Translate): string {
  const member = report.member ?? t('alliance.unknown');
  const said = report.said === 'given-up' ? t('alliance.gaveUp', { member }) : t(`alliance.said.${report.said}`);
  const why = report.reason === undefined ? '' : ` ${t(`alliance.why.${report.reason}`)}`;
  return `${t('alliance.reportedBy', { reporter: reporter(report, t) })} ${said}${why}`;
}

export function Reports({ reports }: { reports: AllianceReport[] }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <ul className="timeline" aria-label={t('alliance.reports')}>
      {reports.map((report, at) => (
        // Several endorsers of a member may say the same at the same time.
        <li key={`${at} ${report.reporter} ${report.said}`} data-said={report.said}>
          <span className="timeline__time">{formatMoment(report.time, language)}</span>
          <span>{reportText(report, t)}</span>
        </li>
      ))}
    </ul>
  );
}

export function ProposalList({ proposals }: { proposals: AllianceProposal[] }): ReactNode {
  const { t, language } = useLanguage();
  if (proposals.length === 0) return null;
  return (
    <section className="stack" aria-labelledby="reported">
      <div className="page-head__row">
        <h2 id="reported">{t('alliance.reported')}</h2>
        <Proofmark kind="reported" />
      </div>
      <p className="muted">{t('alliance.reported.lead')}</p>
      <ul className="cards">
        {proposals.map((proposal) => (
          <li key={proposal.id} className="card report-card" data-proposal={proposal.id} data-proposal-state={proposal.state}>
            <h3>{t(`alliance.proposed.${proposal.state}`)}</h3>
            <p className="muted small">
              {proposal.requester !== undefined && `${t('alliance.by', { member: proposal.requester })} · `}
              {t('alliance.asksOf', { members: proposal.parties.join(t('alliance.and')) })}
              {proposal.validUntil !== undefined && ` · ${t('alliance.numberUntil', { time: formatMoment(proposal.validUntil, language) })}`}
            </p>
            <Reports reports={proposal.reports} />
            <p className="muted small">
              {t('alliance.hash')}: <Identifier value={proposal.id} label={t('alliance.hash')} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
