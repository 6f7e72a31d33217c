/** Following an alliance: its requests as they change, over as many connections as it takes. */
import { NotAGatewayError } from '../errors.js';
import { linesOf, parsed } from '../request/answer.js';
import type { Connection } from '../request/connection.js';
import { delayMs, isTemporary, retryAfterOf } from '../request/retry.js';
import { eventsOf } from './events.js';
import type { AllianceRequest } from './types.js';

const PATH = '/v1/alliance/events';
/** The longest line of the stream, and the longest event: 16 parties with 64 endorsers each, and more. */
export const MAX_EVENT_BYTES = 512 * 1024;
/** A stream on which nothing comes for so long is dead: the gateway shows every 15 seconds that it lives. */
export const MAX_SILENCE_MS = 45_000;

/** After how long a stream that has ended is opened anew. */
const REOPEN_MS = 2_000;

/** A request as it is now, and the event that told so. */
export interface AllianceChange {
  readonly request: AllianceRequest;
  /** For `after`, also in another process. */
  readonly id: string;
}

export interface FollowOptions {
  /** The id of the last change that was taken; all that the gateway keeps comes first unless given. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/**
 * Changes until the signal is aborted. A connection that breaks off is made anew from the last change on; what keeps failing is thrown after as many attempts without a change as the
 * connection's `retry` says.
 */
export async function* follow(connection: Connection, options: FollowOptions): AsyncGenerator<AllianceChange, void, undefined> {
  const { retry, ports } = connection;
  let after = options.after ?? '';
  for (let failed = 0; ; ) {
    try {
      for await (const change of once(connection, after, options.signal)) {
        after = change.id;
        failed = 0;
        yield change;
      }
      // The gateway ends a stream after an hour, and when it stops.
      failed = 0;
      await ports.wait(REOPEN_MS, options.signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      failed += 1;
      if (failed >= retry.attempts || !isTemporary(error)) throw error;
      await ports.wait(delayMs(retry, failed, ports.random(), retryAfterOf(error)), options.signal);
    }
  }
}

async function* once(connection: Connection, after: string, signal: AbortSignal | undefined): AsyncGenerator<AllianceChange, void, undefined> {
  const response = await connection.open({
    method: 'GET',
    path: PATH,
    accept: 'text/event-stream, application/problem+json',
    headers: after === '' ? {} : { 'last-event-id': after },
    isRepeatable: true,
    isOpen: true,
    maxSilenceMs: MAX_SILENCE_MS,
    signal,
  });
  // Parameters may follow, as `charset=utf-8`.
  if (response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'text/event-stream') {
    await response.body?.cancel().catch(() => undefined);
    throw new NotAGatewayError(connection.gateway, response.status, 'the answer is no stream of events');
  }
  const failure = (): Error => new NotAGatewayError(connection.gateway, response.status, `an event is longer than ${MAX_EVENT_BYTES} bytes`);
  const lines = linesOf(response, connection.gateway, MAX_EVENT_BYTES);
  for await (const event of eventsOf(lines, after, { max: MAX_EVENT_BYTES, failure })) {
    if (event.type !== 'request') continue;
    yield { request: parsed(event.data, response, connection.gateway) as AllianceRequest, id: event.id };
  }
}
