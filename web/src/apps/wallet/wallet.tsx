/** The citizen's wallet: keys that stay on the phone, the certificates sealed to them, and the code that shows one. */
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { ListChecks, Lock, UserRound, Wallet as WalletIcon } from '../../components/icons';
import { Await } from '../../components/Loading';
import { PageHead, Shell } from '../../components/Shell';
import { href, useRoute } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import type { PersonKeys } from '../../protocol/keys';
import { Account } from '../../session/account';
import { signerOfKeys } from '../../session/signer';
import { useCity, type City } from '../../session/use-city';
import { VaultGate } from '../../vault/VaultGate';
import { Applications } from './applications';
import { Certificates } from './certificates';
import { CertificatePage } from './certificate';
import { Consents } from './consents';
import { Identity } from './identity';
import { RegistrationGate } from './registration';
import { ShowPage } from './show';

/** Everything that a page of the open wallet needs. */
export interface OpenWallet {
  keys: PersonKeys;
  account: Account;
  city: City;
  lock: () => void;
}

/** A wallet that nobody touches locks itself. */
const LOCK_AFTER_MS = 10 * 60_000;

export default function WalletApp(): ReactNode {
  const { t } = useLanguage();
  const city = useCity();
  const [open, setOpen] = useState<{ keys: PersonKeys; account: Account }>();
  const lock = useCallback(() => setOpen(undefined), []);
  useIdleLock(open !== undefined, lock);
  const [page = 'certificates'] = useRoute();

  const navigation = open && [
    { href: href(), label: t('wallet.nav.certificates'), icon: WalletIcon, current: page === 'certificates' },
    { href: href('applications'), label: t('wallet.nav.applications'), icon: ListChecks, current: page === 'applications' },
    { href: href('identity'), label: t('wallet.nav.identity'), icon: UserRound, current: page === 'identity' },
  ];
  return (
    <Shell
      app={t('wallet.title')}
      title={t('wallet.title')}
      width="narrow"
      development={city.value?.chains.development}
      {...(navigation && { navigation })}
      aside={
        open && (
          <button type="button" className="header__button" onClick={lock}>
            <Lock aria-hidden size={18} />
            <span>{t('wallet.lock')}</span>
          </button>
        )
      }
    >
      <Await of={city}>
        {(loaded) =>
          open ? (
            <Pages wallet={{ ...open, city: loaded, lock }} />
          ) : (
            <>
              <PageHead title={t('wallet.title')} lead={t('wallet.lead')} />
              <VaultGate
                name="wallet"
                intro="wallet.vault.intro"
                onOpen={(keys) =>
                  setOpen({ keys, account: new Account(signerOfKeys(keys, 'browser'), loaded.chains) })
                }
              />
            </>
          )
        }
      </Await>
    </Shell>
  );
}

function Pages({ wallet }: { wallet: OpenWallet }): ReactNode {
  const [page = 'certificates', id, action] = useRoute();
  const isConsents = page === 'identity' && id === 'consents';
  if (page === 'identity' && !isConsents) return <Identity wallet={wallet} />;
  return (
    <RegistrationGate wallet={wallet}>
      {(user) => {
        if (isConsents) return <Consents wallet={wallet} />;
        if (page === 'applications') {
          return <Applications wallet={wallet} user={user} kind={id === 'new' ? action : undefined} choosing={id === 'new'} />;
        }
        if (id === undefined) return <Certificates wallet={wallet} />;
        return action === 'show' ? (
          <ShowPage key={id} wallet={wallet} id={id} />
        ) : (
          <CertificatePage key={id} wallet={wallet} id={id} />
        );
      }}
    </RegistrationGate>
  );
}

function useIdleLock(active: boolean, lock: () => void): void {
  useEffect(() => {
    if (!active) return;
    let timer = setTimeout(lock, LOCK_AFTER_MS);
    const touched = (): void => {
      clearTimeout(timer);
      timer = setTimeout(lock, LOCK_AFTER_MS);
    };
    const events = ['pointerdown', 'keydown', 'visibilitychange'] as const;
    for (const event of events) addEventListener(event, touched, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const event of events) removeEventListener(event, touched);
    };
  }, [active, lock]);
}
