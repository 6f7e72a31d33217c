/**
 * Somebody who is signed in: a signer, the roles that the city gives it, and a session that is renewed when it runs out.
 * The token stays in memory and dies with the page.
 */
import { api, ProblemError, type Session } from '../api/client';
import type { Chains, Role } from '../api/types';
import { signInMessage } from '../protocol/sign-in';
import type { SigningDomain } from '../protocol/typed-data';
import type { Signer } from './signer';

/** A new session is made this long before the old one ends. */
const RENEW_BEFORE_MS = 60_000;
/** How long an operation that is signed now may wait to be recorded. */
const OPERATION_LIFETIME_SECONDS = 300;

export class Account {
  #session: { token: string; expiresAt: number } | undefined;
  #signingIn: Promise<Session> | undefined;
  roles: Role[] = [];

  constructor(
    readonly signer: Signer,
    readonly city: Chains,
  ) {}

  get address(): Signer['address'] {
    return this.signer.address;
  }

  has(role: Role): boolean {
    return this.roles.includes(role);
  }

  /** Signs in, or returns the session that there is. */
  async session(): Promise<Session> {
    if (this.#session && this.#session.expiresAt - RENEW_BEFORE_MS > Date.now()) return this.#session;
    this.#signingIn ??= this.#signIn().finally(() => {
      this.#signingIn = undefined;
    });
    return this.#signingIn;
  }

  async #signIn(): Promise<Session> {
    const { nonce } = await api.nonce();
    const main = this.city.chains.find((chain) => chain.name === 'main');
    const message = signInMessage({
      address: this.address,
      chainId: main?.chainId ?? 7100,
      nonce,
      origin: location.origin,
      now: new Date(),
    });
    const answer = await api.signIn(message, await this.signer.signMessage(message));
    this.roles = answer.roles;
    this.#session = { token: answer.token, expiresAt: Date.parse(answer.expiresAt) };
    return this.#session;
  }

  /** Calls the gateway as this account; a session that has ended meanwhile is renewed once. */
  async run<Answer>(call: (session: Session) => Promise<Answer>): Promise<Answer> {
    try {
      return await call(await this.session());
    } catch (error) {
      const ended =
        error instanceof ProblemError && ['session-expired', 'authentication-required'].includes(error.code);
      if (!ended) throw error;
      this.#session = undefined;
      return call(await this.session());
    }
  }

  /** Roles change when a registrar confirms somebody or an operator authorizes a key. */
  async refreshRoles(): Promise<Role[]> {
    const { roles } = await this.run((session) => api.whoAmI(session));
    this.roles = roles;
    return roles;
  }

  async signOut(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.roles = [];
    if (session) await api.signOut(session).catch(() => undefined);
  }
}

/** The registry of a chain, as a signing domain. */
export function domainOf(city: Chains, chainName: string): SigningDomain {
  const chain = city.chains.find((one) => one.name === chainName);
  if (chain?.contracts.certificateRegistry === undefined) {
    throw new Error(`the city has no chain '${chainName}' with certificates`);
  }
  return { chainId: chain.chainId, verifyingContract: chain.contracts.certificateRegistry };
}

export function operationDeadline(now: Date = new Date()): number {
  return Math.floor(now.getTime() / 1000) + OPERATION_LIFETIME_SECONDS;
}
