import { useState, type ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import { Check, Copy } from './icons';

export function Details({ rows }: { rows: [label: string, value: ReactNode][] }): ReactNode {
  return (
    <dl className="details">
      {rows.map(([label, value]) => (
        <div key={label} className="details__row">
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Characters of an identifier that are shown at each end. */
const SHOWN_CHARACTERS = 8;

/** A long identifier, shortened for the eye, whole for the clipboard and for assistive technology. */
export function Identifier({ value, label }: { value: string; label: string }): ReactNode {
  const { t } = useLanguage();
  const [copied, setCopied] = useState(false);
  const short =
    value.length > 2 * SHOWN_CHARACTERS + 4
      ? `${value.slice(0, SHOWN_CHARACTERS + 2)}…${value.slice(-SHOWN_CHARACTERS)}`
      : value;
  const copy = (): void => {
    void navigator.clipboard.writeText(value).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), 2000);
      },
      () => setCopied(false),
    );
  };
  return (
    <span className="identifier">
      <code title={value}>{short}</code>
      <button type="button" className="icon-button" onClick={copy} aria-label={t('action.copyNamed', { name: label })}>
        {copied ? <Check aria-hidden size={16} /> : <Copy aria-hidden size={16} />}
      </button>
      <span role="status" className="visually-hidden">
        {copied ? t('action.copied') : ''}
      </span>
    </span>
  );
}
