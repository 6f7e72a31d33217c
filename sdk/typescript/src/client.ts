/** A client of one gateway: submits, queries, and gets what is needed to verify. */
import { follow, type AllianceChange, type FollowOptions } from './alliance/follow.js';
import type { Alliance, AlliancePage, AllianceProposalPage, AllianceRequest } from './alliance/types.js';
import type {
  Aggregate,
  Aggregates,
  Answer,
  Delivered,
  FoundOperation,
  FoundPage,
  Method,
  PathOf,
  Request,
  Schemas,
  Search,
  Subscribe,
  Subscription,
  Trace,
} from './api.js';
import type { Operation } from './data/operation.js';
import type { Registration, SourceKey } from './data/source-key.js';
import { formatOf, sealOperations, type FormatInForce } from './data/sealing.js';
import { openContent } from './data/sealed.js';
import { signSubmission, type SealingTerms, type SignedSubmission } from './data/submission.js';
import type { Receipt } from './data/receipt.js';
import { sendOne, sendStream, type Outcome, type SendOptions } from './data/submit.js';
import { base64urlOf, randomBytes } from './encoding.js';
import { InputError, NotAGatewayError, NotFinalError, ProblemError } from './errors.js';
import type { Address, Hex } from './hex.js';
import type { ChainEssentials, TrustedChain } from './light/trust.js';
import type { MessageKey } from './message/encryption-key.js';
import { Messages } from './message/messages.js';
import { ProofFailure } from './proof/failure.js';
import { readOperationProof } from './proof/file.js';
import { verifyOperation } from './proof/verify.js';
import { fetchTrust } from './request/chain.js';
import { Connection, type ConnectionOptions } from './request/connection.js';
import { isTemporary } from './request/retry.js';
import { checkWord, verifyOnline, type ProvenStanding, type TrustedCity } from './staple/online.js';
import { askForAccess, endAccess, type AccessTerms, type AskedAccess, type EndedAccess } from './share/ask.js';
import { decisionOf, type DecisionOptions } from './share/decision.js';
import { DEFAULT_MAX_FILE_BYTES, fetchShared, type SharedFile } from './share/fetch.js';
import type { ReaderKey } from './share/reader-key.js';
import type { AskOptions } from './share/transaction.js';

/** How long a proof is waited for, unless told. */
export const PROOF_PATIENCE_MS = 60_000;
const FIRST_PROOF_PAUSE_MS = 100;
const MAX_PROOF_PAUSE_MS = 2_000;
const STAPLE_PAUSE_MS = 1_000;
const MS_PER_SECOND = 1000;
const IDEMPOTENCY_KEY_BYTES = 16;

/** Operations that take the header `idempotency-key`. */
const TAKES_KEY: readonly string[] = [
  'post /v1/certificates',
  'post /v1/certificates/{id}/status',
  'post /v1/inspections',
  'post /v1/operations',
] satisfies `${Method} ${PathOf<'post'>}`[];
/** Operations that change nothing, or are named by what is signed in them, and are sent by POST all the same. */
const REPEATABLE_POSTS: readonly string[] = [
  'post /v1/data/aggregate',
  'post /v1/data/search',
  'post /v1/data/trace',
  'post /v1/inspections/checks',
  'post /v1/submissions',
] satisfies `${Method} ${PathOf<'post'>}`[];

/** Longest that one reading of a subscription waits. */
export const MAX_WAIT_SECONDS = 20;
/** After how long a gateway is asked again that did not let the client wait. */
const FOLLOW_PAUSE_MS = 2_000;

export interface ProofOptions {
  /** Which operation of the submission, from 0. */
  readonly index?: number;
  /** The source's present key: with it the source has the proofs of its own data that are not for anybody. */
  readonly by?: SourceKey;
  /** {@link PROOF_PATIENCE_MS} unless given. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

export interface StandingOptions {
  /** How long the main chain may take for a block that is as young as the certificate; {@link PROOF_PATIENCE_MS} unless given. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

export interface FetchOptions {
  /** Of a node of the main chain; the one that the gateway names unless given. */
  readonly rpcUrl?: string;
  /** Of the sealed file; {@link DEFAULT_MAX_FILE_BYTES} unless given. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export class Client {
  readonly #connection: Connection;
  /** Those that were sealed for. */
  readonly #formats = new Map<string, FormatInForce>();

  /** @throws InputError for an address that is none of a gateway */
  constructor(options: ConnectionOptions) {
    this.#connection = new Connection(options);
  }

  get gateway(): string {
    return this.#connection.gateway;
  }

  /** EIP-155 id of the main chain, on which data are recorded. */
  mainChainId(): Promise<number> {
    return this.#connection.mainChainId();
  }

  /**
   * Any operation of the interface, by its method and path in the OpenAPI document. What may be sent twice (reading, and what has an idempotency key)
   * is tried again when the gateway is silent or says that it is a matter of time; the rest is sent once.
   * @throws ProblemError, UnreachableError, NotAGatewayError, InputError
   */
  async call<M extends Method, P extends PathOf<M>>(method: M, path: P, request: Request<M, P>): Promise<Answer<M, P>> {
    const name = `${method} ${path}`;
    const idempotencyKey = TAKES_KEY.includes(name) ? (request.idempotencyKey ?? base64urlOf(randomBytes(IDEMPOTENCY_KEY_BYTES))) : undefined;
    const answer = await this.#connection.send({
      method: method.toUpperCase(),
      path,
      parameters: request.path ?? {},
      query: request.query ?? {},
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      isRepeatable: method === 'get' || idempotencyKey !== undefined || REPEATABLE_POSTS.includes(name),
      signal: request.signal,
    });
    return answer as Answer<M, P>;
  }

  // Submit.

  /** Registers a source; for an operator. */
  async registerSource(key: SourceKey, registration: Registration): Promise<Schemas['Source']> {
    const statement = key.registration(registration, await this.mainChainId(), this.#now());
    // Without `check` the answer is the source.
    return (await this.call('post', '/v1/sources', { body: { statement } })) as Schemas['Source'];
  }

  /** Puts another key in the place of a source's present one. */
  async rotateSourceKey(present: SourceKey, next: SourceKey, source: Address = present.source): Promise<Schemas['Source']> {
    const body = present.rotation(next, source, await this.mainChainId(), this.#now());
    return this.call('post', '/v1/sources/{source}/keys', { path: { source }, body });
  }

  /**
   * Signs operations for this city. Whoever keeps the result can send it at any later time, and again. With `sealTo` contents are checked against their format and sealed
   * before: nothing of them leaves this process in clear.
   */
  async sign(by: SourceKey, operations: readonly Operation[], terms: SealingTerms): Promise<SignedSubmission> {
    const { sealTo, validate, ...plain } = terms;
    const chainId = await this.mainChainId();
    if (sealTo === undefined) return signSubmission(by, operations, plain, chainId, this.#now());
    const format = await this.#format(terms.format, terms.formatVersion);
    const source = terms.source ?? by.source;
    const sealed = await sealOperations(operations, { ...plain, sealTo, ...(validate && { validate }) }, format, chainId, source);
    return signSubmission(by, sealed, plain, chainId, this.#now());
  }

  /**
   * Opens the sealed content of an operation that was found, with the key of one of its readers. Whoever knows that key's public half can seal something in a source's name:
   * that the source has signed the operation is shown by its proof, and not by this: {@link openProven}.
   *
   * @throws SealFailure
   */
  async open(found: Pick<FoundOperation, 'operation' | 'format' | 'formatVersion' | 'source'>, key: MessageKey): Promise<unknown> {
    const { format, formatVersion, source } = found;
    const { content } = JSON.parse(found.operation) as { readonly content?: unknown };
    return openContent(content, { chainId: await this.mainChainId(), format, formatVersion, source }, key);
  }

  /**
   * The same of what the source has signed, whatever the gateway says of it: asks for the operation's proof, verifies it, and opens the operation in it.
   *
   * @throws SealFailure; ProofFailure; NotFinalError when the proof was not there in time
   */
  async openProven({ at, digest, operation }: Pick<FoundOperation, 'at' | 'digest' | 'operation'>, key: MessageKey, chain: TrustedChain, options: Omit<ProofOptions, 'index'> = {}): Promise<unknown> {
    const file = await this.proof({ place: at.place, digest }, { ...options, index: at.index });
    const { chainId, format, formatVersion, source } = verifyOperation(chain, file).statement;
    const shown = readOperationProof(file).operation;
    if (shown !== operation) throw new ProofFailure('operation-in-submission', 'the proof is of another operation than was found');
    const { content } = JSON.parse(shown) as { readonly content?: unknown };
    return openContent(content, { chainId, format, formatVersion, source }, key);
  }

  /** Signs operations and sends them: 1 to 1,000 under one signature. The receipt says that they are durable. */
  async submit(by: SourceKey, operations: readonly Operation[], terms: SealingTerms, options: SendOptions = {}): Promise<Receipt> {
    return this.send(await this.sign(by, operations, terms), options);
  }

  /** Sends what is signed. @throws ProblemError when it is refused; UnreachableError when nobody answered */
  send(submission: SignedSubmission, options: SendOptions = {}): Promise<Receipt> {
    return sendOne(this.#connection, submission, options);
  }

  /** Sends any number of submissions, also ones that are still being made, and gives outcomes as they are known. */
  sendAll(
    submissions: AsyncIterable<SignedSubmission> | Iterable<SignedSubmission>,
    options: SendOptions = {},
  ): AsyncGenerator<Outcome, void, undefined> {
    return sendStream(this.#connection, submissions, options);
  }

  /** Signs operations as they come, `batch` under one signature, and sends them. */
  submitAll(
    by: SourceKey,
    operations: AsyncIterable<Operation> | Iterable<Operation>,
    terms: Omit<SealingTerms, 'key'>,
    options: SendOptions & { readonly batch?: number } = {},
  ): AsyncGenerator<Outcome, void, undefined> {
    const { batch = 100 } = options;
    if (!Number.isInteger(batch) || batch < 1) throw new InputError('batch is a whole number from 1 on');
    return this.sendAll(this.#signed(by, operations, terms, batch), options);
  }

  /** What has become of a submission. */
  submission({ place, digest }: Pick<Receipt, 'place' | 'digest'>): Promise<Schemas['SubmissionState']> {
    return this.call('get', '/v1/submissions/{place}/{digest}', { path: { place, digest } });
  }

  /**
   * The proof of an operation, once its data block is final, for {@link verifyOperation} or `chancery verify`. Public data have theirs for anybody; others for who may
   * read them by the key of this client, and for the source.
   * @throws NotFinalError when it was not there in time
   */
  async proof({ place, digest, source }: Pick<Receipt, 'place' | 'digest'> & Partial<Pick<Receipt, 'source'>>, options: ProofOptions = {}): Promise<unknown> {
    const { index = 0, by, patienceMs = PROOF_PATIENCE_MS, signal } = options;
    const asking = by === undefined ? undefined : { by, chainId: await this.mainChainId(), source: (source ?? by.source) as Address };
    const { ports } = this.#connection;
    const path = '/v1/submissions/{place}/{digest}/operations/{index}';
    const begun = ports.now();
    for (let pause = FIRST_PROOF_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PROOF_PAUSE_MS)) {
      try {
        const headers = asking && { 'chancery-source': asking.by.ask({ source: asking.source, place, digest }, asking.chainId, ports.now()) };
        const parameters = { place, digest, index };
        return await this.#connection.send({ method: 'GET', path, parameters, ...(headers && { headers }), isRepeatable: false, signal });
      } catch (error) {
        if (!isTemporary(error)) throw error;
        const waited = ports.now() - begun;
        if (waited + pause > patienceMs) throw new NotFinalError(place, waited, { cause: error });
        await ports.wait(pause, signal);
      }
    }
  }

  // Query.

  /** One page of operations. Public data; internal data too for a key with an office, restricted data for one that is named. */
  async search(search: Search, signal?: AbortSignal): Promise<FoundPage> {
    const page = await this.call('post', '/v1/data/search', { body: search, ...(signal && { signal }) });
    return page as unknown as FoundPage;
  }

  /** Every operation that matches, page by page as they are read. */
  async *searchAll(search: Search, signal?: AbortSignal): AsyncGenerator<FoundOperation, void, undefined> {
    let after = search.after;
    do {
      const page = await this.search({ ...search, ...(after && { after }) }, signal);
      yield* page.operations;
      after = page.next;
    } while (after);
  }

  /** Counts, sums, bounds and means over everything that a search finds; with `next` it is a part. */
  aggregate(aggregate: Aggregate, signal?: AbortSignal): Promise<Aggregates> {
    return this.call('post', '/v1/data/aggregate', { body: aggregate, ...(signal && { signal }) });
  }

  /** Keeps a query: what is accepted from now on and matches it is delivered. Its owner is the client's key. */
  subscribe(subscribe: Subscribe): Promise<Subscription> {
    return this.call('post', '/v1/subscriptions', { body: subscribe });
  }

  /** The key's subscriptions, oldest first. */
  async subscriptions(): Promise<readonly Subscription[]> {
    return (await this.call('get', '/v1/subscriptions', {})).subscriptions;
  }

  /** Ends a subscription. */
  unsubscribe(subscription: Hex): Promise<Subscription> {
    return this.call('delete', '/v1/subscriptions/{subscription}', { path: { subscription } });
  }

  /** What is behind a cursor; with nothing there, after at most {@link MAX_WAIT_SECONDS}. */
  async delivered(subscription: Hex, after?: string, waitSeconds = 0, signal?: AbortSignal): Promise<Delivered> {
    const query = { wait: waitSeconds, ...(after !== undefined && { after }) };
    const path = '/v1/subscriptions/{subscription}/operations';
    const answer = await this.call('get', path, { path: { subscription }, query, ...(signal && { signal }) });
    return answer as unknown as Delivered;
  }

  /**
   * What matches a subscription, as it comes, until the signal says so: what came at a time, and the cursor to keep once that is dealt with. From there it goes on after whatever
   * happens to either side.
   */
  async *followSubscription(subscription: Hex, after?: string, signal?: AbortSignal): AsyncGenerator<Delivered, void, undefined> {
    const { ports } = this.#connection;
    let cursor = after;
    while (!signal?.aborted) {
      const asked = ports.now();
      const delivered = await this.delivered(subscription, cursor, MAX_WAIT_SECONDS, signal);
      cursor = delivered.cursor ?? cursor;
      if (delivered.operations.length > 0) yield delivered;
      // Answered at once and with nothing: too many wait already.
      else if (ports.now() - asked < FOLLOW_PAUSE_MS) await ports.wait(FOLLOW_PAUSE_MS, signal);
    }
  }

  /** An asset's versions, sources and readers. */
  async trace(asset: Schemas['Asset']): Promise<Trace> {
    return (await this.call('post', '/v1/data/trace', { body: asset })) as unknown as Trace;
  }

  /** Where a certificate stands and what its status is, as the gateway says: not proven. Whoever relies on it asks {@link provenCertificate}. */
  certificate(id: Hex): Promise<Schemas['Certificate']> {
    return this.call('get', '/v1/certificates/{id}', { path: { id } });
  }

  /**
   * Where a certificate stands now, proven by the chains that are trusted: the gateway is asked, and its word counts where the proof says the same. `city` is known by the
   * genesis of its chains ({@link trust}, `essentialsOf`), and by nothing that this gateway says.
   * @throws StapleFailure with the check that fails: what does not verify, is older than {@link MAX_ONLINE_AGE_SECONDS}, or contradicts the gateway's word states
   * nothing about the certificate; ProblemError, UnreachableError
   */
  async provenCertificate(id: Hex, city: TrustedCity, options: StandingOptions = {}): Promise<ProvenStanding> {
    const { signal } = options;
    const [word, file] = await Promise.all([this.call('get', '/v1/certificates/{id}', { path: { id }, ...(signal && { signal }) }), this.#staple(id, options)]);
    const proven = verifyOnline(city, JSON.stringify(file), id, Math.floor(this.#now() / MS_PER_SECOND));
    checkWord(word, proven);
    return proven;
  }

  // Share.

  /**
   * A shared file for which a request was granted, from its owner's service. This client's key is the reader's. The gateway is believed in which contract
   * and service the resource has; everything else is proven by `trusted`, the main chain.
   * @throws ShareFailure, ProblemError (`not-granted`, `not-your-request`), UnreachableError, InputError
   */
  async fetchShared(resource: string, request: number, reader: ReaderKey, trusted: TrustedChain, options: FetchOptions = {}): Promise<SharedFile> {
    if (this.#connection.address === undefined) throw new InputError('a shared file is fetched with the key of its reader: give the client one');
    const { signal, maxBytes = DEFAULT_MAX_FILE_BYTES } = options;
    const path = { resource, request };
    const { asset, service } = await this.call('get', '/v1/resources/{resource}/requests/{request}', { path, ...(signal && { signal }) });
    if (!service) throw new InputError(`the directory names no service of ${resource}: ask its owner`);
    const rpcUrl = options.rpcUrl ?? (await this.#mainRpcUrl());
    const owner = this.#connection.at(service, await this.mainChainId());
    const node = { connection: this.#connection, rpcUrl, chain: trusted, signal };
    return fetchShared(owner, node, { asset: asset.toLowerCase() as Address, request, reader, maxBytes });
  }

  /**
   * Asks for access to a version of a resource, the newest unless told: a transaction of this client's key to the asset's contract, which names the key to which the owner seals. Of the
   * purpose its keccak256 stands on the chain. Called again it is another request: {@link accessRequest} says how far one is. What a node says of it is not proven here; whoever fetches the file has that proven.
   * @throws AccessRefused for a reason of the contract; AccessPending with the transaction's hash when it was sent and is not known to be final; AccessFailed when it is final and has failed; ProblemError, UnreachableError, InputError, NotAGatewayError
   */
  async requestAccess(resource: string, reader: ReaderKey, terms: AccessTerms, options: AskOptions = {}): Promise<AskedAccess> {
    if (this.#connection.address === undefined) throw new InputError('access is asked for with the key of its reader: give the client one');
    const signal = options.signal;
    const { asset, state } = await this.call('get', '/v1/resources/{resource}', { path: { resource }, ...(signal && { signal }) });
    const version = terms.version ?? state?.versions[0]?.version;
    if (version === undefined) throw new InputError(`nothing of ${resource} is published yet`);
    const rpcUrl = options.rpcUrl ?? (await this.#mainRpcUrl());
    return askForAccess(this.#connection, rpcUrl, { asset: asset.toLowerCase() as Address, version, reader, purpose: terms.purpose, right: terms.right }, options);
  }

  /**
   * Ends a request of this client's key, or its grant: nothing is handed out on it any more, and its place is free. The owner of the asset may end it too.
   * @throws AccessRefused, AccessPending, AccessFailed as {@link requestAccess} does; ProblemError, UnreachableError, InputError, NotAGatewayError
   */
  async endAccess(resource: string, request: number, options: AskOptions = {}): Promise<EndedAccess> {
    if (this.#connection.address === undefined) throw new InputError('a request is ended with the key of its reader: give the client one');
    const signal = options.signal;
    const { asset } = await this.call('get', '/v1/resources/{resource}', { path: { resource }, ...(signal && { signal }) });
    return endAccess(this.#connection, options.rpcUrl ?? (await this.#mainRpcUrl()), asset.toLowerCase() as Address, request, options);
  }

  /**
   * Waits until a request is decided for: then {@link fetchShared} gets what was asked for.
   * @throws AccessClosed when it was refused or has ended, AccessUndecided when nobody has decided in time
   */
  awaitAccess(resource: string, request: number, options: DecisionOptions = {}): Promise<Schemas['AccessRequest']> {
    return decisionOf(() => this.accessRequest(resource, request), this.#connection.ports, options);
  }

  /** How far a request for access to a resource is, as the asset's contract has it. */
  accessRequest(resource: string, request: number): Promise<Schemas['AccessRequest']> {
    return this.call('get', '/v1/resources/{resource}/requests/{request}', { path: { resource, request } });
  }

  // Messages.

  /**
   * Sealed messages of this client's key, which is one of an organization's. `key` opens them; what a gateway or a node says is proven by `trusted`, the main chain.
   * @throws InputError for a client without a key
   */
  messages(key: MessageKey, trusted: TrustedChain, options: { readonly rpcUrl?: string } = {}): Messages {
    const { rpcUrl } = options;
    return new Messages(this.#connection, key, trusted, () => (rpcUrl === undefined ? this.#mainRpcUrl() : Promise.resolve(rpcUrl)));
  }

  // Alliance: who takes part in a cross-chain alliance, and how far its requests are. Nothing of it is proven to this client: each step names the event that shows it.

  /** @throws ProblemError `no-alliance` where the gateway watches none */
  async alliance(): Promise<Alliance> {
    return (await this.#read('/v1/alliance')) as Alliance;
  }

  /** Requests, newest first. `cursor` is `nextCursor` of the page before; `limit` 1 to 100. */
  async allianceRequests(page: { readonly limit?: number; readonly cursor?: string } = {}): Promise<AlliancePage> {
    return (await this.#read('/v1/alliance/requests', {}, page)) as AlliancePage;
  }

  /** Requests that have no number, as endorsers, relays and requesters report them: nothing of it is proven. */
  async allianceProposals(page: { readonly limit?: number; readonly cursor?: string } = {}): Promise<AllianceProposalPage> {
    return (await this.#read('/v1/alliance/proposals', {}, page)) as AllianceProposalPage;
  }

  /** @throws ProblemError `unknown-alliance-request` for one that is none of the newest */
  async allianceRequest(number: number): Promise<AllianceRequest> {
    return (await this.#read('/v1/alliance/requests/{number}', { number })) as AllianceRequest;
  }

  /**
   * Requests as they change, each as it is then, until the signal is aborted; first all that the gateway keeps, or what has changed after `after`. A connection that breaks off is
   * made anew where the last one ended. Of several changes between two connections the newest is told.
   */
  followAlliance(options: FollowOptions = {}): AsyncGenerator<AllianceChange, void, undefined> {
    return follow(this.#connection, options);
  }

  // Verify.

  /**
   * The chain by the hash of its genesis alone: what the gateway and the node say of it is checked against the hash. Keep `essentials`: with them
   * `new TrustedChain(essentials)` verifies without any network.
   */
  trust(chain: string, genesisHash: Hex): Promise<{ chain: TrustedChain; essentials: ChainEssentials }> {
    return fetchTrust(this.#connection, chain, genesisHash);
  }

  /** In force, as the gateway has it; asked for again when another version than the known one is submitted. */
  async #format(format: string, version: number): Promise<FormatInForce> {
    const known = this.#formats.get(format);
    if (known?.version === version) return known;
    const path = '/v1/formats/{format}';
    const answer = await this.#connection.send({ method: 'GET', path, parameters: { format }, isRepeatable: true, isOpen: true });
    const found = formatOf(answer);
    if (found === undefined) throw new NotAGatewayError(this.gateway, 200, 'its answer is no format');
    this.#formats.set(format, found);
    return found;
  }

  /** Of a node of the main chain, as the gateway names it. */
  async #mainRpcUrl(): Promise<string> {
    return (await this.call('get', '/v1/chains', {})).chains.find(({ name }) => name === 'main')?.rpcUrl ?? '';
  }

  /** Waits while the main chain has no block that is as young as the certificate, and not for ever. */
  async #staple(id: Hex, { patienceMs = PROOF_PATIENCE_MS, signal }: StandingOptions): Promise<unknown> {
    const { ports } = this.#connection;
    const deadline = ports.now() + patienceMs;
    for (;;) {
      try {
        return await this.#connection.send({ method: 'GET', path: '/v1/certificates/{id}/staple', parameters: { id }, isRepeatable: false, isOpen: true, signal });
      } catch (error) {
        if (!(error instanceof ProblemError) || error.code !== 'not-final-yet' || ports.now() >= deadline) throw error;
        await ports.wait(STAPLE_PAUSE_MS, signal);
      }
    }
  }

  #read(path: string, parameters: Record<string, number> = {}, query: Record<string, string | number | undefined> = {}): Promise<unknown> {
    return this.#connection.send({ method: 'GET', path, parameters, query, isRepeatable: true, isOpen: true });
  }

  async *#signed(
    by: SourceKey,
    operations: AsyncIterable<Operation> | Iterable<Operation>,
    terms: Omit<SealingTerms, 'key'>,
    size: number,
  ): AsyncGenerator<SignedSubmission> {
    let batch: Operation[] = [];
    for await (const operation of operations) {
      batch.push(operation);
      if (batch.length < size) continue;
      yield await this.sign(by, batch, terms);
      batch = [];
    }
    if (batch.length > 0) yield await this.sign(by, batch, terms);
  }

  #now(): number {
    return this.#connection.ports.now();
  }
}
