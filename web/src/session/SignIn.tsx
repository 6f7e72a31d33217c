/** Signing in: with a public sample key in a development city, a key in this browser, or an installed wallet. */
import { useState, type ReactNode } from 'react';
import { Button } from '../components/Button';
import { ErrorNotice } from '../components/ErrorNotice';
import { Building2, ChartColumn, IdCard, KeyRound, ScanLine, Settings2, Wallet } from '../components/icons';
import { useKindTitle } from '../components/kind';
import { Notice } from '../components/Notice';
import { useAction } from '../components/use-loaded';
import { useLanguage, type TextKey } from '../i18n/language';
import { sampleKeys, type SampleRole } from '../protocol/development';
import type { VaultName } from '../vault/vault';
import { VaultGate } from '../vault/VaultGate';
import { Account } from './account';
import { injectedProvider, injectedSigner, signerOfKeys, type Signer } from './signer';
import type { City } from './use-city';

interface SignInProps {
  city: City;
  vault: VaultName;
  vaultIntro: TextKey;
  samples: readonly SampleRole[];
  onSignedIn: (account: Account) => void;
}

export function SignIn(props: SignInProps): ReactNode {
  const { t } = useLanguage();
  const { city, samples } = props;
  const [ownKey, setOwnKey] = useState(false);
  const signIn = useAction(async (make: () => Signer | Promise<Signer>) => {
    const account = new Account(await make(), city.chains);
    await account.session();
    props.onSignedIn(account);
  });
  const provider = injectedProvider();
  return (
    <>
      {signIn.error !== undefined && <ErrorNotice error={signIn.error} />}
      {city.chains.development && samples.length > 0 && (
        <section className="card stack" aria-labelledby="sign-in-samples">
          <h2 id="sign-in-samples">{t('signIn.samples.title')}</h2>
          <Notice tone="warning">
            <p>{t('signIn.samples.warning')}</p>
          </Notice>
          <ul className="samples">
            {samples.map((role) => (
              <li key={role}>
                <SampleButton role={role} city={city} busy={signIn.busy} signIn={signIn.run} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {provider && (
        <section className="card stack" aria-labelledby="sign-in-injected">
          <h2 id="sign-in-injected">{t('signIn.injected.title')}</h2>
          <p>{t('signIn.injected.text')}</p>
          <Button
            icon={Wallet}
            busy={signIn.busy}
            onPress={() => signIn.run(() => injectedSigner(provider, city.chains.chains))}
          >
            {t('signIn.injected.action')}
          </Button>
        </section>
      )}
      {ownKey ? (
        <VaultGate
          name={props.vault}
          intro={props.vaultIntro}
          onOpen={(keys) => signIn.run(() => signerOfKeys(keys, 'browser'))}
        />
      ) : (
        <section className="card stack" aria-labelledby="sign-in-own">
          <h2 id="sign-in-own">{t('signIn.own.title')}</h2>
          <p>{t('signIn.own.text')}</p>
          <Button icon={KeyRound} onPress={() => setOwnKey(true)}>
            {t('signIn.own.action')}
          </Button>
        </section>
      )}
    </>
  );
}

function SampleButton(props: {
  role: SampleRole;
  city: City;
  busy: boolean;
  signIn: (make: () => Signer) => void;
}): ReactNode {
  const { t } = useLanguage();
  const kindTitle = useKindTitle(props.city.kinds);
  const { role } = props;
  const special = { registrar: IdCard, inspector: ScanLine, operator: Settings2, supervisor: ChartColumn } as const;
  const isOffice = !(role in special);
  const label = isOffice ? t('signIn.sample.office', { kind: kindTitle(role) }) : t(`signIn.sample.${role as keyof typeof special}`);
  return (
    <Button
      wide
      icon={isOffice ? Building2 : special[role as keyof typeof special]}
      busy={props.busy}
      onPress={() => props.signIn(() => signerOfKeys(sampleKeys(role), 'sample'))}
    >
      {label}
    </Button>
  );
}
