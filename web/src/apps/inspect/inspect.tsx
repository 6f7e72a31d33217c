/** The inspector: scan a code, see one outcome, have the check recorded. */
import { useState, type ReactNode } from 'react';
import { FileText, History, LogOut, ScanLine, UserRound } from '../../components/icons';
import { UnreachableError } from '../../api/client';
import { Button, LinkButton } from '../../components/Button';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead, Shell } from '../../components/Shell';
import { go, href, useRoute } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { parseCode } from '../../protocol/presentation';
import type { Account } from '../../session/account';
import { SignIn } from '../../session/SignIn';
import { useCity, type City } from '../../session/use-city';
import { Checking } from './checking';
import { forgetOpened } from './inspecting';
import { Offline } from './offline';
import { Records } from './records';
import { Scan } from './scan';

export default function InspectApp(): ReactNode {
  const { t } = useLanguage();
  const city = useCity();
  const [account, setAccount] = useState<Account>();
  const [page] = useRoute();
  const signOut = (): void => {
    void account?.signOut();
    setAccount(undefined);
  };
  const navigation = [
    { href: href(), label: t('inspect.nav.scan'), icon: ScanLine, current: page === undefined },
    { href: href('offline'), label: t('inspect.nav.offline'), icon: FileText, current: page === 'offline' },
    { href: href('records'), label: t('inspect.nav.records'), icon: History, current: page === 'records' },
  ];
  return (
    <Shell
      app={t('inspect.title')}
      title={t('inspect.title')}
      width="narrow"
      development={city.value?.chains.development}
      navigation={navigation}
      aside={
        account && (
          <button type="button" className="header__button" onClick={signOut}>
            <LogOut aria-hidden size={18} />
            <span>{t('session.signOut')}</span>
          </button>
        )
      }
    >
      {page === 'offline' ? (
        <Offline city={city.value} isLoading={city.loading} />
      ) : (
        <>
          <Await of={city}>
            {(loaded) => <Pages city={loaded} account={account} onSignedIn={setAccount} page={page} />}
          </Await>
          {city.error instanceof UnreachableError && (
            <Notice tone="info" title={t('offline.instead.title')}>
              <LinkButton href={href('offline')} icon={FileText}>
                {t('offline.instead.action')}
              </LinkButton>
            </Notice>
          )}
        </>
      )}
    </Shell>
  );
}

function Pages(props: {
  city: City;
  account: Account | undefined;
  onSignedIn: (account: Account) => void;
  page: string | undefined;
}): ReactNode {
  const { t } = useLanguage();
  const { city, account, page } = props;
  // A code that came with the address is taken once and then removed from it, so that its key does not stay in the history.
  const [code, setCode] = useState(() => {
    const given = parseCode(location.hash);
    if (given) history.replaceState(null, '', location.pathname);
    return given;
  });
  if (page === 'sign-in') {
    return (
      <>
        <PageHead title={t('inspect.signIn.title')} lead={t('inspect.signIn.lead')} />
        <SignIn
          city={city}
          vault="inspect"
          vaultIntro="inspect.vault.intro"
          samples={['inspector']}
          onSignedIn={(signedIn) => {
            props.onSignedIn(signedIn);
            go();
          }}
        />
      </>
    );
  }
  if (page === 'records') return <Records city={city} account={account} />;
  if (code) {
    return (
      <Checking
        key={`${code.id} ${account?.address ?? ''}`}
        city={city}
        account={account}
        code={code}
        onNext={() => {
          forgetOpened();
          setCode(undefined);
        }}
      />
    );
  }
  return (
    <>
      <PageHead title={t('inspect.title')} lead={t('inspect.lead')} />
      <Scan onCode={setCode} />
      <Who account={account} />
    </>
  );
}

function Who({ account }: { account: Account | undefined }): ReactNode {
  const { t } = useLanguage();
  if (!account) {
    return (
      <Notice tone="info" title={t('inspect.anonymous.title')}>
        <p>{t('inspect.anonymous.text')}</p>
        <Button icon={UserRound} onPress={() => go('sign-in')}>
          {t('inspect.signIn.action')}
        </Button>
      </Notice>
    );
  }
  if (!account.has('inspector')) {
    return <Notice tone="warning" title={t('inspect.noRole.title')} />;
  }
  return (
    <p className="seat small">
      {t('inspect.signedIn')} <code>{`${account.address.slice(0, 8)}…${account.address.slice(-6)}`}</code>
      {account.signer.kind === 'sample' && <span className="badge badge--suspended">{t('signIn.sample.badge')}</span>}
    </p>
  );
}
