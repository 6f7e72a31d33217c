/** The issuing desk: confirm who people are, issue certificates, and look after those that are issued. */
import { useState, type ReactNode } from 'react';
import { FileCheck2, IdCard, ListChecks, LogOut } from '../../components/icons';
import { Identifier } from '../../components/Details';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead, Shell, type NavigationItem } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { href, useRoute } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { api } from '../../api/client';
import type { Organization } from '../../api/types';
import { sameHex } from '../../protocol/encoding';
import { SAMPLE_OFFICES } from '../../protocol/development';
import type { Account } from '../../session/account';
import { SignIn } from '../../session/SignIn';
import { useCity, type City } from '../../session/use-city';
import { ApplicationPage } from './application';
import { Applications } from './applications';
import { IssuedPage } from './certificate';
import { IssuePage } from './issue';
import { IssuedList } from './issued';
import { Registrations } from './registrations';

/** A clerk at work: for which organization, with which rights. */
export interface Desk {
  account: Account;
  city: City;
  organization: Organization | undefined;
  /** Kinds that this key may issue at present. */
  kinds: string[];
}

export default function DeskApp(): ReactNode {
  const { t } = useLanguage();
  const city = useCity();
  const [account, setAccount] = useState<Account>();
  const signOut = (): void => {
    void account?.signOut();
    setAccount(undefined);
    location.hash = '';
  };
  return (
    <DeskShell city={city.value} account={account} signOut={signOut}>
      <Await of={city}>
        {(loaded) =>
          account ? (
            <SignedIn city={loaded} account={account} />
          ) : (
            <div className="column">
              <PageHead title={t('desk.title')} lead={t('desk.lead')} />
              <SignIn
                city={loaded}
                vault="desk"
                vaultIntro="desk.vault.intro"
                samples={['registrar', ...SAMPLE_OFFICES]}
                onSignedIn={setAccount}
              />
            </div>
          )
        }
      </Await>
    </DeskShell>
  );
}

function DeskShell(props: {
  city: City | undefined;
  account: Account | undefined;
  signOut: () => void;
  children: ReactNode;
}): ReactNode {
  const { t } = useLanguage();
  const [page] = useRoute();
  const { account, city } = props;
  const navigation: NavigationItem[] = [];
  if (account?.has('registrar')) {
    navigation.push({
      href: href('registrations'),
      label: t('desk.nav.registrations'),
      icon: IdCard,
      current: (page ?? 'registrations') === 'registrations',
    });
  }
  if (account?.has('issuer')) {
    const first = account.has('registrar') ? undefined : 'applications';
    navigation.push(
      {
        href: href('applications'),
        label: t('desk.nav.applications'),
        icon: ListChecks,
        current: (page ?? first) === 'applications' || page === 'issue',
      },
      {
        href: href('certificates'),
        label: t('desk.nav.certificates'),
        icon: FileCheck2,
        current: page === 'certificates',
      },
    );
  }
  return (
    <Shell
      app={t('desk.title')}
      title={t('desk.title')}
      development={city?.chains.development}
      navigation={navigation}
      aside={
        account && (
          <button type="button" className="header__button" onClick={props.signOut}>
            <LogOut aria-hidden size={18} />
            <span>{t('session.signOut')}</span>
          </button>
        )
      }
    >
      {props.children}
    </Shell>
  );
}

function organizationOf(organizations: Organization[], account: Account): Organization | undefined {
  return organizations.find((one) => one.keys.some((key) => sameHex(key.address, account.address)));
}

/** Kinds for which the key is within its time now. */
function currentKinds(organization: Organization | undefined, account: Account, city: City): string[] {
  const now = Date.now();
  const rights = (organization?.keys ?? [])
    .filter(
      (key) =>
        sameHex(key.address, account.address) &&
        key.revokedAt === undefined &&
        Date.parse(key.notBefore) <= now &&
        (key.notAfter === undefined || now < Date.parse(key.notAfter)),
    )
    .map((key) => key.right);
  return city.kinds.map((kind) => kind.kind).filter((kind) => rights.includes(kind));
}

function SignedIn({ city, account }: { city: City; account: Account }): ReactNode {
  const { t } = useLanguage();
  const organizations = useLoaded(() => api.organizations(), 'organizations');
  if (!account.has('registrar') && !account.has('issuer')) {
    return (
      <div className="column">
        <PageHead title={t('desk.noRole.title')} />
        <Notice tone="warning">
          <p>{t('desk.noRole.text')}</p>
          <p>
            <Identifier value={account.address} label={t('identity.address')} />
          </p>
        </Notice>
      </div>
    );
  }
  return (
    <Await of={organizations}>
      {(list) => {
        const organization = organizationOf(list, account);
        const desk: Desk = { account, city, organization, kinds: currentKinds(organization, account, city) };
        return (
          <>
            <p className="seat">
              <strong>{organization?.name ?? t('desk.noOrganization')}</strong>
              {account.signer.kind === 'sample' && <span className="badge badge--suspended">{t('signIn.sample.badge')}</span>}
            </p>
            <Pages desk={desk} />
          </>
        );
      }}
    </Await>
  );
}

function Pages({ desk }: { desk: Desk }): ReactNode {
  const [page, id, second] = useRoute();
  const first = desk.account.has('registrar') ? 'registrations' : 'applications';
  switch (page ?? first) {
    case 'applications':
      return id === undefined ? <Applications desk={desk} /> : <ApplicationPage key={id} desk={desk} id={id} />;
    case 'issue':
      return <IssuePage key={`${id}-${second}`} desk={desk} from={id} id={second} />;
    case 'certificates':
      return id === undefined ? <IssuedList desk={desk} /> : <IssuedPage key={id} desk={desk} id={id} />;
    default:
      return <Registrations desk={desk} />;
  }
}
