/** Who this wallet is to the city, and what its owner can do with it. */
import { useState, type ReactNode } from 'react';
import { api, ProblemError } from '../../api/client';
import type { PublicKey } from '../../api/types';
import { Button, LinkButton } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { Dialog } from '../../components/Dialog';
import { countryName, formatDate } from '../../components/format';
import { ArrowRight, Lock } from '../../components/icons';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { useAction, useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { thumbprint } from '../../protocol/keys';
import { removeVault } from '../../vault/vault';
import { ownRegistration } from './registration';
import type { OpenWallet } from './wallet';

async function published(address: string): Promise<PublicKey | undefined> {
  try {
    return await api.publicKey(address);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'unknown-address') return undefined;
    throw error;
  }
}

export function Identity({ wallet }: { wallet: OpenWallet }): ReactNode {
  const { t, language } = useLanguage();
  const { account, keys } = wallet;
  const registration = useLoaded(
    async () => ({ ...(await ownRegistration(wallet)), published: await published(account.address) }),
    account.address,
  );
  return (
    <>
      <PageHead title={t('wallet.nav.identity')} />
      <section className="card stack" aria-labelledby="identity-keys">
        <h2 id="identity-keys">{t('identity.keys')}</h2>
        <Details
          rows={[
            [t('identity.address'), <Identifier key="a" value={account.address} label={t('identity.address')} />],
            [
              t('identity.encryptionKey'),
              <Identifier key="e" value={thumbprint(keys.encryption.publicKey)} label={t('identity.encryptionKey')} />,
            ],
          ]}
        />
        <p className="muted small">{t('identity.keys.text')}</p>
      </section>
      <Await of={registration}>
        {({ user, published: key }) => (
          <section className="card stack" aria-labelledby="identity-name">
            <h2 id="identity-name">{t('identity.registration')}</h2>
            {user === undefined ? (
              <Notice tone="info" title={t('identity.unregistered')} />
            ) : (
              <Details
                rows={[
                  [t('identity.status'), t(`registration.status.${user.status}`)],
                  [t('person.name'), user.person.name],
                  [t('person.unit'), user.person.unit],
                  [t('person.city'), `${user.person.city}, ${countryName(user.person.country, language)}`],
                  ...(user.person.birthDate === undefined
                    ? []
                    : ([[t('person.birthDate'), formatDate(user.person.birthDate, language)]] as [string, ReactNode][])),
                  [t('identity.did'), <code key="d" className="break">{user.did}</code>],
                  ...(key === undefined
                    ? []
                    : ([[t('identity.published'), t('identity.published.block', { block: key.source.blockNumber })]] as [string, ReactNode][])),
                ]}
              />
            )}
          </section>
        )}
      </Await>
      <section className="card stack" aria-labelledby="identity-consents">
        <h2 id="identity-consents">{t('consents.section')}</h2>
        <p className="muted small">{t('consents.lead')}</p>
        <LinkButton icon={ArrowRight} href={href('identity', 'consents')}>
          {t('consents.title')}
        </LinkButton>
      </section>
      <div className="buttons">
        <Button icon={Lock} onPress={wallet.lock}>
          {t('wallet.lock')}
        </Button>
        <RemoveWallet lock={wallet.lock} />
      </div>
    </>
  );
}

function RemoveWallet({ lock }: { lock: () => void }): ReactNode {
  const { t } = useLanguage();
  const [asking, setAsking] = useState(false);
  const remove = useAction(async () => {
    await removeVault('wallet');
    lock();
  });
  return (
    <>
      <Button variant="quiet" onPress={() => setAsking(true)}>
        {t('identity.remove')}
      </Button>
      <Dialog role="alertdialog" title={t('identity.remove')} open={asking} onClose={() => setAsking(false)}>
        <div className="stack">
          <p>{t('identity.remove.text')}</p>
          <div className="buttons">
            <Button variant="danger" busy={remove.busy} onPress={() => remove.run()}>
              {t('identity.remove.confirm')}
            </Button>
            <Button onPress={() => setAsking(false)}>{t('action.cancel')}</Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
