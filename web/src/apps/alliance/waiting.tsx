/** Who is awaited, for what, and until when; or that nobody is. */
import type { ReactNode } from 'react';
import type { AllianceRequest } from '../../api/types';
import { formatMoment } from '../../components/format';
import { useLanguage } from '../../i18n/language';

export function Awaited({ request }: { request: AllianceRequest }): ReactNode {
  const { t, language } = useLanguage();
  if (request.overdue) return <p>{t('alliance.overdue')}</p>;
  if (request.step === undefined) return <p className="muted">{t('alliance.finished')}</p>;
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
