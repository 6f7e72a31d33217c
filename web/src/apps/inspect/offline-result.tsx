/** What a file showed: the outcome as of a time, how old that is, and what the holder showed. */
import { useEffect, useRef, type ReactNode } from 'react';
import type { Kind } from '../../api/types';
import { Button } from '../../components/Button';
import { Details, Identifier } from '../../components/Details';
import { DocumentView } from '../../components/DocumentView';
import { formatAge, formatMoment } from '../../components/format';
import { FileText } from '../../components/icons';
import { Notice } from '../../components/Notice';
import { STANDING_ICON } from '../../components/StatusBadge';
import { useLanguage, type TextKey } from '../../i18n/language';
import type { OfflineFinding, RefusalGroup } from '../../offline/examining';
import type { VerifiedStaple } from '../../staple';

const REFUSED: Record<RefusalGroup, TextKey> = {
  file: 'offline.refused.file',
  city: 'offline.refused.city',
  chain: 'offline.refused.chain',
  altered: 'offline.refused.altered',
  status: 'offline.refused.status',
  right: 'offline.refused.right',
  holder: 'offline.refused.holder',
  clock: 'offline.refused.clock',
  final: 'offline.refused.final',
};

const momentOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

export function OfflineResult(props: { finding: OfflineFinding; kinds: readonly Kind[]; onNext: () => void }): ReactNode {
  const { t } = useLanguage();
  const { finding } = props;
  return (
    <>
      {'verified' in finding ? <Outcome finding={finding} /> : <Refused check={finding.refused.check} group={finding.refused.group} />}
      <Button variant="primary" wide icon={FileText} onPress={props.onNext}>
        {t('inspect.next')}
      </Button>
      {'verified' in finding && <Shown finding={finding} kinds={props.kinds} />}
    </>
  );
}

type Verified = Extract<OfflineFinding, { verified: VerifiedStaple }>;

function Outcome({ finding: { verified, maxAgeSeconds } }: { finding: Verified }): ReactNode {
  const { t, language } = useLanguage();
  const { outcome, certificate, presented } = verified;
  const age = formatAge(verified.ageSeconds, language);
  return (
    <Banner standing={outcome} word={t(outcome === 'refused' ? 'offline.notBegun' : `outcome.${outcome}`)}>
      <p className="outcome__text">
        {t(textOf(verified, maxAgeSeconds), {
          age: formatAge(maxAgeSeconds ?? 0, language),
          moment: formatMoment(momentOf(certificate.statusAt), language),
        })}
      </p>
      <p className="outcome__asof" data-age={verified.ageSeconds}>
        {t('offline.asOf', { moment: formatMoment(momentOf(verified.asOf), language), age })}
      </p>
      {presented && <p className="outcome__asof">{t('offline.shownAgo', { age: formatAge(presented.ageSeconds, language) })}</p>}
    </Banner>
  );
}

function textOf({ outcome, certificate: { status }, isTooOld, ageSeconds }: VerifiedStaple, maxAgeSeconds: number | undefined): TextKey {
  if (outcome === 'cannot-determine' && isTooOld) {
    if (status === 'suspended') return 'offline.tooOld.suspended';
    // The proofs are young enough, so it is what the holder has shown that is not.
    return ageSeconds <= (maxAgeSeconds ?? 0) ? 'offline.tooOld.shown' : 'offline.tooOld';
  }
  if (outcome === 'refused') return 'offline.notBegun.text';
  return outcome === 'revoked' && status === 'renewed' ? 'outcome.replaced.text' : `outcome.${outcome}.text`;
}

function Refused({ check, group }: { check: string; group: RefusalGroup }): ReactNode {
  const { t } = useLanguage();
  return (
    <Banner standing="refused" word={t('outcome.refused')} failed={check}>
      <p className="outcome__text">{t(REFUSED[group])}</p>
      <p className="outcome__check">
        {t('inspect.failedCheck')} <code>{check}</code>
      </p>
    </Banner>
  );
}

function Banner(props: { standing: VerifiedStaple['outcome']; word: string; failed?: string; children: ReactNode }): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const Icon = STANDING_ICON[props.standing];
  return (
    <section className={`outcome outcome--${props.standing}`} data-outcome={props.standing} data-failed={props.failed ?? ''}>
      <Icon aria-hidden size={64} strokeWidth={1.6} />
      <h1 ref={heading} tabIndex={-1} className="outcome__word">
        {props.word}
      </h1>
      {props.children}
    </section>
  );
}

function Shown({ finding: { verified, document }, kinds }: { finding: Verified; kinds: readonly Kind[] }): ReactNode {
  const { t, language } = useLanguage();
  const { certificate, right, presented } = verified;
  const kind = kinds.find((one) => one.kind === certificate.issue.kind);
  return (
    <>
      {right.isOrganizationSuspended && <Notice tone="info" title={t('offline.organizationSuspended')} />}
      {!right.isOrganizationSuspended && !right.isInForce && <Notice tone="info" title={t('offline.rightEnded')} />}
      {!presented && <Notice tone="warning" title={t('offline.notPresented')} />}
      {document && <DocumentView document={document} kind={kind} />}
      <section className="card stack" aria-labelledby="proven">
        <h2 id="proven">{t('offline.proven')}</h2>
        <Details
          rows={[
            [t('provenance.issuer'), certificate.issue.organization],
            [t('provenance.issuedAt'), formatMoment(momentOf(certificate.issuedAt), language)],
            ...(presented
              ? ([[t('inspect.presentedAt'), t('offline.ago', { age: formatAge(presented.ageSeconds, language) })]] as [string, ReactNode][])
              : []),
            [t('offline.statusBlock'), String(certificate.statusBlock)],
            [t('offline.rightBlock'), String(right.block)],
            [t('certificate.id'), <Identifier key="id" value={certificate.issue.certificateId} label={t('certificate.id')} />],
          ]}
        />
      </section>
    </>
  );
}
