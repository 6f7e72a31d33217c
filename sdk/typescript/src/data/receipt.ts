/** What says that a submission is durable: it names what was sent, or it is none. */
import { sha256 } from '@noble/hashes/sha2';
import { hexOfBytes, utf8Of } from '../encoding.js';
import { NotAGatewayError } from '../errors.js';
import type { components } from '../generated.js';
import type { SignedSubmission } from './submission.js';

export type Receipt = components['schemas']['SubmissionReceipt'];

/** Reads what was answered to a submission. @throws NotAGatewayError when it is no receipt, or the receipt of something else */
export function receiptOf(answer: unknown, sent: SignedSubmission, gateway: string): Receipt {
  const receipt = (typeof answer === 'object' && answer !== null ? answer : {}) as Partial<Record<keyof Receipt, unknown>>;
  const { statement } = sent;
  const signed = sent.submission.slice(0, sent.submission.lastIndexOf('.'));
  const isOfThis =
    Number.isSafeInteger(receipt.place) &&
    isSame(receipt.digest, hexOfBytes(sha256(utf8Of(signed)))) &&
    isSame(receipt.key, statement.key) &&
    isSame(receipt.source, statement.source) &&
    receipt.count === statement.count;
  if (!isOfThis) throw new NotAGatewayError(gateway, 200, 'its answer is no receipt of what was sent');
  return answer as Receipt;
}

function isSame(given: unknown, wanted: string): boolean {
  return typeof given === 'string' && given.toLowerCase() === wanted.toLowerCase();
}
