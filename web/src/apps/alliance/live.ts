/**
 * The newest requests of the alliance, as they change: told by the gateway's stream of events and, as long as that does not come through,
 * asked for every few seconds. Outside React, so that a test can be the stream.
 */
import type { AllianceProposal, AllianceRequest } from '../../api/types';

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
  /** What is reported of those without a number, last heard of first. */
  proposals: AllianceProposal[];
  /** Why asking fails, as long as it does. */
  error: unknown;
}

export interface Ports {
  open: () => Stream;
  ask: () => Promise<AllianceRequest[]>;
  /** What is reported; absent: nobody is asked. */
  askProposals?: () => Promise<AllianceProposal[]>;
}

/** Requests by number, newest first, with those that have changed in the place of what was known of them. */
export function merged(known: AllianceRequest[], changed: AllianceRequest[]): AllianceRequest[] {
  const byNumber = new Map(known.map((request) => [request.number, request]));
  for (const request of changed) byNumber.set(request.number, request);
  return [...byNumber.values()].sort((left, right) => right.number - left.number).slice(0, MAX_KEPT);
}

/**
 * What is reported, with what has changed in the place of what was known of it. What has its number is told by that: it goes, whatever is heard of it later.
 */
export function reported(known: AllianceProposal[], changed: AllianceProposal[], requests: AllianceRequest[]): AllianceProposal[] {
  const byId = new Map(known.map((proposal) => [proposal.id, proposal]));
  for (const proposal of changed) byId.set(proposal.id, proposal);
  const numbered = new Set(requests.map((request) => request.requestHash));
  const left = [...byId.values()].filter((proposal) => proposal.number === undefined && !numbered.has(proposal.id));
  return left.sort((one, other) => other.heard.localeCompare(one.heard)).slice(0, MAX_KEPT);
}

/** The same of what has no number. */
function proposalOf(event: Event): AllianceProposal | undefined {
  try {
    const proposal = JSON.parse((event as MessageEvent<string>).data) as AllianceProposal;
    return typeof proposal.id === 'string' && Array.isArray(proposal.reports) ? proposal : undefined;
  } catch {
    return undefined;
  }
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
  #snapshot: Snapshot = { connection: 'connecting', requests: undefined, proposals: [], error: undefined };
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
        if (request) this.#take(merged(this.#snapshot.requests ?? [], [request]), []);
      }),
    );
    stream.addEventListener(
      'proposal',
      mine((event) => {
        const proposal = proposalOf(event);
        if (proposal) this.#take(this.#snapshot.requests, [proposal]);
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
    this.#askProposals();
    this.ports.ask().then(
      (requests) => {
        // What the stream has told since is newer than an answer that was on its way; without a stream the answer is. An answer has the newest only, so that older ones stay.
        const known = this.#snapshot.requests ?? [];
        const isLive = this.#snapshot.connection === 'live';
        this.#take(isLive ? merged(requests, known) : merged(known, requests), []);
        this.#set({ error: undefined });
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

  /** That nothing is reported is no failure of what is proven: what was heard stays. */
  #askProposals(): void {
    this.ports.askProposals?.().then(
      (proposals) => {
        // What the stream has told since is newer than an answer that was on its way; without a stream the answer is.
        const { connection, proposals: known, requests } = this.#snapshot;
        const isLive = connection === 'live';
        this.#set({ proposals: isLive ? reported(proposals, known, requests ?? []) : reported([], proposals, requests ?? []) });
      },
      () => undefined,
    );
  }

  /** Requests as they are now, and what has changed of those that are reported. */
  #take(requests: AllianceRequest[] | undefined, changed: AllianceProposal[]): void {
    this.#set({ requests, proposals: reported(this.#snapshot.proposals, changed, requests ?? []) });
  }

  #set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
