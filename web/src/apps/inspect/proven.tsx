/** How an outcome is proven, or that it is not: the mark beside the outcome, and what stands behind it. */
import type { ReactNode } from 'react';
import { Details, Identifier } from '../../components/Details';
import { formatAge, formatMoment } from '../../components/format';
import { ShieldAlert, ShieldCheck } from '../../components/icons';
import { useLanguage, type TextKey } from '../../i18n/language';
import type { Basis } from '../../offline/known';
import type { Proof, UnprovenGroup } from '../../offline/proving';

export const UNPROVEN: Record<UnprovenGroup, TextKey> = {
  file: 'proof.why.file',
  city: 'proof.why.city',
  chain: 'proof.why.chain',
  altered: 'proof.why.altered',
  status: 'proof.why.status',
  right: 'proof.why.right',
  holder: 'proof.why.file',
  clock: 'proof.why.clock',
  final: 'proof.why.final',
  old: 'proof.why.old',
  contradicted: 'proof.why.contradicted',
  asked: 'proof.why.asked',
  absent: 'proof.why.absent',
  damaged: 'proof.why.damaged',
  unprovable: 'proof.why.unprovable',
};
const BASIS: Record<Basis, TextKey> = {
  compared: 'known.basis.compared',
  remembered: 'known.basis.remembered',
  first: 'known.basis.first',
  unkept: 'known.basis.unkept',
};

const momentOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Stands below the outcome: proven as of a time, or not. */
export function ProvenMark({ proof }: { proof: Proof }): ReactNode {
  const { t, language } = useLanguage();
  if (proof.state === 'proven') {
    const { asOf, ageSeconds } = proof.standing;
    return (
      <p className="outcome__asof outcome__mark" data-proof="proven" data-proof-age={ageSeconds}>
        <ShieldCheck aria-hidden size={18} />
        <span>{t('proof.proven', { moment: formatMoment(momentOf(asOf), language), age: formatAge(ageSeconds, language) })}</span>
      </p>
    );
  }
  return (
    <p className="outcome__asof outcome__mark" data-proof={proof.state} data-proof-check={proof.state === 'unproven' ? proof.check : ''}>
      <ShieldAlert aria-hidden size={18} />
      <span>{t('proof.none')}</span>
    </p>
  );
}

/** The first sentence where the gateway's word is not proven, and the check that failed. */
export function WhyUnproven({ proof }: { proof: Extract<Proof, { state: 'unproven' }> }): ReactNode {
  const { t } = useLanguage();
  return (
    <>
      <p className="outcome__text">{t('proof.unproven')}</p>
      <p className="outcome__check">
        {t(UNPROVEN[proof.group])} {t('inspect.failedCheck')} <code>{proof.check}</code>
      </p>
    </>
  );
}

/** What the outcome rests on. */
export function ProofFacts({ proof }: { proof: Extract<Proof, { state: 'proven' }> }): ReactNode {
  const { t, language } = useLanguage();
  const { standing, known } = proof;
  return (
    <section className="card stack" aria-labelledby="proof">
      <h2 id="proof">{t('proof.title')}</h2>
      <Details
        rows={[
          [t('proof.basis'), t(BASIS[known.basis], { moment: formatMoment(known.since, language) })],
          [t('offline.fingerprint'), <Identifier key="fingerprint" value={known.trust.fingerprint} label={t('offline.fingerprint')} />],
          [t('offline.statusBlock'), String(standing.certificate.statusBlock)],
          [t('offline.rightBlock'), String(standing.right.block)],
        ]}
      />
    </section>
  );
}
