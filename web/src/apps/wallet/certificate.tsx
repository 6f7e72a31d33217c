/** One certificate: what it says, whether it stands, and what was checked when it was received. */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import { Button, LinkButton } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { download } from '../../components/download';
import { DocumentView } from '../../components/DocumentView';
import { formatMoment } from '../../components/format';
import { Check, Download, QrIcon, X } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { standingOf, StatusBadge, type Standing } from '../../components/StatusBadge';
import { useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { isGenuine, receive, type Holding } from './holding';
import type { OpenWallet } from './wallet';

const STANDING_TONE: Record<Standing, 'success' | 'danger' | 'warning' | 'info'> = {
  valid: 'success',
  revoked: 'danger',
  suspended: 'warning',
  expired: 'warning',
  'cannot-determine': 'info',
  refused: 'danger',
  renewed: 'info',
};

export function CertificatePage({ wallet, id }: { wallet: OpenWallet; id: string }): ReactNode {
  const { t } = useLanguage();
  const kindTitle = useKindTitle(wallet.city.kinds);
  const holding = useLoaded(async () => receive(wallet, await api.certificate(id)), id);
  return (
    <>
      <PageHead
        title={holding.value ? kindTitle(holding.value.certificate.kind) : t('certificate.title')}
        back={{ href: href(), label: t('wallet.certificates.title') }}
      />
      <Await of={holding}>{(value) => <Opened wallet={wallet} holding={value} />}</Await>
    </>
  );
}

function Opened({ wallet, holding }: { wallet: OpenWallet; holding: Holding }): ReactNode {
  const { t } = useLanguage();
  const { certificate, document } = holding;
  const standing = standingOf(certificate);
  const kind = wallet.city.kinds.find((one) => one.kind === certificate.kind);
  return (
    <>
      <div className="row row--between">
        <StatusBadge standing={standing} />
      </div>
      {standing !== 'valid' && (
        <Notice tone={STANDING_TONE[standing]} title={t(`standing.${standing}.title`)}>
          <p>{t(`standing.${standing}.text`)}</p>
          {certificate.renewedBy !== undefined && (
            <p>
              <a href={href('certificates', certificate.renewedBy)}>{t('certificate.openRenewal')}</a>
            </p>
          )}
        </Notice>
      )}
      {!isGenuine(holding) && (
        <Notice tone="danger" live="alert" title={t('receipt.failed.title')}>
          <p>{t('receipt.failed.text')}</p>
        </Notice>
      )}
      {isGenuine(holding) && standing !== 'renewed' && (
        <LinkButton variant="primary" wide icon={QrIcon} href={href('certificates', certificate.certificateId, 'show')}>
          {t('show.action')}
        </LinkButton>
      )}
      <DocumentView document={document} kind={kind} />
      <ReceiptChecks holding={holding} />
      <Provenance holding={holding} />
    </>
  );
}

function ReceiptChecks({ holding }: { holding: Holding }): ReactNode {
  const { t } = useLanguage();
  return (
    <section className="card stack" aria-labelledby="receipt">
      <h2 id="receipt">{t('receipt.title')}</h2>
      <ul className="checks">
        {holding.checks.map((check) => (
          <li key={check.name} className={`check check--${check.passed ? 'passed' : 'failed'}`}>
            {check.passed ? <Check aria-hidden size={18} /> : <X aria-hidden size={18} />}
            <span>
              {t(`receipt.${check.name}`)}
              <span className="visually-hidden">: {t(check.passed ? 'check.passed' : 'check.failed')}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Provenance({ holding }: { holding: Holding }): ReactNode {
  const { t, language } = useLanguage();
  const { certificate, sealed } = holding;
  const proof = sealed.proof;
  return (
    <section className="card stack" aria-labelledby="provenance">
      <h2 id="provenance">{t('provenance.title')}</h2>
      <Details
        rows={[
          [t('provenance.issuer'), `${sealed.organizationName} (${certificate.organization})`],
          [t('provenance.issuedAt'), formatMoment(sealed.issuedAt, language)],
          [t('provenance.chain'), certificate.chain],
          [t('provenance.block'), String(certificate.block)],
          [t('provenance.transaction'), <Identifier key="tx" value={certificate.txHash} label={t('provenance.transaction')} />],
          [t('certificate.id'), <Identifier key="id" value={certificate.certificateId} label={t('certificate.id')} />],
          ...(certificate.previous === undefined
            ? []
            : ([[t('certificate.previous'), <a key="previous" href={href('certificates', certificate.previous)}>{t('certificate.openPrevious')}</a>]] as [string, ReactNode][])),
        ]}
      />
      {proof !== undefined && proof !== null && (
        <>
          <Button icon={Download} onPress={() => download(`chancery-${certificate.kind}-proof.json`, proof)}>
            {t('provenance.download')}
          </Button>
          <p className="muted small">{t('provenance.download.text')}</p>
        </>
      )}
    </section>
  );
}
