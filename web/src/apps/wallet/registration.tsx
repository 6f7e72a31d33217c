/** Real-name registration: the form, the wait for an office, and the way on. */
import { useState, type SubmitEvent, type ReactNode } from 'react';
import { api, ProblemError } from '../../api/client';
import type { Person, User } from '../../api/types';
import { Button } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { ErrorNotice } from '../../components/ErrorNotice';
import { CheckboxInput, SelectInput, TextInput } from '../../components/fields';
import { countries } from '../../components/format';
import { IdCard, RefreshCw } from '../../components/icons';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { useAction, useLoaded } from '../../components/use-loaded';
import { useLanguage, type TextKey } from '../../i18n/language';
import { hexFromBytes } from '../../protocol/encoding';
import { signedKeyAttributes } from '../../protocol/registration';
import type { OpenWallet } from './wallet';

/** Whether an office has decided is asked for this often. */
const POLL_MS = 5_000;

/** The registration of the wallet's owner; `undefined` in `user` if there is none. */
export async function ownRegistration({ account }: OpenWallet): Promise<{ user?: User }> {
  try {
    return { user: await account.run((session) => api.user(session, account.address)) };
  } catch (error) {
    const unregistered = error instanceof ProblemError && ['unknown-address', 'role-required'].includes(error.code);
    if (unregistered) return {};
    throw error;
  }
}

/** Shows what needs a confirmed registration, or how to get one. */
export function RegistrationGate(props: { wallet: OpenWallet; children: (user: User) => ReactNode }): ReactNode {
  const { wallet } = props;
  const registration = useLoaded(() => ownRegistration(wallet), wallet.account.address, POLL_MS);
  return (
    <Await of={registration}>
      {({ user }) => {
        if (user === undefined) return <RegistrationForm wallet={wallet} onDone={registration.reload} />;
        if (user.status === 'confirmed') return props.children(user);
        return <Waiting user={user} reload={registration.reload} />;
      }}
    </Await>
  );
}

/** What is said to somebody whose registration is not, or no longer, confirmed. */
const WAITING: Record<User['status'], { title: TextKey; text: TextKey; tone: 'info' | 'danger' | 'warning' }> = {
  pending: { title: 'registration.pending.title', text: 'registration.pending.text', tone: 'info' },
  recovering: { title: 'registration.recovering.title', text: 'registration.recovering.text', tone: 'info' },
  rejected: { title: 'registration.rejected.title', text: 'registration.rejected.text', tone: 'danger' },
  replaced: { title: 'registration.replaced.title', text: 'registration.replaced.text', tone: 'warning' },
  confirmed: { title: 'registration.status.confirmed', text: 'registration.status.confirmed', tone: 'info' },
};

function Waiting({ user, reload }: { user: User; reload: () => void }): ReactNode {
  const { t } = useLanguage();
  const { title, text, tone } = WAITING[user.status];
  return (
    <>
      <PageHead title={t(title)} />
      <Notice tone={tone} live="status">
        <p>{t(text)}</p>
        {user.reason !== undefined && (
          <p>
            {t('registration.reason')} {user.reason}
          </p>
        )}
      </Notice>
      <section className="card">
        <Details
          rows={[
            [t('person.name'), user.person.name],
            [t('registration.account'), user.account],
            [t('identity.address'), <Identifier key="address" value={user.address} label={t('identity.address')} />],
          ]}
        />
      </section>
      <Button icon={RefreshCw} onPress={reload}>
        {t('action.refresh')}
      </Button>
    </>
  );
}

type Draft = Record<keyof Person | 'account', string>;

function RegistrationForm({ wallet, onDone }: { wallet: OpenWallet; onDone: () => void }): ReactNode {
  const { t, language } = useLanguage();
  const [draft, setDraft] = useState<Draft>({
    name: '',
    unit: '',
    city: '',
    country: language === 'zh' ? 'CN' : '',
    documentNumber: '',
    birthDate: '',
    account: '',
  });
  const [recovery, setRecovery] = useState(false);
  const [checked, setChecked] = useState(false);
  const missing = (name: keyof Draft): string | undefined =>
    checked && draft[name].trim() === '' ? t('form.error.required') : undefined;
  const field = (name: keyof Draft): { value: string; onChange: (value: string) => void; name: string } => ({
    name,
    value: draft[name],
    onChange: (value) => setDraft({ ...draft, [name]: value }),
  });

  const register = useAction(async () => {
    const { keys, account } = wallet;
    const attributes = await signedKeyAttributes(keys);
    await account.run((session) =>
      api.register(session, {
        account: draft.account.trim(),
        address: account.address,
        publicKey: keys.publicKey,
        encryptionKey: hexFromBytes(keys.encryption.publicBytes),
        userType: 'person',
        person: {
          name: draft.name.trim(),
          unit: draft.unit.trim(),
          city: draft.city.trim(),
          country: draft.country,
          ...(draft.documentNumber.trim() !== '' && { documentNumber: draft.documentNumber.trim() }),
          ...(draft.birthDate !== '' && { birthDate: draft.birthDate }),
        },
        attributes,
        ...(recovery && { recovery }),
      }),
    );
    await account.refreshRoles();
    onDone();
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    const required = ['name', 'unit', 'city', 'country', 'account'] as const;
    if (required.every((name) => draft[name].trim() !== '')) register.run();
  };
  return (
    <>
      <PageHead title={t('registration.title')} lead={t('registration.lead')} />
      <form className="card stack" onSubmit={submit} aria-label={t('registration.title')} noValidate>
        <TextInput label={t('person.name')} autoComplete="name" error={missing('name')} maxLength={200} {...field('name')} />
        <TextInput
          label={t('person.unit')}
          hint={t('person.unit.hint')}
          autoComplete="organization"
          error={missing('unit')}
          maxLength={200}
          {...field('unit')}
        />
        <TextInput label={t('person.city')} autoComplete="address-level2" error={missing('city')} maxLength={200} {...field('city')} />
        <SelectInput
          label={t('person.country')}
          options={countries(language)}
          placeholder={t('form.choose')}
          error={missing('country')}
          {...field('country')}
        />
        <TextInput
          label={t('person.documentNumber')}
          hint={t('person.documentNumber.hint')}
          required={false}
          autoComplete="off"
          maxLength={64}
          {...field('documentNumber')}
        />
        <TextInput label={t('person.birthDate')} required={false} type="date" autoComplete="bday" {...field('birthDate')} />
        <TextInput
          label={t('registration.account')}
          hint={t('registration.account.hint')}
          autoComplete="username"
          error={missing('account')}
          maxLength={64}
          {...field('account')}
        />
        <CheckboxInput label={t('registration.recovery')} checked={recovery} onChange={setRecovery} />
        {recovery && (
          <Notice tone="warning">
            <p>{t('registration.recovery.text')}</p>
          </Notice>
        )}
        <p className="muted small">{t('registration.privacy')}</p>
        {register.error !== undefined && <ErrorNotice error={register.error} />}
        <Button type="submit" variant="primary" wide icon={IdCard} busy={register.busy}>
          {t('registration.submit')}
        </Button>
      </form>
    </>
  );
}
