/** One operation: what happened, to what, and its content or the hash of it (docs/specs/data.md). What counts are its exact bytes. */
import { hexOfBytes, utf8Of } from '../encoding.js';
import { InputError } from '../errors.js';
import type { Hex } from '../hex.js';
import { hashAt, membersAt, safeIntegerAt, FormError } from '../light/json.js';
import { leafHash } from './merkle.js';

/** Longest operation, in bytes. */
export const MAX_OPERATION_BYTES = 64 * 1024;
/** Longest name of a subject, in bytes. */
export const MAX_SUBJECT_BYTES = 128;
/** Longest description, in bytes. */
export const MAX_DESCRIPTION_BYTES = 1024;

const MEMBERS = ['time', 'subject', 'previous', 'description', 'content', 'contentHash'];

/** `content`, or `contentHash` (SHA-256) for data that stay at their owner. */
export type Operation = {
  /** When it happened, Unix milliseconds. */
  readonly time: number;
  /** What it is about; what has a subject has versions. */
  readonly subject?: string;
  /** Name of the version that this one replaces. */
  readonly previous?: Hex;
  /** For people. */
  readonly description?: string;
} & ({ readonly content: unknown; readonly contentHash?: never } | { readonly contentHash: Hex; readonly content?: never });

/** An operation as text, checked, and its name. */
export interface WrittenOperation {
  readonly text: string;
  readonly name: Hex;
}

/** Writes an operation. @throws InputError for one that a gateway would refuse for its form */
export function writeOperation(operation: Operation): WrittenOperation {
  const text = textOf(operation);
  const fault = faultOf(text);
  if (fault !== undefined) throw new InputError(fault);
  return { text, name: hexOfBytes(leafHash(utf8Of(text))) };
}

function textOf(operation: Operation): string {
  try {
    return JSON.stringify(operation);
  } catch (cause) {
    throw new InputError('the content is not what JSON can say', { cause });
  }
}

/** What is wrong with a text that should be an operation; `undefined` when nothing is. */
export function faultOf(text: string): string | undefined {
  if (utf8Of(text).length > MAX_OPERATION_BYTES) return `an operation has at most ${MAX_OPERATION_BYTES} bytes`;
  try {
    const { subject, previous, description, ...members } = membersAt(JSON.parse(text), 'operation', MEMBERS);
    safeIntegerAt(members.time, 'time');
    if (isPresent(previous)) hashAt(previous, 'previous');
    if (isPresent(members.contentHash)) hashAt(members.contentHash, 'contentHash');
    // A null is no content, as it is none to the gateway.
    if (isPresent(members.content) === isPresent(members.contentHash)) return 'it has either content or contentHash';
    if (!isTextOf(subject, 1, MAX_SUBJECT_BYTES) || !isTextOf(description, 0, MAX_DESCRIPTION_BYTES)) {
      return `subject has 1 to ${MAX_SUBJECT_BYTES} bytes, description at most ${MAX_DESCRIPTION_BYTES}`;
    }
    return isPresent(previous) && !isPresent(subject) ? 'previous needs a subject' : undefined;
  } catch (error) {
    if (error instanceof FormError) return error.message;
    if (error instanceof SyntaxError) return 'it is not JSON';
    throw error;
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isTextOf(value: unknown, least: number, most: number): boolean {
  if (!isPresent(value)) return true;
  const bytes = typeof value === 'string' ? utf8Of(value).length : -1;
  return bytes >= least && bytes <= most;
}
