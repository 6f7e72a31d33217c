/** Each chain: its blocks, who runs it and who of them is behind, and what it has of the others. */
import type { ReactNode } from 'react';
import type { Anchor, Chain, Peer } from '../../api/types';
import { formatAge, formatNumber } from '../../components/format';
import { CircleAlert, CircleCheck } from '../../components/icons';
import { useLanguage } from '../../i18n/language';

export function ChainStates(props: { chains: Chain[]; chainName: (name: string) => string }): ReactNode {
  const { t } = useLanguage();
  return (
    <ul className="cards cards--wide">
      {props.chains.map((chain) => (
        <li key={chain.name} className="card stack chain-card">
          <ChainHead chain={chain} name={props.chainName(chain.name)} />
          {chain.consensus && chain.consensus.peers.length > 0 && (
            <div>
              <h4>{t('portal.peers')}</h4>
              <ul className="marks">
                {chain.consensus.peers.map((peer, at) => (
                  <PeerMark key={`${at}-${peer.organization}`} peer={peer} />
                ))}
              </ul>
            </div>
          )}
          {chain.anchors !== undefined && chain.anchors.length > 0 && (
            <div>
              <h4>{t('portal.anchors')}</h4>
              <ul className="marks">
                {chain.anchors.map((anchor) => (
                  <AnchorMark key={anchor.follows} anchor={anchor} name={props.chainName(anchor.follows)} />
                ))}
              </ul>
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function ChainHead({ chain, name }: { chain: Chain; name: string }): ReactNode {
  const { t, language } = useLanguage();
  const { consensus, height } = chain;
  const answers = height !== undefined && height !== null;
  const isWell = answers && consensus?.sick !== true;
  return (
    <>
      <div className="page-head__row">
        <h3>{name}</h3>
        <span className={`badge badge--${isWell ? 'valid' : 'revoked'}`}>
          {isWell ? <CircleCheck aria-hidden size={15} /> : <CircleAlert aria-hidden size={15} />}
          {t(isWell ? 'portal.chain.well' : answers ? 'portal.chain.sick' : 'start.chains.silent')}
        </span>
      </div>
      <p className="muted">
        {answers && t('portal.chain.blocks', { blocks: formatNumber(height, language) })}
        {consensus && ` · ${t('portal.chain.waiting', { count: formatNumber(consensus.waitingTransactions, language) })}`}
      </p>
    </>
  );
}

function PeerMark({ peer }: { peer: Peer }): ReactNode {
  const { t, language } = useLanguage();
  const behind = peer.blocksBehind ?? 0;
  const state = !peer.connected
    ? t('portal.peer.gone')
    : behind > 0
      ? t('portal.peer.behind', { blocks: formatNumber(behind, language) })
      : t('portal.peer.connected');
  return <Mark isWell={peer.connected && behind === 0} name={peer.organization} state={state} />;
}

function AnchorMark({ anchor, name }: { anchor: Anchor; name: string }): ReactNode {
  const { t, language } = useLanguage();
  const state = anchor.frozen
    ? t('portal.anchor.frozen')
    : anchor.ageSeconds === undefined || anchor.ageSeconds === null
      ? t('portal.anchor.none')
      : t('portal.anchor.age', { age: formatAge(anchor.ageSeconds, language) });
  return <Mark isWell={!anchor.frozen && typeof anchor.height === 'number'} name={name} state={state} />;
}

/** Colour, icon and word together. */
function Mark(props: { isWell: boolean; name: string; state: string }): ReactNode {
  const Icon = props.isWell ? CircleCheck : CircleAlert;
  return (
    <li className={`mark mark--${props.isWell ? 'well' : 'ill'}`}>
      <Icon aria-hidden size={16} />
      <span>
        {props.name}: {props.state}
      </span>
    </li>
  );
}
