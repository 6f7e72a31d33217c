/** Operations under one signature. */
import { bytesOfHex, hexOfBytes, randomBytes, utf8Of } from '../encoding.js';
import { InputError } from '../errors.js';
import type { Address, Hex } from '../hex.js';
import type { EncryptionPublicKey } from '../message/encryption-key.js';
import { leafHash, merkleRoot } from './merkle.js';
import { writeOperation, type Operation } from './operation.js';
import type { SourceKey } from './source-key.js';
import { faultOfReaders, SUBMISSION_KEY_BYTES, type Control, type Statement } from './statement.js';

/** Most operations of one submission. */
export const MAX_OPERATIONS = 1000;
/** Most bytes of all operations of one submission. */
export const MAX_SUBMISSION_BYTES = 1024 * 1024;

/** What a submission says of its operations. */
export interface SubmissionTerms {
  /** Their format, and its version in force. */
  readonly format: string;
  readonly formatVersion: number;
  readonly control: Control;
  /** 16 bytes; the same key is the same submission. Drawn unless given. */
  readonly key?: Hex;
  /** Whose; that of the key unless given, as it is after a rotation. */
  readonly source?: Address;
}

/** The same, of a format that may be sealed. */
export interface SealingTerms extends SubmissionTerms {
  /** Of a sealed format: the keys of who may open the contents, at most 16. Each content is checked against the format before, and leaves sealed alone. */
  readonly sealTo?: readonly EncryptionPublicKey[];
  /** What a content breaks of the format's schema, where that has keywords which the client does not know. */
  readonly validate?: (content: unknown) => readonly string[];
}

/** Signed, and ready to be sent any number of times: it is accepted once. */
export interface SignedSubmission {
  /** JWS, compact. */
  readonly submission: string;
  readonly statement: Statement;
  /** The operations' names, in order. */
  readonly names: readonly Hex[];
  /** The body: exactly what was signed, in one line. */
  readonly body: string;
}

/** Signs operations. `time` in Unix milliseconds. @throws InputError for what a gateway would refuse for its form */
export function signSubmission(
  by: SourceKey,
  operations: readonly Operation[],
  terms: SubmissionTerms,
  chainId: number,
  time: number,
): SignedSubmission {
  if ((terms as SealingTerms).sealTo !== undefined) throw new InputError('sealTo: contents are sealed by Client.sign and Client.submit');
  const fault = faultOfReaders(terms.control);
  if (fault !== undefined) throw new InputError(fault);
  const written = operations.map((operation, index) => {
    try {
      return writeOperation(operation);
    } catch (error) {
      throw error instanceof InputError ? new InputError(`operations[${index}]: ${error.message}`) : error;
    }
  });
  const [first, ...others] = written.map(({ text }) => leafHash(utf8Of(text)));
  const bytes = written.reduce((sum, { text }) => sum + utf8Of(text).length, 0);
  if (first === undefined || written.length > MAX_OPERATIONS || bytes > MAX_SUBMISSION_BYTES) {
    throw new InputError(`a submission has 1 to ${MAX_OPERATIONS} operations of at most ${MAX_SUBMISSION_BYTES} bytes together`);
  }
  const key = terms.key ?? hexOfBytes(randomBytes(SUBMISSION_KEY_BYTES));
  if (bytesOfHex(key)?.length !== SUBMISSION_KEY_BYTES) throw new InputError(`key has ${SUBMISSION_KEY_BYTES} bytes`);
  const statement: Statement = {
    chainId,
    source: terms.source ?? by.source,
    key,
    format: terms.format,
    formatVersion: terms.formatVersion,
    time,
    count: written.length,
    root: hexOfBytes(merkleRoot([first, ...others])),
    control: terms.control,
  };
  const submission = by.sign('chancery-data+jws', statement);
  const texts = written.map(({ text }) => text).join(',');
  return {
    submission,
    statement,
    names: written.map(({ name }) => name),
    body: `{"submission":${JSON.stringify(submission)},"operations":[${texts}]}`,
  };
}
