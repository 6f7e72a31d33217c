/** The start page: what this is, three doors, and whether the chains stand. */
import type { ReactNode } from 'react';
import type { LucideIcon } from 'lucide-react';
import { api } from '../../api/client';
import type { Chain, Health } from '../../api/types';
import { ArrowRight, Network, ScanLine, Stamp, Wallet } from '../../components/icons';
import { formatNumber } from '../../components/format';
import { Identifier } from '../../components/Details';
import { Await } from '../../components/Loading';
import { Shell } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage, type TextKey } from '../../i18n/language';

/** The state of the chains is asked for this often while somebody looks at it. */
const REFRESH_MS = 5_000;

interface Door {
  href: string;
  icon: LucideIcon;
  title: TextKey;
  text: TextKey;
}

const DOORS: Door[] = [
  { href: '/wallet', icon: Wallet, title: 'wallet.title', text: 'start.wallet' },
  { href: '/desk', icon: Stamp, title: 'desk.title', text: 'start.desk' },
  { href: '/inspect', icon: ScanLine, title: 'inspect.title', text: 'start.inspect' },
];
const ALLIANCE_DOOR: Door = { href: '/alliance', icon: Network, title: 'alliance.title', text: 'start.alliance' };

export default function StartPage(): ReactNode {
  const { t } = useLanguage();
  const chains = useLoaded(() => api.chains(), 'chains', REFRESH_MS);
  // Where no alliance is watched, there is no door to one.
  const alliance = useLoaded(() => api.alliance(), 'alliance');
  const doors = alliance.value === undefined ? DOORS : [...DOORS, ALLIANCE_DOOR];
  const health = useLoaded(() => api.health(), 'health', REFRESH_MS);
  return (
    <Shell title={t('start.title')} development={chains.value?.development}>
      <div className="hero">
        <h1>{t('start.headline')}</h1>
        <p className="lead">{t('start.lead')}</p>
      </div>
      <section aria-labelledby="doors">
        <h2 id="doors" className="visually-hidden">
          {t('start.doors')}
        </h2>
        <ul className="doors">
          {doors.map((door) => (
            <li key={door.href}>
              <a className="door" href={door.href}>
                <door.icon aria-hidden size={28} strokeWidth={1.6} />
                <span className="door__title">{t(door.title)}</span>
                <span className="door__text">{t(door.text)}</span>
                <ArrowRight aria-hidden size={20} className="door__arrow" />
              </a>
            </li>
          ))}
        </ul>
      </section>
      {chains.value?.development && (
        <section aria-labelledby="tour" className="card stack">
          <h2 id="tour">{t('start.tour.title')}</h2>
          <ol className="steps">
            {(['start.tour.1', 'start.tour.2', 'start.tour.3', 'start.tour.4', 'start.tour.5'] as const).map((key) => (
              <li key={key}>{t(key)}</li>
            ))}
          </ol>
        </section>
      )}
      <section aria-labelledby="how" className="how">
        <h2 id="how">{t('start.how.title')}</h2>
        <div className="how__columns">
          {(['keys', 'chains', 'check'] as const).map((part) => (
            <div key={part}>
              <h3>{t(`start.how.${part}.title`)}</h3>
              <p>{t(`start.how.${part}.text`)}</p>
            </div>
          ))}
        </div>
      </section>
      <div className="stack">
        <h2 id="chains">{t('start.chains.title')}</h2>
        <p className="muted">{t('start.chains.lead')}</p>
        <Await of={chains}>{(value) => <ChainTable chains={value.chains} health={health.value} />}</Await>
      </div>
    </Shell>
  );
}

function ChainTable({ chains, health }: { chains: Chain[]; health: Health | undefined }): ReactNode {
  const { t, language, optional } = useLanguage();
  return (
    <div className="table-scroll" role="region" aria-labelledby="chains" tabIndex={0}>
      <table className="table table--stack">
        <thead>
          <tr>
            <th scope="col">{t('start.chains.name')}</th>
            <th scope="col">{t('start.chains.state')}</th>
            <th scope="col" className="number">
              {t('start.chains.height')}
            </th>
            <th scope="col" className="number">
              {t('start.chains.id')}
            </th>
            <th scope="col">{t('start.chains.genesis')}</th>
          </tr>
        </thead>
        <tbody>
          {chains.map((chain) => {
            const height = health?.chains[chain.name]?.height ?? chain.height;
            const answers = height !== undefined && height !== null;
            return (
              <tr key={chain.name}>
                <th scope="row">{optional(`chain.${chain.name}`) ?? chain.name}</th>
                <td data-label={t('start.chains.state')}>
                  <span className={`badge badge--${answers ? 'valid' : 'cannot-determine'}`}>
                    {t(answers ? 'start.chains.answers' : 'start.chains.silent')}
                  </span>
                </td>
                <td className="number" data-label={t('start.chains.height')}>
                  {answers ? formatNumber(height, language) : '–'}
                </td>
                <td className="number" data-label={t('start.chains.id')}>
                  {chain.chainId}
                </td>
                <td data-label={t('start.chains.genesis')}>
                  <Identifier value={chain.genesisHash} label={t('start.chains.genesis')} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
