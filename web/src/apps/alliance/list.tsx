/** The newest requests, each with a mark for every step. */
import type { ReactNode } from 'react';
import type { AllianceRequest } from '../../api/types';
import { formatMoment } from '../../components/format';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { StatusMark, StepMark, STEPS, togetherAt } from './marks';
import { Awaited } from './waiting';

export function RequestList({ requests }: { requests: AllianceRequest[] }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <ul className="cards">
      {requests.map((request) => (
        <li key={request.number} className="card request-card" data-number={request.number} data-status={request.status}>
          <div className="page-head__row">
            <h3>
              <a href={href(String(request.number))}>{t('alliance.request', { number: request.number })}</a>
            </h3>
            <StatusMark status={request.status} />
          </div>
          <ol className="way" aria-label={t('alliance.steps')}>
            {STEPS.map((name) => (
              <li key={name}>
                <StepMark state={togetherAt(request, name)} text={t(`alliance.step.${name}`)} />
              </li>
            ))}
          </ol>
          <p className="muted small">
            {request.requester !== undefined && `${t('alliance.by', { member: request.requester })} · `}
            {formatMoment(request.shownBy.time, language)}
          </p>
          <Awaited request={request} />
        </li>
      ))}
    </ul>
  );
}
