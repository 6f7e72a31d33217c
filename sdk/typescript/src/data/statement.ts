/** What a source signs: the payload of a submission (docs/specs/data.md). */
import type { Address, Hex } from '../hex.js';
import { addressAt, FormError, hashAt, hexAt, listAt, membersAt, safeIntegerAt } from '../light/json.js';

export const ACCESS_CLASSES = ['public', 'internal', 'restricted'] as const;
/** Lawful bases (GDPR, article 6(1)). */
export const BASES = [
  'consent',
  'contract',
  'legal-obligation',
  'vital-interests',
  'public-task',
  'legitimate-interests',
  'not-personal',
] as const;
export const SUBMISSION_KEY_BYTES = 16;
/** Most readers that one submission names. */
export const MAX_READERS = 16;
const READER = /^(?:0x[0-9a-fA-F]{40}|organization:[0-9A-Z-]{1,32})$/;

/** Control data of a submission. */
export interface Control {
  /** Who may see it; of `restricted`, the {@link readers}, whom the format names, and the organization whose it is. */
  readonly access: (typeof ACCESS_CLASSES)[number];
  /** How long it is kept. */
  readonly retentionDays: number;
  /** Why it may be processed. */
  readonly basis: (typeof BASES)[number];
  /** Of restricted data, at most {@link MAX_READERS}: addresses in small letters, and `organization:CODE`. */
  readonly readers?: readonly string[];
}

export interface Statement {
  /** The chain that records it. */
  readonly chainId: number;
  readonly source: Address;
  /** Idempotency key, 16 bytes. */
  readonly key: Hex;
  readonly format: string;
  readonly formatVersion: number;
  /** When it was signed, Unix milliseconds. */
  readonly time: number;
  /** How many operations. */
  readonly count: number;
  /** RFC 9162 tree hash over them. */
  readonly root: Hex;
  readonly control: Control;
}

const MEMBERS = ['chainId', 'source', 'key', 'format', 'formatVersion', 'time', 'count', 'root', 'control'];

/** Reads a payload; throws `FormError`. */
export function statementAt(value: unknown): Statement {
  const members = membersAt(value, 'statement', MEMBERS);
  const control = membersAt(members.control, 'control', ['access', 'retentionDays', 'basis', 'readers']);
  return {
    chainId: safeIntegerAt(members.chainId, 'chainId'),
    source: addressAt(members.source, 'source'),
    key: hexAt(members.key, 'key', SUBMISSION_KEY_BYTES),
    format: textAt(members.format, 'format'),
    formatVersion: safeIntegerAt(members.formatVersion, 'formatVersion'),
    time: safeIntegerAt(members.time, 'time'),
    count: safeIntegerAt(members.count, 'count'),
    root: hashAt(members.root, 'root'),
    control: {
      access: oneOf(ACCESS_CLASSES, control.access, 'control.access'),
      retentionDays: safeIntegerAt(control.retentionDays, 'control.retentionDays'),
      basis: oneOf(BASES, control.basis, 'control.basis'),
      ...(control.readers !== undefined && { readers: listAt(control.readers, 'control.readers', readerAt) }),
    },
  };
}

/** Why readers are none that a gateway takes; `undefined` for what it does. */
export function faultOfReaders({ access, readers = [] }: Control): string | undefined {
  if (readers.length > MAX_READERS || (readers.length > 0 && access !== 'restricted')) {
    return `control.readers: at most ${MAX_READERS} are named, and of restricted data alone`;
  }
  return readers.every((reader) => READER.test(reader)) ? undefined : 'control.readers: a reader is 0x and 40 hexadecimal digits, or organization:CODE';
}

function readerAt(value: unknown, at: string): string {
  const reader = textAt(value, at);
  if (!READER.test(reader)) throw new FormError(`${at}: 0x and 40 hexadecimal digits, or organization:CODE, are expected`);
  return reader;
}

export function textAt(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new FormError(`${at}: a text is expected`);
  // It has no UTF-8, and would be hashed as if another letter stood there.
  if (/\p{Surrogate}/u.test(value)) throw new FormError(`${at}: half a surrogate pair is no text`);
  return value;
}

function oneOf<Name extends string>(names: readonly Name[], value: unknown, at: string): Name {
  const found = names.find((name) => name === value);
  if (found === undefined) throw new FormError(`${at}: one of ${names.join(', ')} is expected`);
  return found;
}
