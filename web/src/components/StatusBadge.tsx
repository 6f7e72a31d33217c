import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Outcome } from '../protocol/typed-data';
import { useLanguage } from '../i18n/language';
import { Ban, CircleCheck, CircleHelp, CircleX, Clock, PauseCircle, RefreshCw } from './icons';

export type Standing = Outcome | 'renewed';

export const STANDING_ICON: Record<Standing, LucideIcon> = {
  valid: CircleCheck,
  revoked: Ban,
  suspended: PauseCircle,
  expired: Clock,
  'cannot-determine': CircleHelp,
  refused: CircleX,
  renewed: RefreshCw,
};

/** Colour, icon and word together: none of them carries the meaning alone. */
export function StatusBadge({ standing }: { standing: Standing }): ReactNode {
  const { t } = useLanguage();
  const Icon = STANDING_ICON[standing];
  return (
    <span className={`badge badge--${standing}`}>
      <Icon aria-hidden size={15} />
      {t(`outcome.${standing}`)}
    </span>
  );
}

/** What a holder and a clerk see: a renewed certificate says so, whatever else is true of it. */
export function standingOf(certificate: { status: string; outcome: Outcome }): Standing {
  return certificate.status === 'renewed' ? 'renewed' : certificate.outcome;
}
