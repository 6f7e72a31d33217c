/** One issued certificate: its standing, and what the office can change about it. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Certificate } from '../../api/types';
import { Button, LinkButton } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { Dialog } from '../../components/Dialog';
import { ErrorNotice } from '../../components/ErrorNotice';
import { SelectInput } from '../../components/fields';
import { formatDate } from '../../components/format';
import { Ban, CircleCheck, PauseCircle, RefreshCw } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { standingOf, StatusBadge } from '../../components/StatusBadge';
import { useAction, useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { changeStatusTypedData, REASONS, type Reason, type SignedStatus } from '../../protocol/typed-data';
import { domainOf, operationDeadline } from '../../session/account';
import type { Desk } from './desk';
import { CertificateHistory } from './history';

export function IssuedPage({ desk, id }: { desk: Desk; id: string }): ReactNode {
  const { t } = useLanguage();
  const kindTitle = useKindTitle(desk.city.kinds);
  const certificate = useLoaded(() => api.certificate(id), id);
  return (
    <div className="column">
      <PageHead
        title={certificate.value ? kindTitle(certificate.value.kind) : t('certificate.title')}
        back={{ href: href('certificates'), label: t('desk.nav.certificates') }}
      />
      <Await of={certificate}>
        {(value) => <Standing desk={desk} certificate={value} reload={certificate.reload} />}
      </Await>
    </div>
  );
}

interface Change {
  status: SignedStatus;
  /** The reasons that make sense for it; the first is chosen to begin with. */
  reasons: Reason[];
}

const SUSPEND: Change = { status: 'suspended', reasons: ['certificate-hold'] };
const RESUME: Change = { status: 'valid', reasons: ['unspecified'] };
const REVOKE: Change = { status: 'revoked', reasons: REASONS.filter((reason) => reason !== 'certificate-hold') };

function Standing(props: { desk: Desk; certificate: Certificate; reload: () => void }): ReactNode {
  const { t, language } = useLanguage();
  const { desk, certificate } = props;
  const [change, setChange] = useState<Change>();
  const [done, setDone] = useState<string>();
  const [history, setHistory] = useState(0);
  const mine = desk.organization?.code === certificate.organization && desk.kinds.includes(certificate.kind);
  const changeable = mine && (certificate.status === 'valid' || certificate.status === 'suspended');
  return (
    <>
      {done !== undefined && <Notice tone="success" live="status" title={done} />}
      <section className="card stack" aria-labelledby="standing">
        <div className="row row--between">
          <h2 id="standing">{t('certificate.status')}</h2>
          <StatusBadge standing={standingOf(certificate)} />
        </div>
        <Details
          rows={[
            [t('certificate.id'), <Identifier key="i" value={certificate.certificateId} label={t('certificate.id')} />],
            [t('certificate.holder'), <Identifier key="h" value={certificate.holder} label={t('certificate.holder')} />],
            [t('certificate.validFrom'), formatDate(certificate.validFrom, language)],
            [
              t('certificate.validUntil'),
              certificate.validUntil === undefined ? t('certificate.withoutEnd') : formatDate(certificate.validUntil, language),
            ],
            ...(certificate.revision > 0
              ? ([[t('certificate.reason'), t(`reason.${certificate.reason}`)]] as [string, ReactNode][])
              : []),
            [t('provenance.chain'), `${certificate.chain}, ${t('provenance.block')} ${certificate.block}`],
            ...(certificate.renewedBy === undefined
              ? []
              : ([[t('certificate.renewedBy'), <a key="r" href={href('certificates', certificate.renewedBy)}>{t('certificate.openRenewal')}</a>]] as [string, ReactNode][])),
            ...(certificate.previous === undefined
              ? []
              : ([[t('certificate.previous'), <a key="p" href={href('certificates', certificate.previous)}>{t('certificate.openPrevious')}</a>]] as [string, ReactNode][])),
          ]}
        />
        {changeable && (
          <div className="buttons">
            <LinkButton icon={RefreshCw} href={href('issue', 'renewal', certificate.certificateId)}>
              {t('change.renew')}
            </LinkButton>
            {certificate.status === 'valid' ? (
              <Button icon={PauseCircle} onPress={() => setChange(SUSPEND)}>
                {t('change.suspended')}
              </Button>
            ) : (
              <Button icon={CircleCheck} onPress={() => setChange(RESUME)}>
                {t('change.valid')}
              </Button>
            )}
            <Button variant="danger" icon={Ban} onPress={() => setChange(REVOKE)}>
              {t('change.revoked')}
            </Button>
          </div>
        )}
        {!mine && <Notice tone="info" title={t('change.notMine')} />}
      </section>
      {mine && <CertificateHistory key={history} desk={desk} certificate={certificate} />}
      {change && (
        <ChangeDialog
          desk={desk}
          certificate={certificate}
          change={change}
          onClose={() => setChange(undefined)}
          onDone={(text) => {
            setChange(undefined);
            setDone(text);
            setHistory((before) => before + 1);
            props.reload();
          }}
        />
      )}
    </>
  );
}

function ChangeDialog(props: {
  desk: Desk;
  certificate: Certificate;
  change: Change;
  onClose: () => void;
  onDone: (text: string) => void;
}): ReactNode {
  const { t } = useLanguage();
  const { desk, certificate, change } = props;
  const [reason, setReason] = useState<Reason>(change.reasons[0] ?? 'unspecified');
  const apply = useAction(async () => {
    // The signature names the revision, so it must be the present one.
    const present = await api.certificate(certificate.certificateId);
    const deadline = operationDeadline();
    const operation = {
      certificateId: present.certificateId,
      status: change.status,
      reason,
      revision: present.revision,
      deadline,
    };
    const signature = await desk.account.signer.signTypedData(
      changeStatusTypedData(domainOf(desk.city.chains, present.chain), operation),
    );
    const answer = await desk.account.run((session) =>
      api.changeStatus(session, present.certificateId, {
        kind: present.kind,
        status: change.status,
        reason,
        revision: present.revision,
        deadline,
        signature,
      }),
    );
    props.onDone(t('change.done', { block: answer.blockNumber }));
  });
  const key = `change.${change.status}` as const;
  return (
    <Dialog role="alertdialog" title={t(`${key}.title`)} open onClose={props.onClose}>
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          apply.run();
        }}
      >
        <p>{t(`${key}.text`)}</p>
        {change.reasons.length > 1 && (
          <SelectInput
            label={t('certificate.reason')}
            value={reason}
            onChange={(value) => setReason(value as Reason)}
            options={change.reasons.map((value) => ({ value, label: t(`reason.${value}`) }))}
          />
        )}
        {apply.error !== undefined && <ErrorNotice error={apply.error} />}
        <div className="buttons">
          <Button type="submit" variant={change.status === 'revoked' ? 'danger' : 'primary'} busy={apply.busy}>
            {t(key)}
          </Button>
          <Button onPress={props.onClose}>{t('action.cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
