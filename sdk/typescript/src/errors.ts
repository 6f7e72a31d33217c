/**
 * Why a call has no answer that can be used. Each is of one class, and says what to do:
 *
 * - {@link ProblemError}: the gateway refused (RFC 9457); `remedy` says what to do, `isTemporary` whether the same may succeed later.
 * - {@link UnreachableError}: nobody answered, or the answer broke off. It states nothing about what was asked: ask again.
 * - {@link NotAGatewayError}: something answered, but not a gateway of this interface: check the address.
 * - {@link InputError}: what was given to this package cannot be sent or signed; nothing was.
 * - {@link NotFinalError}: accepted and durable, but its proof was not there in time: ask again with the same receipt.
 *
 * What a proof fails on is in `proof/failure.ts` and `light/error.ts`, what a shared file fails on in `share/failure.ts`.
 */

/** A problem document. Members beside these are particulars of the occurrence. */
export interface Problem {
  /** Where the problem is explained: `/problems/CODE`. */
  readonly type: string;
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  /** What was wrong this time. */
  readonly detail: string;
  /** This occurrence, which is in the operator's log. */
  readonly instance: string;
  /** The stable name to program against. */
  readonly code: string;
  /** What the reader can do. */
  readonly remedy: string;
  readonly [member: string]: unknown;
}

const TEMPORARY_STATUSES = [429, 503];

/** The gateway refused. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly problem: Problem,
    /** When the gateway said that it can be asked again, in milliseconds from the answer. */
    readonly retryAfterMs?: number,
  ) {
    super(`${problem.code}: ${problem.detail === '' ? problem.title : problem.detail}`);
  }

  get type(): string {
    return this.problem.type;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }

  get detail(): string {
    return this.problem.detail;
  }

  get remedy(): string {
    return this.problem.remedy;
  }

  /** Whether the same may succeed later. */
  get isTemporary(): boolean {
    return TEMPORARY_STATUSES.includes(this.problem.status);
  }
}

/** Nobody answered, or not to the end. Whether a request had its effect is not known. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor(
    readonly gateway: string,
    options?: ErrorOptions,
  ) {
    super(`${gateway} does not answer: is the city running, and is the address right?`, options);
  }
}

/** Something answered, but not as a gateway does. */
export class NotAGatewayError extends Error {
  override readonly name = 'NotAGatewayError';

  constructor(
    readonly gateway: string,
    readonly status: number,
    readonly reason: string,
  ) {
    super(`${gateway} answered ${status}, but not as a Chancery gateway does: ${reason}`);
  }
}

/** What was given cannot be sent or signed. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The proof of what was accepted was not there in time. */
export class NotFinalError extends Error {
  override readonly name = 'NotFinalError';

  constructor(
    readonly place: number,
    readonly waitedMs: number,
    options?: ErrorOptions,
  ) {
    super(`submission ${place} was not final after ${waitedMs} ms; it is durable: ask again with its receipt`, options);
  }
}

/** Reads a problem document; `undefined` when it is none. */
export function problemOf(status: number, value: unknown): Problem | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Partial<Record<string, unknown>>;
  const text = (name: string): string => (typeof given[name] === 'string' ? given[name] : '');
  if (text('type') === '' || text('code') === '') return undefined;
  return {
    ...given,
    type: text('type'),
    title: text('title'),
    status: typeof given.status === 'number' ? given.status : status,
    detail: text('detail'),
    instance: text('instance'),
    code: text('code'),
    remedy: text('remedy'),
  };
}
