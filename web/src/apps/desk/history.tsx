/** What happened to a certificate, in time order, as the city's monitoring verified it (V2M). */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import type { Certificate } from '../../api/types';
import { formatMoment } from '../../components/format';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import type { Desk } from './desk';

export function CertificateHistory({ desk, certificate }: { desk: Desk; certificate: Certificate }): ReactNode {
  const { t, language, optional } = useLanguage();
  const history = useLoaded(
    () => desk.account.run((session) => api.history(session, certificate.certificateId)),
    `${certificate.certificateId} ${certificate.revision}`,
  );
  return (
    <section className="card stack" aria-labelledby="history">
      <h2 id="history">{t('history.title')}</h2>
      <Await of={history}>
        {({ entries, inOrder }) => (
          <>
            {!inOrder && <Notice tone="danger" title={t('history.disorder')} />}
            <ol className="timeline">
              {entries.map((entry, at) => (
                <li key={`${entry.time}-${at}`}>
                  <span className="timeline__time">{formatMoment(entry.time, language)}</span>
                  <span>
                    {optional(`event.${entry.type}`) ?? entry.type}
                    {entry.recorded && (
                      <span className="muted small">
                        {' '}
                        {t('history.recorded', { chain: entry.recorded.chain, block: entry.recorded.blockNumber })}
                      </span>
                    )}
                    {entry.verified?.result === 'verified' && <span className="muted small"> · {t('history.verified')}</span>}
                  </span>
                </li>
              ))}
            </ol>
          </>
        )}
      </Await>
    </section>
  );
}
