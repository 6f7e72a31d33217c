import { LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import type { Loaded } from './use-loaded';
import { ErrorNotice } from './ErrorNotice';

export function Loading({ text }: { text?: string }): ReactNode {
  const { t } = useLanguage();
  return (
    <p className="loading" role="status">
      <LoaderCircle aria-hidden className="spin" size={20} /> {text ?? t('state.loading')}
    </p>
  );
}

/** A value that is on its way: shows the wait, the failure with a way to try again, or what `children` makes of it. */
export function Await<Value>(props: { of: Loaded<Value>; children: (value: Value) => ReactNode }): ReactNode {
  const { of } = props;
  if (of.value !== undefined) {
    return (
      <>
        {of.error !== undefined && <ErrorNotice error={of.error} retry={of.reload} />}
        {props.children(of.value)}
      </>
    );
  }
  return of.error === undefined ? <Loading /> : <ErrorNotice error={of.error} retry={of.reload} />;
}

export function Empty(props: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <p className="empty__title">{props.title}</p>
      {props.children}
    </div>
  );
}
