/** The portal of supervisors and operators: what the city does as pictures, reports of a period, and what an operator configures. */
import { useState, type ReactNode } from 'react';
import { Identifier } from '../../components/Details';
import { Building2, ChartColumn, Coins, FileCheck2, FileSpreadsheet, ListChecks, LogOut, Settings2 } from '../../components/icons';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead, Shell, type NavigationItem } from '../../components/Shell';
import { href, useRoute } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import type { Account } from '../../session/account';
import { SignIn } from '../../session/SignIn';
import { useCity, type City } from '../../session/use-city';
import { ContractsPage } from './contracts';
import { FeesPage } from './fees';
import { OrganizationsPage } from './organizations';
import { Overview } from './overview';
import { QuotasPage } from './quotas';
import { Reports } from './reports';
import { ServicesPage } from './services';

/** Somebody who watches the city, or configures it. */
export interface Watch {
  account: Account;
  city: City;
}

export default function PortalApp(): ReactNode {
  const { t } = useLanguage();
  const city = useCity();
  const [account, setAccount] = useState<Account>();
  const [page = 'overview'] = useRoute();
  const signOut = (): void => {
    void account?.signOut();
    setAccount(undefined);
    location.hash = '';
  };
  return (
    <Shell
      app={t('portal.title')}
      title={t('portal.title')}
      development={city.value?.chains.development}
      navigation={isWatching(account) ? navigationOf(page, t) : []}
      aside={
        account && (
          <button type="button" className="header__button" onClick={signOut}>
            <LogOut aria-hidden size={18} />
            <span>{t('session.signOut')}</span>
          </button>
        )
      }
    >
      <Await of={city}>
        {(loaded) =>
          account ? (
            <SignedIn watch={{ city: loaded, account }} page={page} />
          ) : (
            <div className="column">
              <PageHead title={t('portal.title')} lead={t('portal.lead')} />
              <SignIn
                city={loaded}
                vault="portal"
                vaultIntro="portal.vault.intro"
                samples={['supervisor', 'operator']}
                onSignedIn={setAccount}
              />
            </div>
          )
        }
      </Await>
    </Shell>
  );
}

function isWatching(account: Account | undefined): boolean {
  return account !== undefined && (account.has('supervisor') || account.has('operator'));
}

function navigationOf(page: string, t: ReturnType<typeof useLanguage>['t']): NavigationItem[] {
  return [
    { href: href('overview'), label: t('portal.nav.overview'), icon: ChartColumn, current: page === 'overview' },
    { href: href('reports'), label: t('portal.nav.reports'), icon: FileSpreadsheet, current: page === 'reports' },
    { href: href('services'), label: t('portal.nav.services'), icon: ListChecks, current: page === 'services' },
    { href: href('organizations'), label: t('portal.nav.organizations'), icon: Building2, current: page === 'organizations' },
    { href: href('contracts'), label: t('portal.nav.contracts'), icon: FileCheck2, current: page === 'contracts' },
    { href: href('quotas'), label: t('portal.nav.quotas'), icon: Settings2, current: page === 'quotas' },
    { href: href('fees'), label: t('portal.nav.fees'), icon: Coins, current: page === 'fees' },
  ];
}

function SignedIn({ watch, page }: { watch: Watch; page: string }): ReactNode {
  const { t } = useLanguage();
  if (!isWatching(watch.account)) {
    return (
      <div className="column">
        <PageHead title={t('portal.noRole.title')} />
        <Notice tone="warning">
          <p>{t('portal.noRole.text')}</p>
          <p>
            <Identifier value={watch.account.address} label={t('identity.address')} />
          </p>
        </Notice>
      </div>
    );
  }
  switch (page) {
    case 'reports':
      return <Reports watch={watch} />;
    case 'services':
      return <ServicesPage watch={watch} />;
    case 'organizations':
      return <OrganizationsPage watch={watch} />;
    case 'contracts':
      return <ContractsPage watch={watch} />;
    case 'fees':
      return <FeesPage watch={watch} />;
    case 'quotas':
      return <QuotasPage watch={watch} />;
    default:
      return <Overview watch={watch} />;
  }
}
