import type { ReactNode } from 'react';
import { api } from '../../api/client';
import type { Certificate } from '../../api/types';
import { LinkButton } from '../../components/Button';
import { formatDate } from '../../components/format';
import { Plus } from '../../components/icons';
import { KindIcon, useKindTitle } from '../../components/kind';
import { Await, Empty } from '../../components/Loading';
import { PageHead } from '../../components/Shell';
import { standingOf, StatusBadge } from '../../components/StatusBadge';
import { useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import type { OpenWallet } from './wallet';

/** New certificates and changed statuses appear by themselves. */
const POLL_MS = 10_000;

export function Certificates({ wallet }: { wallet: OpenWallet }): ReactNode {
  const { t } = useLanguage();
  const { account } = wallet;
  const certificates = useLoaded(
    () => account.run((session) => api.certificatesOf(session, account.address)),
    account.address,
    POLL_MS,
  );
  return (
    <>
      <PageHead title={t('wallet.certificates.title')} />
      <Await of={certificates}>
        {(list) =>
          list.length === 0 ? (
            <Empty title={t('wallet.certificates.none')}>
              <p>{t('wallet.certificates.none.text')}</p>
              <LinkButton variant="primary" icon={Plus} href={href('applications', 'new')}>
                {t('application.new')}
              </LinkButton>
            </Empty>
          ) : (
            <ul className="cards">
              {list.map((certificate) => (
                <li key={certificate.certificateId}>
                  <CertificateCard wallet={wallet} certificate={certificate} />
                </li>
              ))}
            </ul>
          )
        }
      </Await>
    </>
  );
}

function CertificateCard({ wallet, certificate }: { wallet: OpenWallet; certificate: Certificate }): ReactNode {
  const { t, language } = useLanguage();
  const kindTitle = useKindTitle(wallet.city.kinds);
  const standing = standingOf(certificate);
  return (
    <a
      className={`certificate-card certificate-card--${standing}`}
      href={href('certificates', certificate.certificateId)}
    >
      <KindIcon kind={certificate.kind} />
      <span className="certificate-card__body">
        <span className="certificate-card__title">{kindTitle(certificate.kind)}</span>
        <span className="muted small">
          {certificate.validUntil === undefined
            ? t('certificate.from', { date: formatDate(certificate.validFrom, language) })
            : t('certificate.until', { date: formatDate(certificate.validUntil, language) })}
        </span>
      </span>
      <StatusBadge standing={standing} />
    </a>
  );
}
