import { useEffect, type ReactNode } from 'react';
import { useLanguage, type Language } from '../i18n/language';
import type { LucideIcon } from 'lucide-react';

export interface NavigationItem {
  href: string;
  label: string;
  icon: LucideIcon;
  current: boolean;
  count?: number | undefined;
}

/** The sign over every page: who we are, where you are, your language. */
export function Shell(props: {
  /** Name of the app; absent on the start page. */
  app?: string;
  title: string;
  navigation?: NavigationItem[];
  /** What stands at the right end of the header. */
  aside?: ReactNode;
  /** A narrow column for what is used on a phone. */
  width?: 'narrow' | 'wide';
  development?: boolean | undefined;
  children: ReactNode;
}): ReactNode {
  const { t } = useLanguage();
  const { app, title, navigation = [] } = props;
  useEffect(() => {
    document.title = app === undefined ? t('brand') : `${title} · ${t('brand')}`;
  }, [app, title, t]);
  return (
    <div className={`shell shell--${props.width ?? 'wide'}${navigation.length > 0 ? ' shell--navigation' : ''}`}>
      <a className="skip" href="#main" onClick={skipToMain}>
        {t('shell.skip')}
      </a>
      <header className="header">
        {props.development && <p className="development">{t('shell.development')}</p>}
        <div className="header__inner">
          <a className="brand" href="/">
            <img src="/icon.svg" width={36} height={36} alt="" className="brand__mark" />
            <span className="brand__name">{t('brand')}</span>
            {app !== undefined && <span className="brand__app">{app}</span>}
          </a>
          <div className="header__aside">
            {props.aside}
            <LanguageSwitch />
          </div>
        </div>
      </header>
      {navigation.length > 0 && (
        <nav className="navigation" aria-label={t('shell.navigation')}>
          <ul>
            {navigation.map((item) => (
              <li key={item.href}>
                <a href={item.href} {...(item.current && { 'aria-current': 'page' as const })}>
                  <item.icon aria-hidden size={20} />
                  <span>{item.label}</span>
                  {item.count !== undefined && item.count > 0 && (
                    <span className="navigation__count">{item.count}</span>
                  )}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <main id="main" className="main" tabIndex={-1}>
        {props.children}
      </main>
      <footer className="footer">
        <p>{t('shell.footer')}</p>
        <ul>
          <li>
            <a href="/">{t('start.title')}</a>
          </li>
          <li>
            <a href="/docs">{t('docs.title')}</a>
          </li>
          <li>
            <a href="/portal">{t('portal.title')}</a>
          </li>
        </ul>
      </footer>
    </div>
  );
}

/** The hash belongs to the route, so the skip link moves the focus itself. */
function skipToMain(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

const LANGUAGES: { language: Language; name: string; lang: string }[] = [
  { language: 'en', name: 'English', lang: 'en' },
  { language: 'zh', name: '中文', lang: 'zh-Hans' },
];

function LanguageSwitch(): ReactNode {
  const { language, setLanguage, t } = useLanguage();
  return (
    <div className="language" role="group" aria-label={t('shell.language')}>
      {LANGUAGES.map((one) => (
        <button
          key={one.language}
          type="button"
          lang={one.lang}
          aria-pressed={language === one.language}
          onClick={() => setLanguage(one.language)}
        >
          {one.name}
        </button>
      ))}
    </div>
  );
}

export function PageHead(props: { title: string; lead?: string; back?: { href: string; label: string }; actions?: ReactNode }): ReactNode {
  return (
    <div className="page-head">
      {props.back && (
        <a className="page-head__back" href={props.back.href}>
          ← {props.back.label}
        </a>
      )}
      <div className="page-head__row">
        <h1>{props.title}</h1>
        {props.actions}
      </div>
      {props.lead !== undefined && <p className="lead">{props.lead}</p>}
    </div>
  );
}
