/**
 * The newest requests of the alliance, as they change: told by the gateway's stream of events and, as long as that does not come through,
 * asked for every few seconds. Outside React, so that a test can be the stream.
 */
import type { AllianceRequest } from '../../api/types';

/** Requests that are kept: more than anybody reads. */
const MAX_KEPT = 200;
/** How often is asked while the stream does not come through. */
export const POLL_MS = 3_000;
/** After how long a stream that was refused is tried anew; one that was only cut comes back by itself. */
export const REOPEN_MS = 15_000;

export type Connection = 'connecting' | 'live' | 'polling';

/** Of an `EventSource`, what is used. */
export interface Stream {
  addEventListener: (type: string, listener: (event: Event) => void) => void;
  readonly readyState: number;
  close: () => void;
}

const CLOSED = 2;

export interface Snapshot {
  connection: Connection;
  /** Newest first; `undefined`: nothing has arrived yet. */
  requests: AllianceRequest[] | undefined;
  /** Why asking fails, as long as it does. */
  error: unknown;
}

export interface Ports {
  open: () => Stream;
  ask: () => Promise<AllianceRequest[]>;
}

/** Requests by number, newest first, with those that have changed in the place of what was known of them. */
export function merged(known: AllianceRequest[], changed: AllianceRequest[]): AllianceRequest[] {
  const byNumber = new Map(known.map((request) => [request.number, request]));
  for (const request of changed) byNumber.set(request.number, request);
  return [...byNumber.values()].sort((left, right) => right.number - left.number).slice(0, MAX_KEPT);
}

/** What an event tells; `undefined` if that cannot be read. */
function requestOf(event: Event): AllianceRequest | undefined {
  try {
    const request = JSON.parse((event as MessageEvent<string>).data) as AllianceRequest;
    return Number.isSafeInteger(request.number) && Array.isArray(request.parties) ? request : undefined;
  } catch {
    return undefined;
  }
}

export class LiveRequests {
  #snapshot: Snapshot = { connection: 'connecting', requests: undefined, error: undefined };
  #listeners = new Set<() => void>();
  #stream: Stream | undefined;
  #poll: ReturnType<typeof setInterval> | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ports: Ports) {}

  readonly snapshot = (): Snapshot => this.#snapshot;

  /** The first listener opens the stream, the last one closes it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#end();
    };
  };

  #begin(): void {
    // The stream tells what changes; what there is, is asked for, so that a list without requests is known to be empty.
    this.#ask();
    this.#open();
  }

  #end(): void {
    this.#stream?.close();
    this.#stream = undefined;
    clearTimeout(this.#reopen);
    clearTimeout(this.#again);
    this.#stopPolling();
    // Whoever comes back is not told of changes before the next stream is open.
    this.#snapshot = { ...this.#snapshot, connection: 'connecting' };
  }

  #open(): void {
    const stream = this.ports.open();
    this.#stream = stream;
    const mine = (handle: (event: Event) => void) => (event: Event) => {
      if (this.#stream === stream) handle(event);
    };
    stream.addEventListener(
      'open',
      mine(() => {
        this.#stopPolling();
        this.#set({ connection: 'live', error: undefined });
      }),
    );
    stream.addEventListener(
      'request',
      mine((event) => {
        const request = requestOf(event);
        if (request) this.#set({ requests: merged(this.#snapshot.requests ?? [], [request]) });
      }),
    );
    stream.addEventListener(
      'error',
      mine(() => {
        this.#set({ connection: 'polling' });
        this.#startPolling();
        if (stream.readyState !== CLOSED) return;
        stream.close();
        this.#stream = undefined;
        this.#reopen = setTimeout(() => this.#open(), REOPEN_MS);
      }),
    );
  }

  #startPolling(): void {
    if (this.#poll !== undefined) return;
    this.#ask();
    this.#poll = setInterval(() => this.#ask(), POLL_MS);
  }

  #stopPolling(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  #ask(): void {
    this.ports.ask().then(
      (requests) => {
        // What the stream has told since is newer than an answer that was on its way; without a stream the answer is. An answer has the newest only, so that older ones stay.
        const known = this.#snapshot.requests ?? [];
        const isLive = this.#snapshot.connection === 'live';
        this.#set({ requests: isLive ? merged(requests, known) : merged(known, requests), error: undefined });
      },
      (error: unknown) => {
        this.#set({ error });
        // A stream tells what changes, not what there is: until that was answered it is asked for again.
        if (this.#snapshot.requests === undefined && this.#poll === undefined && this.#stream !== undefined) {
          clearTimeout(this.#again);
          this.#again = setTimeout(() => this.#ask(), POLL_MS);
        }
      },
    );
  }

  #set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
