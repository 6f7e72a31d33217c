/** Answers, read within bounds. */
import { NotAGatewayError, ProblemError, problemOf, UnreachableError } from '../errors.js';

/** The largest answer that is read, in bytes. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** The longest line of a stream of outcomes that is read, in bytes. */
export const MAX_OUTCOME_BYTES = 64 * 1024;

const PROBLEM_TYPE = 'application/problem+json';
const MS_PER_SECOND = 1000;
const NEWLINE = 0x0a;

/** The chunks of a body; a connection that breaks off is {@link UnreachableError}. */
export async function* chunksOf(response: Response, gateway: string): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      let read: ReadableStreamReadResult<Uint8Array>;
      try {
        read = await reader.read();
      } catch (cause) {
        throw new UnreachableError(gateway, { cause });
      }
      if (read.done) return;
      yield read.value;
    }
  } finally {
    // Whoever stops reading early ends the connection; that it was broken already is no news.
    await reader.cancel().catch(() => undefined);
  }
}

/** A whole body as text. */
export async function textOf(response: Response, gateway: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  for await (const chunk of chunksOf(response, gateway)) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new NotAGatewayError(gateway, response.status, `the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    }
    text += decoding(decoder, chunk, response, gateway);
  }
  return text + decoding(decoder, undefined, response, gateway);
}

/** A body line by line; each is at most so long. */
export async function* linesOf(response: Response, gateway: string, maxBytes = MAX_OUTCOME_BYTES): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array();
  const decode = (line: Uint8Array): string =>
    decoding(new TextDecoder('utf-8', { fatal: true }), line, response, gateway);
  for await (const chunk of chunksOf(response, gateway)) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield decode(joined(rest, chunk.subarray(from, end)));
      rest = new Uint8Array();
      from = end + 1;
    }
    rest = joined(rest, chunk.subarray(from));
    if (rest.length > maxBytes) {
      throw new NotAGatewayError(gateway, response.status, `a line is longer than ${maxBytes} bytes`);
    }
  }
  if (rest.length > 0) yield decode(rest);
}

/** JSON, or what `bad` makes of a text that is none. */
export function parsed(text: string, response: Response, gateway: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new NotAGatewayError(gateway, response.status, 'the answer is not JSON');
  }
}

/** The failure that an answer is, if it is one: {@link ProblemError} or {@link NotAGatewayError}. */
export async function failureOf(response: Response, gateway: string): Promise<Error | undefined> {
  if (response.headers.get('content-type')?.startsWith(PROBLEM_TYPE)) {
    const problem = problemOf(response.status, parsed(await textOf(response, gateway), response, gateway));
    if (problem !== undefined) return new ProblemError(problem, retryAfterMs(response.headers.get('retry-after')));
    return new NotAGatewayError(gateway, response.status, 'the problem document has no type and code');
  }
  // `GET /health` of a degraded city is 503 with a body of its own.
  if (response.ok || (response.status === 503 && new URL(response.url || gateway).pathname.endsWith('/health'))) return undefined;
  await response.body?.cancel().catch(() => undefined);
  return new NotAGatewayError(gateway, response.status, 'the error is no problem document');
}

/** `Retry-After` in seconds (RFC 9110, section 10.2.3); its other form, a date, is not sent by a gateway. */
function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * MS_PER_SECOND : undefined;
}

function decoding(decoder: TextDecoder, bytes: Uint8Array | undefined, response: Response, gateway: string): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    throw new NotAGatewayError(gateway, response.status, 'the answer is not UTF-8');
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other.slice();
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
