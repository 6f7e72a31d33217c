/** What the site shows beside what this device knows of its city: a change is an alarm, and changes nothing of what is verified (STAPLE-16). */
import type { ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import type { KnownCity } from '../offline/known';
import { LinkButton } from './Button';
import { ShieldCheck } from './icons';
import { Notice } from './Notice';

/** Where a person compares the city with what its operator has published; in the inspector's page itself, the fragment alone. */
export const COMPARING = '/inspect#/offline';

export function CityNotice({ known, compareAt = COMPARING }: { known: KnownCity; compareAt?: string }): ReactNode {
  const { t } = useLanguage();
  const toCompare = (
    <LinkButton href={compareAt} icon={ShieldCheck}>
      {t('known.compare')}
    </LinkButton>
  );
  if (known.found === 'other') {
    return (
      <Notice tone="danger" live="alert" title={t('known.other.title')}>
        <p>{t('known.other.text')}</p>
        {toCompare}
      </Notice>
    );
  }
  if (known.found === 'more') {
    return (
      <Notice tone="info" title={t('known.more.title')}>
        <p>{t('known.more.text')}</p>
        {toCompare}
      </Notice>
    );
  }
  if (known.basis !== 'first' && known.basis !== 'unkept') return null;
  return (
    <Notice tone={known.basis === 'first' ? 'info' : 'warning'} title={t(known.basis === 'first' ? 'known.first.title' : 'known.unkept.title')}>
      <p>{t('known.first.text')}</p>
      {toCompare}
    </Notice>
  );
}
