/** Real names that wait for an office: the registrar compares them with papers and decides. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { User } from '../../api/types';
import { Button } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { Dialog } from '../../components/Dialog';
import { ErrorNotice } from '../../components/ErrorNotice';
import { TextInput } from '../../components/fields';
import { countryName, formatDate, formatMoment } from '../../components/format';
import { Check, RefreshCw, X } from '../../components/icons';
import { Await, Empty } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { useAction, useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import type { Desk } from './desk';

const POLL_MS = 15_000;

export function Registrations({ desk }: { desk: Desk }): ReactNode {
  const { t } = useLanguage();
  const [done, setDone] = useState<string>();
  const pending = useLoaded(
    () => desk.account.run((session) => api.waitingUsers(session)),
    desk.account.address,
    POLL_MS,
  );
  return (
    <>
      <PageHead
        title={t('registrations.title')}
        lead={t('registrations.lead')}
        actions={
          <Button icon={RefreshCw} busy={pending.loading} onPress={pending.reload}>
            {t('action.refresh')}
          </Button>
        }
      />
      {done !== undefined && <Notice tone="success" live="status" title={done} />}
      <Await of={pending}>
        {(users) =>
          users.length === 0 ? (
            <Empty title={t('registrations.none')} />
          ) : (
            <ul className="cards cards--wide">
              {users.map((user) => (
                <li key={user.address}>
                  <Applicant
                    desk={desk}
                    user={user}
                    onDone={(text) => {
                      setDone(text);
                      pending.reload();
                    }}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Await>
    </>
  );
}

function Applicant(props: { desk: Desk; user: User; onDone: (text: string) => void }): ReactNode {
  const { t, language } = useLanguage();
  const { desk, user } = props;
  const { person } = user;
  const [rejecting, setRejecting] = useState(false);
  const recovering = user.status === 'recovering';
  const confirm = useAction(async () => {
    const answer = await desk.account.run((session) => api.confirm(session, user.address, 'confirm'));
    const done = recovering ? 'registrations.recovered' : 'registrations.confirmed';
    props.onDone(t(done, { name: person.name, block: answer.blockNumber ?? '' }));
  });
  return (
    <article className="card stack" aria-label={person.name}>
      <h2>{person.name}</h2>
      {recovering && (
        <Notice tone="warning" title={t('registrations.recovering.title')}>
          <p>{t('registrations.recovering.text')}</p>
        </Notice>
      )}
      <Details
        rows={[
          [t('person.unit'), person.unit],
          [t('person.city'), `${person.city}, ${countryName(person.country, language)}`],
          ...(person.documentNumber === undefined ? [] : ([[t('person.documentNumber'), person.documentNumber]] as [string, ReactNode][])),
          ...(person.birthDate === undefined
            ? []
            : ([[t('person.birthDate'), formatDate(person.birthDate, language)]] as [string, ReactNode][])),
          [t('registration.account'), user.account],
          [t('registrations.sentAt'), formatMoment(user.registeredAt, language)],
          [t('identity.address'), <Identifier key="a" value={user.address} label={t('identity.address')} />],
        ]}
      />
      {confirm.error !== undefined && <ErrorNotice error={confirm.error} />}
      <div className="buttons">
        <Button variant="primary" icon={Check} busy={confirm.busy} onPress={() => confirm.run()}>
          {t(recovering ? 'registrations.recover' : 'registrations.confirm')}
        </Button>
        <Button icon={X} onPress={() => setRejecting(true)}>
          {t('registrations.reject')}
        </Button>
      </div>
      <RejectDialog
        title={t('registrations.reject.title', { name: person.name })}
        open={rejecting}
        onClose={() => setRejecting(false)}
        reject={async (reason) => {
          await desk.account.run((session) => api.confirm(session, user.address, 'reject', reason));
          props.onDone(t('registrations.rejected', { name: person.name }));
        }}
      />
    </article>
  );
}

/** A refusal needs a reason, because somebody has to live with it. */
export function RejectDialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  reject: (reason: string) => Promise<void>;
}): ReactNode {
  const { t } = useLanguage();
  const [reason, setReason] = useState('');
  const [checked, setChecked] = useState(false);
  const send = useAction(async () => {
    await props.reject(reason.trim());
    props.onClose();
  });
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (reason.trim() !== '') send.run();
        }}
      >
        <TextInput
          label={t('reject.reason')}
          hint={t('reject.reason.hint')}
          value={reason}
          onChange={setReason}
          multiline
          maxLength={1000}
          error={checked && reason.trim() === '' ? t('form.error.required') : undefined}
        />
        {send.error !== undefined && <ErrorNotice error={send.error} />}
        <div className="buttons">
          <Button type="submit" variant="danger" busy={send.busy}>
            {t('reject.action')}
          </Button>
          <Button onPress={props.onClose}>{t('action.cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
