/** What the portal of supervisors and operators reads and sends. */
import type { Address, Hex } from 'viem';
import type { Outcome } from '../protocol/typed-data';
import type { Recorded, Role } from './types';

export type CertificateChange = 'issued' | 'renewed' | 'suspended' | 'resumed' | 'revoked';
export type CertificateStanding = 'valid' | 'suspended' | 'revoked' | 'renewed' | 'expired' | 'not-yet-valid';
export type SharingEvent = 'published' | 'requested' | 'approved' | 'refused' | 'granted' | 'ended';

/** What the city did in a period; days are UTC, `YYYY-MM-DD`. */
export interface ActivityReport {
  from: string;
  to: string;
  madeAt: string;
  operations: { day: string; format: string; source: Address; count: number }[];
  certificates: { day: string; kind: string; change: CertificateChange; count: number }[];
  standing: { kind: string; standing: CertificateStanding; count: number }[];
  inspections: { day: string; kind: string; outcome: Outcome; count: number }[];
  inspectors: { inspector: Address; organization: string; count: number }[];
  resources: number;
  sharing: { day: string; resource: string; event: SharingEvent; count: number }[];
  cut: string[];
  restricted: string[];
  aliases: { resource: string; of: string }[];
  more: boolean;
  unreachable: string[];
}

/** The numbers of a period that everybody may have. */
export interface OpenData {
  from: string;
  to: string;
  madeAt: string;
  /** Whether everything was counted. */
  whole: boolean;
  rows: { day: string; topic: string; name: string; event: string; count: number }[];
}

/** The first rows of a list. */
export interface Rows<Row> {
  rows: Row[];
  more: boolean;
}

export type EventType = 'submitted' | 'submission-refused' | 'created' | 'updated' | 'inspected' | 'accessed' | 'configured';

/** What an audit of a part of the journal found. */
export interface DataAudit {
  from: number;
  next: number;
  complete: boolean;
  submissions: number;
  operations: number;
  blocks: number;
  difference: { check: string; place: number; detail: string } | null;
  sequence: string[];
}

export interface Service {
  name: string;
  description: string;
  /** Empty: anybody may ask. */
  roles: Role[];
}

export interface Services {
  services: Service[];
  withdrawn: Service[];
}

/** What a change of the configuration does, or would do. */
export interface Changed {
  applied: boolean;
  effects: string[];
  recorded: Recorded[];
}

export interface Quota {
  operationsPerDay?: number;
  bytesPerDay?: number;
  operationsPerMinute?: number;
}

export interface QuotaSetting {
  subject: string;
  quota?: Quota;
  by: Address;
  atMs: number;
  recorded?: Recorded;
}

export interface QuotaUsage {
  subject: string;
  operations: number;
  bytes: number;
  minuteOperations: number;
  quota?: Quota;
  usedUp: string[];
}

export interface Quotas {
  nowMs: number;
  dayEndsMs: number;
  settings: QuotaSetting[];
  changes: QuotaSetting[];
  usage: QuotaUsage[];
  leftOff: number;
}

export type ContractStatus = 'proposed' | 'approved' | 'rejected' | 'deployed' | 'released' | 'withdrawn';

export interface ContractStep {
  operator: Address;
  time: string;
}

export interface Contract {
  chain: string;
  release: Hex;
  name: string;
  version: number;
  status: ContractStatus;
  address: Address;
  proposed: ContractStep;
  reviewed?: ContractStep;
  deployed?: ContractStep;
  released?: ContractStep;
  withdrawn?: ContractStep;
}

/** In hundredths of the currency's unit. */
export interface Price {
  amount: number;
  currency: string;
  /** Of a check by machine; free unless given. */
  checkAmount?: number;
  /** Of a MiB that checks ask and are answered; free unless given. */
  mebibyteAmount?: number;
}

export interface PriceSetting {
  /** `organizations` or `organization:CODE`. */
  subject: string;
  price?: Price;
  by: Address;
  at: string;
}

export interface Prices {
  prices: PriceSetting[];
  changes: PriceSetting[];
}

export interface BillLine {
  inspector: Address;
  organization: string;
  from: string;
  to: string;
  count: number;
  price?: Price;
  amount: number;
}

export interface CheckLine extends BillLine {
  bytes: number;
}

export interface Bill {
  from: string;
  to: string;
  madeAt: string;
  count: number;
  lines: BillLine[];
  checks: CheckLine[];
  totals: { currency: string; amount: number }[];
  unreachable: string[];
}
