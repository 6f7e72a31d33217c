/** Requests to one gateway: made, signed, sent, tried again, and their answers read. */
import { base64urlOf, randomBytes, utf8Of } from '../encoding.js';
import { InputError, NotAGatewayError, UnreachableError } from '../errors.js';
import type { Address } from '../hex.js';
import { failureOf, parsed, textOf } from './answer.js';
import type { EthereumKey } from './key.js';
import { DEFAULT_RETRY, retrying, SYSTEM_PORTS, type Ports, type RetryPolicy } from './retry.js';
import { signatureHeaders } from './signature.js';
import { Silence } from './silence.js';
import type { LegacyTransaction } from './transaction.js';

/** The longest that an answer is waited for; the gateway itself gives up after half of it. */
export const REQUEST_TIMEOUT_MS = 60_000;
const NONCE_BYTES = 16;
const MS_PER_SECOND = 1000;

export interface ConnectionOptions {
  /** `https://HOST`; of this machine `http://HOST:PORT` too. */
  readonly gateway: string;
  /** Signs requests; without one, what is open to anybody can be asked. */
  readonly key?: EthereumKey;
  /** EIP-155 id of the city's main chain; asked of the gateway when it is needed and absent. */
  readonly mainChainId?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** {@link REQUEST_TIMEOUT_MS} unless given. */
  readonly timeoutMs?: number;
  /** The platform's unless given. */
  readonly fetch?: typeof globalThis.fetch;
  /** Time and chance; the system's unless given. */
  readonly ports?: Partial<Ports>;
}

/** One request. */
export interface Call {
  readonly method: string;
  /** Below the gateway's address, with `{name}` for each parameter. */
  readonly path: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly body?: string;
  /** Of the body; `application/json` unless given. */
  readonly type?: string;
  /** Makes the request one with any other that has the same. */
  readonly idempotencyKey?: string;
  /** Twice has the effect of once, so that it may be tried again. */
  readonly isRepeatable: boolean;
  /** Unsigned even by a connection that has a key. */
  readonly isOpen?: boolean;
  /** What is taken for an answer; JSON unless given. */
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of an answer that lasts: the time limit is for its head, and this for the time in which nothing comes. */
  readonly maxSilenceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export class Connection {
  /** As it was given, without a slash at the end. */
  readonly gateway: string;
  readonly retry: RetryPolicy;
  readonly ports: Ports;
  readonly #options: ConnectionOptions;
  #mainChainId: Promise<number> | undefined;

  /** @throws InputError for an address that is none of a gateway */
  constructor(options: ConnectionOptions) {
    this.gateway = addressOf(options.gateway);
    this.retry = { ...DEFAULT_RETRY, ...options.retry };
    this.ports = { ...SYSTEM_PORTS, ...options.ports };
    this.#options = options;
    if (options.mainChainId !== undefined) this.#mainChainId = Promise.resolve(options.mainChainId);
  }

  /** Signs a transaction of its account. @throws InputError without a key */
  signTransaction(transaction: LegacyTransaction): Uint8Array {
    const { key } = this.#options;
    if (key === undefined) throw new InputError('a transaction is signed by the key of its account: give the client one');
    return key.signTransaction(transaction);
  }

  /** Signs 32 bytes: r, s, v in 65. @throws InputError without a key */
  signDigest(digest: Uint8Array): Uint8Array {
    const { key } = this.#options;
    if (key === undefined) throw new InputError('a statement is signed by the key of whoever makes it: give the client one');
    return key.signDigest(digest);
  }

  /** Whose key signs. */
  get address(): Address | undefined {
    return this.#options.key?.address;
  }

  /**
   * The same key, time and patience at another door, whose address somebody else has chosen; `mainChainId` is not asked of it.
   *
   * @throws InputError when it is plain HTTP beyond this machine
   */
  at(gateway: string, mainChainId: number): Connection {
    if (!URL.canParse(gateway) || !isKeptToItself(new URL(gateway))) {
      throw new InputError(`${gateway} is not encrypted, and on another machine: have its owner give an https address`);
    }
    return new Connection({ ...this.#options, gateway, mainChainId });
  }

  /** Asked once, and again if that failed. */
  async mainChainId(): Promise<number> {
    this.#mainChainId ??= this.#askMainChainId();
    try {
      return await this.#mainChainId;
    } catch (error) {
      this.#mainChainId = undefined;
      throw error;
    }
  }

  /** Sends a request and reads its JSON, again and again if it may be repeated and the failure passes. */
  async send(call: Call): Promise<unknown> {
    const once = async (): Promise<unknown> => {
      const response = await this.open(call);
      const text = await textOf(response, this.gateway);
      return text === '' ? undefined : parsed(text, response, this.gateway);
    };
    return call.isRepeatable ? retrying(this.retry, this.ports, once, call.signal) : once();
  }

  /** Sends a request once; its answer, whose body is still to be read. What is no success is thrown. */
  async open(call: Call): Promise<Response> {
    const url = urlOf(this.gateway, call);
    const body = call.body === undefined ? undefined : utf8Of(call.body);
    const headers = {
      accept: call.accept ?? 'application/json, application/problem+json',
      ...call.headers,
      ...(body !== undefined && { 'content-type': call.type ?? 'application/json' }),
      ...(call.idempotencyKey !== undefined && { 'idempotency-key': call.idempotencyKey }),
      ...(await this.#signature(call, url, body)),
    };
    const request = { method: call.method, headers, ...(body !== undefined && { body }) };
    const response = await this.#fetch(url, request, call.signal, call.maxSilenceMs);
    const failure = await failureOf(response, this.gateway);
    if (failure !== undefined) throw failure;
    return response;
  }

  /** A request of one's own to another address, with the same time limit and failures; nothing is signed. */
  async fetchElsewhere(url: URL, request: RequestInit, signal?: AbortSignal): Promise<Response> {
    return this.#fetch(url, request, signal);
  }

  async #fetch(url: URL, request: RequestInit, given: AbortSignal | undefined, maxSilenceMs?: number): Promise<Response> {
    const limitMs = this.#options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const silence = maxSilenceMs === undefined ? undefined : new Silence(limitMs, maxSilenceMs);
    const limit = silence?.signal ?? AbortSignal.timeout(limitMs);
    const fetch = this.#options.fetch ?? globalThis.fetch;
    try {
      const response = await fetch(url, {
        ...request,
        cache: 'no-store',
        credentials: 'omit',
        // A signature names its authority, so another one could do nothing with it.
        redirect: 'manual',
        signal: given === undefined ? limit : AbortSignal.any([given, limit]),
      });
      return silence?.watching(response) ?? response;
    } catch (cause) {
      silence?.end();
      given?.throwIfAborted();
      throw new UnreachableError(this.gateway, { cause });
    }
  }

  /** Anew for each attempt: a nonce counts once. */
  async #signature(call: Call, url: URL, body: Uint8Array | undefined): Promise<Record<string, string>> {
    const { key } = this.#options;
    if (key === undefined || call.isOpen) return {};
    const terms = {
      chainId: await this.mainChainId(),
      created: Math.floor(this.ports.now() / MS_PER_SECOND),
      nonce: base64urlOf(randomBytes(NONCE_BYTES)),
    };
    return signatureHeaders(key, { method: call.method, url, body }, terms);
  }

  async #askMainChainId(): Promise<number> {
    const answer = await this.send({ method: 'GET', path: '/v1/chains', isRepeatable: true, isOpen: true });
    const main = (answer as { chains?: { name?: unknown; chainId?: unknown }[] } | undefined)?.chains?.find(({ name }) => name === 'main');
    if (typeof main?.chainId !== 'number') throw new NotAGatewayError(this.gateway, 200, 'it names no chain main');
    return main.chainId;
  }
}

function addressOf(gateway: string): string {
  const url = URL.canParse(gateway) ? new URL(gateway) : undefined;
  // Not repeated: a password may stand in it.
  if (url !== undefined && (url.username !== '' || url.password !== '')) throw new InputError('the address of a gateway has no user and no password');
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new InputError(`'${gateway}' is no address of a gateway: write http://HOST:PORT or https://HOST`);
  }
  if (!isKeptToItself(url)) throw new InputError(`${gateway} is not encrypted, and on another machine: use its https address`);
  return url.href.replace(/\/$/, '');
}

/** Parameters are percent-encoded, so that none of them leads to another path. */
function urlOf(gateway: string, { path, parameters = {}, query = {} }: Call): URL {
  const filled = path.replace(/\{([a-z_]+)\}/g, (_, name: string) => {
    const value = String(parameters[name] ?? '');
    if (['', '.', '..'].includes(value)) throw new InputError(`${name} must not be empty, '.' or '..'`);
    return encodeURIComponent(value);
  });
  const url = new URL(gateway + filled);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
  }
  return url;
}

/** Whether nobody on the way hears what is said there: over https, or on this machine. */
export function isKeptToItself({ protocol, hostname }: URL): boolean {
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isHere);
}
