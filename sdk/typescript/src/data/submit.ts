/**
 * Submissions on their way. Each authenticates itself and names its idempotency key, so all may be sent again after any failure: the gateway accepts it
 * once (DATA-3), and what has a receipt is durable (DATA-2).
 */
import { NotAGatewayError, ProblemError, problemOf, UnreachableError } from '../errors.js';
import { linesOf, parsed } from '../request/answer.js';
import type { Connection } from '../request/connection.js';
import { delayMs, isTemporary, retryAfterOf } from '../request/retry.js';
import { receiptOf, type Receipt } from './receipt.js';
import type { SignedSubmission } from './submission.js';

/** Most submissions that an array may have. */
export const MAX_ARRAY = 256;
/** Submissions that are sent together and not yet answered. */
const WINDOW_SUBMISSIONS = 64;
/** Characters of submissions that are held at a time; one more may be, of any size. */
const WINDOW_LENGTH = 4 * 1024 * 1024;
const PATH = '/v1/submissions';

/** What became of a submission: accepted, or refused for good. `index` counts what was given. */
export type Outcome = {
  readonly index: number;
  readonly submission: SignedSubmission;
} & ({ readonly receipt: Receipt; readonly problem?: never } | { readonly problem: ProblemError; readonly receipt?: never });

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Sends one. @throws ProblemError when it is refused; UnreachableError when nobody answered, however often it was tried */
export async function sendOne(connection: Connection, submission: SignedSubmission, options: SendOptions = {}): Promise<Receipt> {
  const answer = await connection.send({
    method: 'POST',
    path: PATH,
    body: submission.body,
    isRepeatable: true,
    isOpen: true,
    signal: options.signal,
  });
  return receiptOf(answer, submission, connection.gateway);
}

/**
 * Sends any number, as lines of requests of bounded size, and gives outcomes as they are known. Reads on only when what it holds is decided, so that
 * whoever makes submissions waits for the gateway. Ends with an error when nothing was decided however often it was tried; what has no outcome by
 * then may be sent again as it is.
 */
export async function* sendStream(
  connection: Connection,
  submissions: AsyncIterable<SignedSubmission> | Iterable<SignedSubmission>,
  options: SendOptions = {},
): AsyncGenerator<Outcome, void, undefined> {
  for await (const pending of windowsOf(submissions)) {
    let failed = 0;
    while (pending.length > 0) {
      const before = pending.length;
      const attempt: Attempt = {};
      for await (const outcome of attemptOf(connection, pending, attempt, options.signal)) {
        pending.splice(pending.findIndex(({ index }) => index === outcome.index), 1);
        yield outcome;
      }
      if (pending.length === 0) break;
      failed = pending.length < before ? 1 : failed + 1;
      const failure = attempt.failure ?? new UnreachableError(connection.gateway);
      if (!isTemporary(failure) || failed >= connection.retry.attempts) throw failure;
      const { ports, retry } = connection;
      await ports.wait(delayMs(retry, failed, ports.random(), retryAfterOf(failure)), options.signal);
    }
  }
}

interface Pending {
  readonly index: number;
  readonly submission: SignedSubmission;
}

/** Why lines have no outcome. */
interface Attempt {
  failure?: Error;
}

async function* windowsOf(submissions: AsyncIterable<SignedSubmission> | Iterable<SignedSubmission>): AsyncGenerator<Pending[]> {
  let [window, length, index]: [Pending[], number, number] = [[], 0, 0];
  for await (const submission of submissions) {
    window.push({ index, submission });
    index += 1;
    length += submission.body.length;
    if (window.length >= WINDOW_SUBMISSIONS || length >= WINDOW_LENGTH) {
      yield window;
      [window, length] = [[], 0];
    }
  }
  if (window.length > 0) yield window;
}

/** One request: the outcomes that it had before it ended, well or not. */
async function* attemptOf(
  connection: Connection,
  pending: readonly Pending[],
  attempt: Attempt,
  signal: AbortSignal | undefined,
): AsyncGenerator<Outcome> {
  const sent = [...pending];
  try {
    const body = sent.map(({ submission }) => `${submission.body}\n`).join('');
    const response = await connection.open({ method: 'POST', path: PATH, body, type: 'application/x-ndjson', isRepeatable: true, isOpen: true, signal });
    const seen = new Set<number>();
    for await (const line of linesOf(response, connection.gateway)) {
      const { index, receipt, problem } = parsed(line, response, connection.gateway) as Partial<Record<string, unknown>>;
      const one = typeof index === 'number' && !seen.has(index) ? sent[index] : undefined;
      // Beside the lines' there is at most one more: why the gateway ended the stream.
      if (one === undefined) throw refusalOf(problem, connection.gateway);
      seen.add(index as number);
      if (typeof receipt === 'object' && receipt !== null) {
        yield { ...one, receipt: receiptOf(receipt, one.submission, connection.gateway) };
        continue;
      }
      const refusal = refusalOf(problem, connection.gateway);
      // A quota may be used up for a day: its line is told so, and the others go on.
      if (refusal.isTemporary && refusal.code !== 'quota-exceeded') attempt.failure = refusal;
      else yield { ...one, problem: refusal };
    }
  } catch (error) {
    attempt.failure = error as Error;
  }
}

function refusalOf(problem: unknown, gateway: string): ProblemError {
  const document = problemOf(400, problem);
  if (document === undefined) throw new NotAGatewayError(gateway, 200, 'a line of its answer has neither a receipt of what was sent nor a problem');
  const told = document.retryAfterMs;
  return new ProblemError(document, typeof told === 'number' ? told : undefined);
}
