/** Who is awaited, for what, and until when; or that nobody is. */
import type { ReactNode } from 'react';
import type { AllianceRequest } from '../../api/types';
import { formatMoment } from '../../components/format';
import { useLanguage } from '../../i18n/language';
import { stepOf } from './marks';

export function Awaited({ request }: { request: AllianceRequest }): ReactNode {
  const { t, language } = useLanguage();
  if (request.overdue) return <p>{t('alliance.overdue')}</p>;
  if (request.step === undefined) {
    const unseen = request.parties.filter((party) => stepOf(party.steps, 'apply')?.state === 'unseen');
    const names = unseen.map((party) => party.member).join(t('alliance.and'));
    return <p className="muted">{unseen.length === 0 ? t('alliance.finished') : t('alliance.unseenApply', { members: names })}</p>;
  }
  const members = request.awaited.join(t('alliance.and'));
  // What is decided is applied without a deadline: it is possible as soon as somebody shows the decision.
  const until = request.status === 'sequenced' && request.deadline !== undefined;
  return (
    <p>
      {t('alliance.awaits', { members, step: t(`alliance.step.${request.step}`) })}
      {until && ` ${t('alliance.until', { time: formatMoment(request.deadline ?? '', language) })}`}
    </p>
  );
}
