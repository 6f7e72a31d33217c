/**
 * The typed client of the gateway: one function for each endpoint that the apps use.
 *
 * Every failure is one of two: `ProblemError`, the gateway's own words (RFC 9457), or `UnreachableError`, nobody answered.
 * An app must never read the second as a statement about a certificate.
 */
import type { Address, Hex } from 'viem';
import type * as T from './types';

/** A request that takes longer is given up: the gateway itself stops at 30 s. */
const REQUEST_TIMEOUT_MS = 35_000;
/** Rows of a list that an app asks for. */
const PAGE_SIZE = 100;
/** Most pages that an app reads of one list. */
const MAX_PAGES = 20;
/** Most pages of events. */
const EVENT_PAGES = 5;

export class ProblemError extends Error {
  constructor(readonly problem: T.Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = 'ProblemError';
  }

  get code(): string {
    return this.problem.code;
  }
}

export class UnreachableError extends Error {
  constructor(options?: ErrorOptions) {
    super('the gateway does not answer', options);
    this.name = 'UnreachableError';
  }
}

export interface Session {
  /** Bearer token, in memory only. */
  token: string;
}

type Query = Record<string, string | number | undefined>;

function problemOf(status: number, body: unknown): T.Problem {
  const given = typeof body === 'object' && body !== null ? (body as Partial<T.Problem>) : {};
  return {
    title: '',
    detail: '',
    instance: '',
    remedy: '',
    ...given,
    type: given.type ?? '/problems/internal',
    status,
    code: given.code ?? (status >= 500 ? 'internal' : 'malformed-request'),
  };
}

async function send<Answer>(
  method: string,
  path: string,
  options: { session?: Session | undefined; body?: unknown; query?: Query } = {},
): Promise<Answer> {
  const url = new URL(path, globalThis.location.origin);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers = new Headers({ accept: 'application/json, application/problem+json' });
  if (options.session) headers.set('authorization', `Bearer ${options.session.token}`);
  if (options.body !== undefined) headers.set('content-type', 'application/json');
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    body = text === '' ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new UnreachableError({ cause });
  }
  if (!response.ok) throw new ProblemError(problemOf(response.status, body));
  return body as Answer;
}

/** Rows of a list, up to so many pages; `more`: there are others. */
async function some<Row>(path: string, session: Session | undefined, query: Query, pages: number): Promise<T.Rows<Row>> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const answer: T.Page<Row> = await send('GET', path, { session, query: { ...query, limit: PAGE_SIZE, cursor } });
    rows.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === undefined) break;
  }
  return { rows, more: cursor !== undefined };
}

/** All rows of a list, up to `MAX_PAGES` pages. */
async function all<Row>(path: string, session: Session | undefined, query: Query): Promise<Row[]> {
  return (await some<Row>(path, session, query, MAX_PAGES)).rows;
}

export const api = {
  chains: () => send<T.Chains>('GET', '/v1/chains'),
  /** A degraded city answers 503 with the same document, which is no failure to whoever asks for its health. */
  health: async (): Promise<T.Health> => {
    try {
      return await send<T.Health>('GET', '/health');
    } catch (error) {
      const body = error instanceof ProblemError ? (error.problem as unknown as Partial<T.Health>) : {};
      if (body.chains) return body as T.Health;
      throw error;
    }
  },
  openapi: () => send<unknown>('GET', '/openapi.json'),
  kinds: async () => (await send<{ kinds: T.Kind[] }>('GET', '/v1/kinds')).kinds,
  kind: (kind: string) => send<T.Kind>('GET', `/v1/kinds/${kind}`),

  nonce: () => send<{ nonce: string; expiresAt: string }>('GET', '/v1/session/nonce'),
  signIn: (message: string, signature: Hex) =>
    send<T.SignedIn>('POST', '/v1/session', { body: { message, signature } }),
  whoAmI: (session: Session) => send<Omit<T.SignedIn, 'token'>>('GET', '/v1/session', { session }),
  signOut: (session: Session) => send<undefined>('DELETE', '/v1/session', { session }),

  register: (session: Session, body: T.RegisterUser) =>
    send<T.Registered>('POST', '/v1/users', { session, body }),
  user: (session: Session, address: Address) => send<T.User>('GET', `/v1/users/${address}`, { session }),
  /** Everybody who waits for an office: new people, and those who have lost their key. */
  waitingUsers: async (session: Session): Promise<T.User[]> => {
    const waiting = (['recovering', 'pending'] as const).map((status) => all<T.User>('/v1/users', session, { status }));
    return (await Promise.all(waiting)).flat();
  },
  confirm: (session: Session, address: Address, decision: 'confirm' | 'reject', reason?: string) =>
    send<T.Confirmed>('POST', `/v1/users/${address}/confirmation`, {
      session,
      body: { decision, ...(reason !== undefined && { reason }) },
    }),
  publicKey: (address: string) => send<T.PublicKey>('GET', `/v1/users/${address}/public-key`),

  apply: (session: Session, kind: string, details: Record<string, unknown>) =>
    send<Pick<T.Application, 'id' | 'kind' | 'status'>>('POST', '/v1/applications', {
      session,
      body: { kind, details },
    }),
  applications: (session: Session, query: { status?: T.ApplicationStatus; kind?: string } = {}) =>
    all<T.Application>('/v1/applications', session, query),
  rejectApplication: (session: Session, id: string, reason: string) =>
    send<T.Application>('POST', `/v1/applications/${id}/decision`, {
      session,
      body: { decision: 'reject', reason },
    }),

  issue: (session: Session, body: T.IssueCertificate) =>
    send<T.Issued>('POST', '/v1/certificates', { session, body }),
  changeStatus: (session: Session, id: Hex, body: T.ChangeStatusRequest) =>
    send<StatusChanged>('POST', `/v1/certificates/${id}/status`, { session, body }),
  certificate: (id: string) => send<T.Certificate>('GET', `/v1/certificates/${id}`),
  sealedCertificate: (at: Pick<T.Certificate, 'holder' | 'block' | 'txHash' | 'chain'>) =>
    send<T.SealedCertificate>('GET', `/v1/certificates/${at.holder}/${at.block}/${at.txHash}`, {
      query: { chain: at.chain },
    }),
  /** A file that is verified without a network; whoever relies on it verifies it. */
  staple: (id: string) => send<Record<string, unknown>>('GET', `/v1/certificates/${id}/staple`),
  certificatesOf: (session: Session, holder: Address) =>
    all<T.Certificate>('/v1/certificates', session, { holder }),
  history: (session: Session, id: Hex) =>
    send<{ entries: T.HistoryEvent[]; inOrder: boolean }>('GET', `/v1/certificates/${id}/history`, { session }),

  holderKinds: (chain: string, holder: Address) =>
    send<T.HolderKinds>('GET', `/v1/chains/${encodeURIComponent(chain)}/holders/${holder}`),
  giveConsent: (session: Session, chain: string, body: T.GiveConsent) =>
    send<T.Recorded>('POST', `/v1/chains/${encodeURIComponent(chain)}/consents`, { session, body }),

  /** `once`: it is given once. */
  present: (session: Session, ciphertext: string, expiresAt: Date, once: boolean) =>
    send<{ id: string; expiresAt: string }>('POST', '/v1/presentations', {
      session,
      body: { ciphertext, expiresAt: rfc3339(expiresAt), ...(once && { once }) },
    }),
  presentation: (id: string) => send<T.OpenedPresentation>('GET', `/v1/presentations/${id}`),

  check: (session: Session, body: T.CheckCertificate) =>
    send<T.Checked>('POST', '/v1/inspections/checks', { session, body }),
  inspect: (session: Session, body: T.RecordInspection) =>
    send<T.Recorded & T.Checked>('POST', '/v1/inspections', { session, body }),
  inspections: (session: Session) => all<T.Inspection>('/v1/inspections', session, {}),

  alliance: () => send<T.Alliance>('GET', '/v1/alliance'),
  /** The newest: what a person looks at. */
  allianceRequests: async () =>
    (await send<T.Page<T.AllianceRequest>>('GET', '/v1/alliance/requests', { query: { limit: PAGE_SIZE } })).items,
  allianceProposals: async () =>
    (await send<T.Page<T.AllianceProposal>>('GET', '/v1/alliance/proposals', { query: { limit: PAGE_SIZE } })).items,
  allianceRequest: (number: number) => send<T.AllianceRequest>('GET', `/v1/alliance/requests/${number}`),

  activityReport: (session: Session, period: { from: string; to: string }) =>
    send<T.ActivityReport>('GET', '/v1/reports/activity', { session, query: period }),
  openData: (session: Session, period: { from: string; to: string }) =>
    send<T.OpenData>('GET', '/v1/reports/open-data', { session, query: { ...period, as: 'json' } }),
  /** Newest first, as many as `EVENT_PAGES` pages have: each is verified against its chain before it is answered. */
  events: (session: Session, period: { from: string; to: string }) => some<T.HistoryEvent>('/v1/events', session, period, EVENT_PAGES),
  dataAudit: (session: Session, from: number) => send<T.DataAudit>('GET', '/v1/data/audit', { session, query: { from } }),

  prices: () => send<T.Prices>('GET', '/v1/fees/prices'),
  setPrice: (session: Session, subject: string, price: T.Price | null, check: boolean) =>
    send<T.Changed>('PUT', `/v1/fees/prices/${encodeURIComponent(subject)}`, { session, body: { price }, query: checked(check) }),
  bill: (session: Session, period: { from: string; to: string }) => send<T.Bill>('GET', '/v1/fees/bills', { session, query: period }),

  services: () => send<T.Services>('GET', '/v1/services'),
  offerService: (session: Session, service: string, offered: boolean, check: boolean) =>
    send<T.Changed>('PUT', `/v1/services/${encodeURIComponent(service)}`, { session, body: { offered }, query: checked(check) }),
  quotas: (session: Session) => send<T.Quotas>('GET', '/v1/quotas', { session }),
  setQuota: (session: Session, subject: string, quota: T.Quota, check: boolean) =>
    send<T.Changed>('PUT', `/v1/quotas/${encodeURIComponent(subject)}`, { session, body: quota, query: checked(check) }),
  removeQuota: (session: Session, subject: string, check: boolean) =>
    send<T.Changed>('DELETE', `/v1/quotas/${encodeURIComponent(subject)}`, { session, query: checked(check) }),
  contracts: (chain: string) => all<T.Contract>('/v1/contracts', undefined, { chain }),

  organizations: async () =>
    (await send<{ organizations: T.Organization[] }>('GET', '/v1/organizations')).organizations,
  organization: (code: string) => send<T.Organization>('GET', `/v1/organizations/${encodeURIComponent(code)}`),
  suspendOrganization: (session: Session, code: string, suspended: boolean, check: boolean) =>
    send<T.Changed>('PUT', `/v1/organizations/${encodeURIComponent(code)}/standing`, { session, body: { suspended }, query: checked(check) }),
};

/** The query that only asks what would change. */
function checked(check: boolean): Query {
  return check ? { check: 'true' } : {};
}

type StatusChanged = T.Recorded & { status: T.CertificateStatus; revision: number };

/** Whole seconds: what is signed counts in seconds too. */
export function rfc3339(moment: Date): string {
  return moment.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
