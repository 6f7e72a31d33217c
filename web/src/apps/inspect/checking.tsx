/** The outcome of a check: one word, large; then why; then what the holder showed. */
import { useEffect, useRef, type ReactNode } from 'react';
import { Button } from '../../components/Button';
import { CityNotice } from '../../components/CityNotice';
import { Details, Identifier } from '../../components/Details';
import { DocumentView } from '../../components/DocumentView';
import { ErrorNotice } from '../../components/ErrorNotice';
import { formatMoment } from '../../components/format';
import { Check, CircleHelp, ScanLine, X } from '../../components/icons';
import { Loading } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { STANDING_ICON } from '../../components/StatusBadge';
import { useLoaded, type Loaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { kindOfFormat } from '../../protocol/document';
import type { PresentationCode } from '../../protocol/presentation';
import type { Check as MadeCheck } from '../../protocol/verification';
import type { Checked, Recorded } from '../../api/types';
import type { Account } from '../../session/account';
import type { City } from '../../session/use-city';
import { Disagreement, inspectCode, recordInspection, type Finding } from './inspecting';
import { ProofFacts, ProvenMark, WhyUnproven } from './proven';

export function Checking(props: {
  city: City;
  account: Account | undefined;
  code: PresentationCode;
  onNext: () => void;
}): ReactNode {
  const { t } = useLanguage();
  const finding = useLoaded(() => inspectCode(props.city, props.code), props.code.id);
  if (finding.value) return <Result {...props} finding={finding.value} retry={finding.reload} />;
  if (finding.error !== undefined) return <ErrorNotice error={finding.error} retry={finding.reload} />;
  return <Loading text={t('inspect.checking')} />;
}

function Result(props: {
  city: City;
  account: Account | undefined;
  finding: Finding;
  onNext: () => void;
  retry: () => void;
}): ReactNode {
  const { t } = useLanguage();
  const { finding, city } = props;
  const { judgement, proof } = finding;
  const kind = city.kinds.find((one) => one.kind === kindOf(finding));
  const trusted = judgement.outcome !== 'refused';
  return (
    <>
      <Banner finding={finding} />
      {finding.openings && finding.openings.before > 0 && <OpenedBefore openings={finding.openings} />}
      {proof?.known && <CityNotice known={proof.known} compareAt={href('offline')} />}
      <Button variant="primary" wide icon={ScanLine} onPress={props.onNext}>
        {t('inspect.next')}
      </Button>
      {judgement.outcome === 'cannot-determine' && (
        <Button wide onPress={props.retry}>
          {t('action.retry')}
        </Button>
      )}
      {props.account?.has('inspector') && judgement.document && (
        <Recording city={city} account={props.account} finding={finding} />
      )}
      {judgement.document &&
        (trusted ? (
          <DocumentView document={judgement.document} kind={kind} />
        ) : (
          <details className="card disclosure">
            <summary>{t('inspect.untrusted')}</summary>
            <DocumentView document={judgement.document} kind={kind} />
          </details>
        ))}
      <Checks checks={judgement.checks} />
      {proof?.state === 'proven' && <ProofFacts proof={proof} />}
      <Facts finding={finding} city={city} />
    </>
  );
}

/** A code that others have opened may have been photographed: compare the person, and ask for a new one. */
function OpenedBefore({ openings: { before, lastAt } }: { openings: NonNullable<Finding['openings']> }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <Notice tone="warning" live="alert" title={t('openings.before', { count: before })}>
      <p>
        {lastAt !== undefined && t('openings.last', { moment: formatMoment(lastAt, language) })} {t('openings.advice')}
      </p>
    </Notice>
  );
}

/** Of the document where nothing is proven: it chooses how that is shown, and nothing else. */
function kindOf({ proof, judgement: { document } }: Finding): string | undefined {
  return proof?.state === 'proven' ? proof.standing.certificate.issue.kind : document && kindOfFormat(document.format);
}

function Banner({ finding }: { finding: Finding }): ReactNode {
  const { t, language } = useLanguage();
  const { proof } = finding;
  const { outcome, failed } = finding.judgement;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const Icon = STANDING_ICON[outcome];
  const replaced = outcome === 'revoked' && proof?.state === 'proven' && proof.standing.certificate.status === 'renewed';
  const isUnproven = outcome === 'cannot-determine' && proof?.state === 'unproven';
  return (
    <section className={`outcome outcome--${outcome}`} data-outcome={outcome} data-failed={failed ?? ''}>
      <Icon aria-hidden size={64} strokeWidth={1.6} />
      <h1 ref={heading} tabIndex={-1} className="outcome__word">
        {t(`outcome.${outcome}`)}
      </h1>
      {isUnproven ? (
        <WhyUnproven proof={proof} />
      ) : (
        <p className="outcome__text">{failed ? t(`refused.${failed}`) : t(replaced ? 'outcome.replaced.text' : `outcome.${outcome}.text`)}</p>
      )}
      {finding.spentAt !== undefined && <p className="outcome__text">{t('openings.spent', { moment: formatMoment(finding.spentAt, language) })}</p>}
      {failed && (
        <p className="outcome__check">
          {t('inspect.failedCheck')} <strong>{t(`check.${failed}`)}</strong>
        </p>
      )}
      {proof && <ProvenMark proof={proof} />}
      <p className="outcome__time">{formatMoment(finding.at.toISOString(), language)}</p>
    </section>
  );
}

const CHECK_ICON = { passed: Check, failed: X, unknown: CircleHelp } as const;

function Checks({ checks }: { checks: MadeCheck[] }): ReactNode {
  const { t } = useLanguage();
  return (
    <section className="card stack" aria-labelledby="checks">
      <h2 id="checks">{t('inspect.checks')}</h2>
      <ul className="checks">
        {checks.map((check) => {
          const Icon = CHECK_ICON[check.result];
          return (
            <li key={check.name} className={`check check--${check.result}`}>
              <Icon aria-hidden size={18} />
              <span>{t(`check.${check.name}`)}</span>
              <span className="check__result">{t(`check.${check.result}`)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Facts({ finding, city }: { finding: Finding; city: City }): ReactNode {
  const { t, language } = useLanguage();
  const { proof, presentation } = finding;
  if (proof?.state !== 'proven') return null;
  const { chainId, certificate } = proof.standing;
  const { issue } = certificate;
  const chain = city.chains.chains.find((one) => one.chainId === chainId)?.name ?? String(chainId);
  const momentOf = (seconds: number): string => formatMoment(new Date(seconds * 1000).toISOString(), language);
  const rows: [string, ReactNode][] = [
    [t('provenance.issuer'), `${proof.organizationName ?? ''} (${issue.organization})`],
    [t('certificate.holder'), <Identifier key="h" value={issue.holder} label={t('certificate.holder')} />],
    [t('provenance.issuedAt'), momentOf(certificate.issuedAt)],
    ...(presentation ? ([[t('inspect.presentedAt'), momentOf(presentation.presentedAt)]] as [string, ReactNode][]) : []),
    [t('provenance.chain'), `${chain}, ${t('provenance.block')} ${certificate.blockNumber}`],
    [t('certificate.id'), <Identifier key="i" value={issue.certificateId} label={t('certificate.id')} />],
  ];
  return (
    <section className="card stack" aria-labelledby="facts">
      <h2 id="facts">{t('provenance.title')}</h2>
      <Details rows={rows} />
    </section>
  );
}

function Recording(props: { city: City; account: Account; finding: Finding }): ReactNode {
  const { t } = useLanguage();
  const record = useRecording(props);
  if (record.value) {
    return (
      <Notice tone="success" live="status" title={t('record.done')}>
        <p>{t('record.where', { chain: record.value.chain, block: record.value.blockNumber })}</p>
      </Notice>
    );
  }
  if (record.error instanceof Disagreement) {
    return (
      <Notice tone="danger" live="alert" title={t('record.disagreement')}>
        <p>{t('record.disagreement.text', { outcome: t(`outcome.${record.error.checked.outcome}`) })}</p>
        <ul>
          {record.error.checked.checks
            .filter((check) => check.passed !== true)
            .map((check) => (
              <li key={check.name} lang="en">
                {check.detail}
              </li>
            ))}
        </ul>
      </Notice>
    );
  }
  if (record.error !== undefined) {
    return (
      <>
        <Notice tone="warning" title={t('record.failed')} />
        <ErrorNotice error={record.error} retry={record.reload} />
      </>
    );
  }
  return <Loading text={t('record.running')} />;
}

/** One record for one finding, also where React runs an effect twice. */
function useRecording(props: {
  city: City;
  account: Account;
  finding: Finding;
}): Loaded<Recorded & Checked> {
  const running = useRef<Promise<Recorded & Checked> | undefined>(undefined);
  return useLoaded(() => {
    running.current ??= recordInspection(props.city, props.account, props.finding).catch((error: unknown) => {
      running.current = undefined;
      throw error;
    });
    return running.current;
  }, props.finding.at.toISOString());
}
