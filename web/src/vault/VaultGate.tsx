/** Getting at keys that stay in this browser: make them, recover them, or unlock them. */
import { useState, type SubmitEvent, type ReactNode } from 'react';
import { Button } from '../components/Button';
import { TextInput } from '../components/fields';
import { KeyRound, Lock, Plus, RefreshCw } from '../components/icons';
import { Await } from '../components/Loading';
import { Notice } from '../components/Notice';
import { useAction, useLoaded } from '../components/use-loaded';
import { useLanguage, type TextKey } from '../i18n/language';
import { isPhrase, keysFromPhrase, newPhrase, unknownWords, type PersonKeys } from '../protocol/keys';
import { ConfirmPhrase, ShowPhrase } from './phrase';
import { createVault, MIN_PASSPHRASE_CHARACTERS, openVault, peekVault, VaultError, type VaultName } from './vault';

type Step =
  | { at: 'choose' }
  | { at: 'show'; phrase: string }
  | { at: 'confirm'; phrase: string }
  | { at: 'recover' }
  | { at: 'protect'; phrase: string };

interface GateProps {
  name: VaultName;
  /** What the app says about making keys here. */
  intro: TextKey;
  onOpen: (keys: PersonKeys) => void;
}

export function VaultGate(props: GateProps): ReactNode {
  const existing = useLoaded(async () => ({ address: await peekVault(props.name) }), props.name);
  return (
    <Await of={existing}>
      {({ address }) =>
        address === undefined ? <Setup {...props} /> : <Unlock {...props} address={address} />
      }
    </Await>
  );
}

function Setup({ name, intro, onOpen }: GateProps): ReactNode {
  const { t } = useLanguage();
  const [step, setStep] = useState<Step>({ at: 'choose' });
  const back = (): void => setStep({ at: 'choose' });
  switch (step.at) {
    case 'choose':
      return (
        <section className="card stack" aria-labelledby="vault-choose">
          <h2 id="vault-choose">{t('vault.choose.title')}</h2>
          <p>{t(intro)}</p>
          <Button variant="primary" wide icon={Plus} onPress={() => setStep({ at: 'show', phrase: newPhrase() })}>
            {t('vault.create')}
          </Button>
          <Button wide icon={RefreshCw} onPress={() => setStep({ at: 'recover' })}>
            {t('vault.recover')}
          </Button>
          <p className="muted small">{t('vault.choose.note')}</p>
        </section>
      );
    case 'show':
      return (
        <ShowPhrase phrase={step.phrase} onDone={() => setStep({ at: 'confirm', phrase: step.phrase })} onBack={back} />
      );
    case 'confirm':
      return (
        <ConfirmPhrase
          phrase={step.phrase}
          onDone={() => setStep({ at: 'protect', phrase: step.phrase })}
          onBack={() => setStep({ at: 'show', phrase: step.phrase })}
        />
      );
    case 'recover':
      return <Recover onPhrase={(phrase) => setStep({ at: 'protect', phrase })} onBack={back} />;
    case 'protect':
      return <Protect name={name} phrase={step.phrase} onOpen={onOpen} />;
  }
}

function Recover(props: { onPhrase: (phrase: string) => void; onBack: () => void }): ReactNode {
  const { t } = useLanguage();
  const [text, setText] = useState('');
  const [error, setError] = useState<string>();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const unknown = unknownWords(text);
    if (isPhrase(text)) props.onPhrase(text);
    else setError(unknown.length > 0 ? t('vault.phrase.unknownWords', { words: unknown.join(', ') }) : t('vault.phrase.wrong'));
  };
  return (
    <form className="card stack" onSubmit={submit} aria-labelledby="vault-recover" noValidate>
      <h2 id="vault-recover">{t('vault.recover')}</h2>
      <p>{t('vault.recover.lead')}</p>
      <TextInput
        label={t('vault.phrase.label')}
        hint={t('vault.phrase.hint')}
        value={text}
        onChange={setText}
        error={error}
        multiline
        mono
        autoComplete="off"
      />
      <div className="buttons">
        <Button type="submit" variant="primary">
          {t('action.continue')}
        </Button>
        <Button variant="quiet" onPress={props.onBack}>
          {t('action.back')}
        </Button>
      </div>
    </form>
  );
}

function Protect(props: { name: VaultName; phrase: string; onOpen: (keys: PersonKeys) => void }): ReactNode {
  const { t } = useLanguage();
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [problem, setProblem] = useState<{ passphrase?: string; again?: string }>({});
  const save = useAction(async () => {
    await createVault(props.name, props.phrase, passphrase);
    props.onOpen(keysFromPhrase(props.phrase));
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (passphrase.length < MIN_PASSPHRASE_CHARACTERS) {
      setProblem({ passphrase: t('vault.passphrase.short', { count: MIN_PASSPHRASE_CHARACTERS }) });
    } else if (passphrase !== again) setProblem({ again: t('vault.passphrase.differs') });
    else {
      setProblem({});
      save.run();
    }
  };
  return (
    <form className="card stack" onSubmit={submit} aria-labelledby="vault-protect" noValidate>
      <h2 id="vault-protect">{t('vault.protect.title')}</h2>
      <p>{t('vault.protect.lead')}</p>
      <TextInput
        label={t('vault.passphrase.new')}
        hint={t('vault.passphrase.hint', { count: MIN_PASSPHRASE_CHARACTERS })}
        type="password"
        autoComplete="new-password"
        value={passphrase}
        onChange={setPassphrase}
        error={problem.passphrase}
      />
      <TextInput
        label={t('vault.passphrase.again')}
        type="password"
        autoComplete="new-password"
        value={again}
        onChange={setAgain}
        error={problem.again}
      />
      {save.error !== undefined && <Notice tone="danger" live="alert" title={t('vault.save.failed')} />}
      <Button type="submit" variant="primary" wide icon={Lock} busy={save.busy}>
        {t('vault.protect.action')}
      </Button>
    </form>
  );
}

function Unlock(props: GateProps & { address: string }): ReactNode {
  const { t } = useLanguage();
  const [passphrase, setPassphrase] = useState('');
  const [forgotten, setForgotten] = useState(false);
  const unlock = useAction(async () => {
    props.onOpen(keysFromPhrase(await openVault(props.name, passphrase)));
  });
  if (forgotten) return <Forgotten {...props} onBack={() => setForgotten(false)} />;
  const wrong = unlock.error instanceof VaultError ? t('vault.passphrase.wrong') : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    unlock.run();
  };
  return (
    <form className="card stack" onSubmit={submit} aria-labelledby="vault-unlock" noValidate>
      <h2 id="vault-unlock">{t('vault.unlock.title')}</h2>
      <p className="muted">
        {t('vault.unlock.lead')} <code className="break">{props.address}</code>
      </p>
      <TextInput
        label={t('vault.passphrase')}
        type="password"
        autoComplete="current-password"
        value={passphrase}
        onChange={setPassphrase}
        error={wrong}
      />
      <Button type="submit" variant="primary" wide icon={KeyRound} busy={unlock.busy}>
        {t('vault.unlock.action')}
      </Button>
      <Button variant="quiet" wide onPress={() => setForgotten(true)}>
        {t('vault.forgotten')}
      </Button>
    </form>
  );
}

function Forgotten(props: GateProps & { onBack: () => void }): ReactNode {
  const { t } = useLanguage();
  const [phrase, setPhrase] = useState<string>();
  if (phrase !== undefined) return <Protect name={props.name} phrase={phrase} onOpen={props.onOpen} />;
  return (
    <>
      <Notice tone="warning" title={t('vault.forgotten.title')}>
        <p>{t('vault.forgotten.lead')}</p>
      </Notice>
      <Recover onPhrase={setPhrase} onBack={props.onBack} />
    </>
  );
}
