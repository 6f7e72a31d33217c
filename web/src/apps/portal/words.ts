/** Words for what data name: one text each, so that a language cannot lack one. */
import type { TextKey } from '../../i18n/language';
import type { CertificateChange, CertificateStanding, ContractStatus, EventType, SharingEvent } from '../../api/types';
import type { Outcome } from '../../protocol/typed-data';

export const CHANGES = ['issued', 'renewed', 'suspended', 'resumed', 'revoked'] as const satisfies readonly CertificateChange[];
export const STANDINGS = ['valid', 'suspended', 'revoked', 'renewed', 'expired', 'not-yet-valid'] as const satisfies readonly CertificateStanding[];
export const OUTCOMES = ['valid', 'revoked', 'suspended', 'expired', 'cannot-determine', 'refused'] as const satisfies readonly Outcome[];
export const SHARING = ['requested', 'approved', 'refused', 'granted', 'ended', 'published'] as const satisfies readonly SharingEvent[];

export const CHANGE_TEXT: Record<CertificateChange, TextKey> = {
  issued: 'portal.issued',
  renewed: 'outcome.renewed',
  suspended: 'outcome.suspended',
  resumed: 'portal.resumed',
  revoked: 'outcome.revoked',
};

export const STANDING_TEXT: Record<CertificateStanding, TextKey> = {
  valid: 'outcome.valid',
  suspended: 'outcome.suspended',
  revoked: 'outcome.revoked',
  renewed: 'outcome.renewed',
  expired: 'outcome.expired',
  'not-yet-valid': 'portal.notYetValid',
};

export const OUTCOME_TEXT: Record<Outcome, TextKey> = {
  valid: 'outcome.valid',
  revoked: 'outcome.revoked',
  suspended: 'outcome.suspended',
  expired: 'outcome.expired',
  'cannot-determine': 'outcome.cannot-determine',
  refused: 'outcome.refused',
};

export const SHARING_TEXT: Record<SharingEvent, TextKey> = {
  published: 'portal.sharing.published',
  requested: 'portal.sharing.requested',
  approved: 'portal.sharing.approved',
  refused: 'portal.sharing.refused',
  granted: 'portal.sharing.granted',
  ended: 'portal.sharing.ended',
};

export const EVENT_TEXT: Record<EventType, TextKey> = {
  submitted: 'portal.event.submitted',
  'submission-refused': 'portal.event.refused',
  created: 'portal.event.created',
  updated: 'portal.event.updated',
  inspected: 'portal.event.inspected',
  accessed: 'portal.event.accessed',
  configured: 'portal.event.configured',
};

export const CONTRACT_TEXT: Record<ContractStatus, TextKey> = {
  proposed: 'contracts.proposed',
  approved: 'contracts.approved',
  rejected: 'contracts.rejected',
  deployed: 'contracts.deployed',
  released: 'contracts.released',
  withdrawn: 'contracts.withdrawn',
};

/** What `chancery doctor` finds, by the names of `GET /v1/chains`. */
export const FINDING_TEXT: Record<string, TextKey> = {
  'no-quorum': 'portal.finding.noQuorum',
  'cut-off': 'portal.finding.cutOff',
  partitioned: 'portal.finding.partitioned',
  cut: 'portal.finding.linksCut',
  'others-behind': 'portal.finding.othersBehind',
  'not-voting': 'portal.finding.notVoting',
  'not-permitted': 'portal.finding.notPermitted',
  stalled: 'portal.finding.stalled',
  behind: 'portal.finding.behind',
  silent: 'portal.finding.silent',
  'clock-differs': 'portal.finding.clock',
  'clock-behind-head': 'portal.finding.clock',
  'clock-set': 'portal.finding.clock',
  'disk-nearly-full': 'portal.finding.disk',
  abstaining: 'portal.finding.abstaining',
  'losing-leader': 'portal.finding.losingLeader',
  accused: 'portal.finding.accused',
};
