/** Whether the page is told of changes, or asks for them. */
import type { ReactNode } from 'react';
import { useLanguage } from '../../i18n/language';
import type { Snapshot } from './live';

export function ConnectionBadge({ connection }: { connection: Snapshot['connection'] }): ReactNode {
  const { t } = useLanguage();
  const standing = connection === 'live' ? 'valid' : 'expired';
  return (
    <span className={`badge badge--${standing}`} data-connection={connection}>
      {t(`alliance.connection.${connection}`)}
    </span>
  );
}
