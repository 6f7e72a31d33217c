import type { ReactNode } from 'react';
import { explain } from '../api/explain';
import { useLanguage } from '../i18n/language';
import { Button } from './Button';
import { RefreshCw } from './icons';
import { Notice } from './Notice';

/** What went wrong and what to do about it, in the reader's language; what the gateway says itself is marked as English. */
export function ErrorNotice(props: { error: unknown; retry?: () => void }): ReactNode {
  const { t, optional } = useLanguage();
  const { title, titleLanguage, detail, remedy, remedyLanguage, tone, reference } = explain(props.error, { t, optional });
  return (
    <Notice tone={tone} title={title} titleLanguage={titleLanguage} live="alert">
      {detail !== undefined && <p lang="en">{detail}</p>}
      {remedy !== undefined && (
        <p className="notice__remedy" lang={remedyLanguage}>
          {remedy}
        </p>
      )}
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
