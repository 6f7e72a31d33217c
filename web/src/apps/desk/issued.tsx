/** Certificates that this office has issued, and any certificate by its identifier. */
import { useState, type SubmitEvent, type ReactNode } from 'react';
import type { Hex } from 'viem';
import { api } from '../../api/client';
import type { Certificate } from '../../api/types';
import { Button, LinkButton } from '../../components/Button';
import { Identifier } from '../../components/Details';
import { TextInput } from '../../components/fields';
import { formatDate } from '../../components/format';
import { Search } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { standingOf, StatusBadge } from '../../components/StatusBadge';
import { useLoaded } from '../../components/use-loaded';
import { go, href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { isHash } from '../../protocol/encoding';
import type { Desk } from './desk';

/** Newest applications whose certificates are shown; any other certificate is found by its identifier. */
const MAX_SHOWN = 50;

/** Longest chain of renewals that is followed. */
const MAX_RENEWALS = 10;

/** A certificate and those that have renewed it, the newest first. */
async function withRenewals(id: Hex): Promise<Certificate[]> {
  const line: Certificate[] = [];
  let next: Hex | undefined = id;
  while (next !== undefined && line.length < MAX_RENEWALS) {
    const certificate: Certificate = await api.certificate(next);
    line.unshift(certificate);
    next = certificate.renewedBy;
  }
  return line;
}

async function issuedBy(desk: Desk): Promise<Certificate[]> {
  const applications = await desk.account.run((session) => api.applications(session, { status: 'issued' }));
  const ids = applications.flatMap((one) => (one.certificateId === undefined ? [] : [one.certificateId]));
  return (await Promise.all(ids.slice(0, MAX_SHOWN).map(withRenewals))).flat();
}

export function IssuedList({ desk }: { desk: Desk }): ReactNode {
  const { t } = useLanguage();
  const issued = useLoaded(() => issuedBy(desk), desk.account.address);
  return (
    <>
      <PageHead title={t('desk.nav.certificates')} lead={t('issued.lead')} />
      <FindForm />
      <Await of={issued}>
        {(list) => (list.length === 0 ? <Empty title={t('issued.none')} /> : <IssuedTable desk={desk} list={list} />)}
      </Await>
    </>
  );
}

function FindForm(): ReactNode {
  const { t } = useLanguage();
  const [id, setId] = useState('');
  const [checked, setChecked] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (isHash(id.trim())) go('certificates', id.trim());
  };
  return (
    <form className="find" onSubmit={submit} noValidate role="search">
      <TextInput
        label={t('issued.find')}
        value={id}
        onChange={setId}
        mono
        autoComplete="off"
        error={checked && !isHash(id.trim()) ? t('issued.find.wrong') : undefined}
      />
      <Button type="submit" icon={Search}>
        {t('issued.find.action')}
      </Button>
    </form>
  );
}

function IssuedTable({ desk, list }: { desk: Desk; list: Certificate[] }): ReactNode {
  const { t, language } = useLanguage();
  const kindTitle = useKindTitle(desk.city.kinds);
  return (
    <div className="table-scroll" role="region" aria-label={t('desk.nav.certificates')} tabIndex={0}>
      <table className="table table--stack">
        <thead>
          <tr>
            <th scope="col">{t('certificate.kind')}</th>
            <th scope="col">{t('certificate.holder')}</th>
            <th scope="col">{t('certificate.validFrom')}</th>
            <th scope="col">{t('certificate.validUntil')}</th>
            <th scope="col">{t('certificate.status')}</th>
            <th scope="col">
              <span className="visually-hidden">{t('applications.open')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((certificate) => (
            <tr key={certificate.certificateId}>
              <th scope="row">{kindTitle(certificate.kind)}</th>
              <td data-label={t('certificate.holder')}>
                <Identifier value={certificate.holder} label={t('certificate.holder')} />
              </td>
              <td data-label={t('certificate.validFrom')}>{formatDate(certificate.validFrom, language)}</td>
              <td data-label={t('certificate.validUntil')}>
                {certificate.validUntil === undefined
                  ? t('certificate.withoutEnd')
                  : formatDate(certificate.validUntil, language)}
              </td>
              <td data-label={t('certificate.status')}>
                <StatusBadge standing={standingOf(certificate)} />
              </td>
              <td>
                <LinkButton href={href('certificates', certificate.certificateId)}>{t('applications.open')}</LinkButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
