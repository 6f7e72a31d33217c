/** An alliance of chains: who is of it, and each request on its way through the five steps, as it happens. */
import { useSyncExternalStore, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Alliance } from '../../api/types';
import { Identifier } from '../../components/Details';
import { Await, Empty, Loading } from '../../components/Loading';
import { ErrorNotice } from '../../components/ErrorNotice';
import { PageHead, Shell } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useRoute } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { ConnectionBadge } from './connection';
import { LiveRequests, type Snapshot } from './live';
import { RequestList } from './list';
import { BrokenNotice, LateNotice, Members } from './members';
import { Proofmark, ProposalList } from './reported';
import { RequestPage } from './request';

/** Heights of the chains are asked for this often while somebody looks at them. */
const REFRESH_MS = 10_000;

const live = new LiveRequests({
  open: () => new EventSource('/v1/alliance/events'),
  ask: () => api.allianceRequests(),
  askProposals: () => api.allianceProposals(),
});

export default function AlliancePage(): ReactNode {
  const { t } = useLanguage();
  const alliance = useLoaded(() => api.alliance(), 'alliance', REFRESH_MS);
  const chains = useLoaded(() => api.chains(), 'chains');
  const [number] = useRoute();
  return (
    <Shell app={t('alliance.title')} title={t('alliance.title')} development={chains.value?.development}>
      {number === undefined && <PageHead title={t('alliance.title')} lead={t('alliance.lead')} />}
      <Await of={alliance}>{(value) => <Watched alliance={value} number={number} />}</Await>
    </Shell>
  );
}

/** Members whose chains have no finality certificates: what those show is not final by proof, what the alliance's chain says of them is. */
function withoutProof(alliance: Alliance): string[] {
  return alliance.members.filter(({ missing }) => missing.includes('atomicity-against-reorganisation')).map(({ name }) => name);
}

function Watched({ alliance, number }: { alliance: Alliance; number: string | undefined }): ReactNode {
  const { t } = useLanguage();
  const now = useSyncExternalStore(live.subscribe, live.snapshot);
  if (number !== undefined) {
    return (
      <>
        <BrokenNotice alliance={alliance} />
        <LateNotice alliance={alliance} />
        <RequestPage key={number} number={Number(number)} now={now} withoutProof={withoutProof(alliance)} />
      </>
    );
  }
  return (
    <>
      <BrokenNotice alliance={alliance} />
      <LateNotice alliance={alliance} />
      <section className="stack" aria-labelledby="requests">
        <div className="page-head__row">
          <h2 id="requests">{t('alliance.requests')}</h2>
          <Proofmark kind="proven" />
          <ConnectionBadge connection={now.connection} />
        </div>
        <Requests now={now} />
      </section>
      <ProposalList proposals={now.proposals} />
      <div className="stack">
        <h2 id="members">{t('alliance.members')}</h2>
        <p className="muted">
          <span className={`badge badge--${alliance.state === 'active' ? 'valid' : 'suspended'}`} data-alliance-state={alliance.state}>
            {t(`alliance.state.of.${alliance.state}`)}
          </span>{' '}
          {t('alliance.about', { purpose: alliance.purpose, chain: alliance.chain, id: alliance.chainId })}{' '}
          <Identifier value={alliance.contract} label={t('alliance.contract')} />
        </p>
        <Members members={alliance.members} />
      </div>
    </>
  );
}

function Requests({ now }: { now: Snapshot }): ReactNode {
  const { t } = useLanguage();
  return (
    <>
      {now.error !== undefined && <ErrorNotice error={now.error} />}
      {now.requests === undefined && now.error === undefined && <Loading />}
      {now.requests?.length === 0 && (
        <Empty title={t('alliance.requests.none')}>
          <p>{t('alliance.requests.noneYet')}</p>
        </Empty>
      )}
      {now.requests !== undefined && now.requests.length > 0 && <RequestList requests={now.requests} />}
    </>
  );
}
