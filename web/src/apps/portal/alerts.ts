/** What somebody should see to, from what the city says of itself. Silence is never taken for well-being. */
import type { ActivityReport, Chain, Health, Quotas } from '../../api/types';
import type { Translate } from '../../i18n/language';
import { FINDING_TEXT } from './words';

/** An idle chain's anchor may be minutes old; after this something does not carry headers. */
export const OLD_ANCHOR_SECONDS = 3_600;

export interface Alert {
  key: string;
  tone: 'warning' | 'danger';
  text: string;
}

export interface Known {
  chains: Chain[];
  health?: Health | undefined;
  report?: ActivityReport | undefined;
  quotas?: Quotas | undefined;
}

export function alertsOf(known: Known, t: Translate, chainName: (name: string) => string): Alert[] {
  const alerts: Alert[] = known.chains.flatMap((chain) => ofChain(chain, t, chainName));
  if (known.health?.database === 'unreachable') {
    alerts.push({ key: 'database', tone: 'danger', text: t('portal.alert.database') });
  }
  for (const name of known.report?.unreachable ?? []) {
    alerts.push({ key: `uncounted ${name}`, tone: 'warning', text: t('portal.alert.uncounted', { chain: chainName(name) }) });
  }
  for (const name of known.report?.cut ?? []) {
    alerts.push({ key: `cut ${name}`, tone: 'warning', text: t('portal.alert.cut', { resource: name }) });
  }
  for (const usage of known.quotas?.usage ?? []) {
    if (usage.usedUp.length > 0) {
      alerts.push({ key: `quota ${usage.subject}`, tone: 'warning', text: t('portal.alert.quota', { subject: usage.subject }) });
    }
  }
  return alerts.sort((left, right) => Number(right.tone === 'danger') - Number(left.tone === 'danger'));
}

function ofChain(chain: Chain, t: Translate, chainName: (name: string) => string): Alert[] {
  const name = chainName(chain.name);
  const alerts: Alert[] = [];
  const add = (key: string, tone: Alert['tone'], text: string): void => {
    alerts.push({ key: `${chain.name} ${key}`, tone, text });
  };
  if (chain.height === undefined || chain.height === null) add('silent', 'danger', t('portal.alert.silent', { chain: name }));
  const tone = chain.consensus?.sick === true ? 'danger' : 'warning';
  for (const finding of chain.consensus?.findings ?? []) {
    const known = FINDING_TEXT[finding];
    add(finding, tone, t('portal.alert.finding', { chain: name, finding: known === undefined ? finding : t(known) }));
  }
  for (const peer of chain.consensus?.peers ?? []) {
    if (!peer.connected) add(`peer ${peer.organization}`, 'warning', t('portal.alert.peer', { chain: name, peer: peer.organization }));
  }
  for (const anchor of chain.anchors ?? []) {
    const follows = chainName(anchor.follows);
    if (anchor.frozen) add(`frozen ${anchor.follows}`, 'danger', t('portal.alert.frozen', { chain: name, follows }));
    else if ((anchor.ageSeconds ?? 0) > OLD_ANCHOR_SECONDS) {
      add(`old ${anchor.follows}`, 'warning', t('portal.alert.oldAnchor', { chain: name, follows }));
    }
  }
  return alerts;
}
