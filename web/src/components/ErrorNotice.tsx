import type { ReactNode } from 'react';
import { explain } from '../api/explain';
import { useLanguage } from '../i18n/language';
import { Button } from './Button';
import { RefreshCw } from './icons';
import { Notice } from './Notice';

/** What went wrong and what to do about it, in the reader's language. */
export function ErrorNotice(props: { error: unknown; retry?: () => void }): ReactNode {
  const { t, optional } = useLanguage();
  const { title, detail, remedy, tone, reference } = explain(props.error, { t, optional });
  return (
    <Notice tone={tone} title={title} live="alert">
      {detail !== undefined && <p>{detail}</p>}
      {remedy !== undefined && <p className="notice__remedy">{remedy}</p>}
      {reference !== undefined && (
        <p className="notice__reference">
          {t('error.reference')} <code>{reference}</code>
        </p>
      )}
      {props.retry && (
        <Button icon={RefreshCw} onPress={props.retry}>
          {t('action.retry')}
        </Button>
      )}
    </Notice>
  );
}
