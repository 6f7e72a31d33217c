/** The key of a source: a device, an application, a person or an organization that submits data. */
import { base64urlOf, bytesOfHex, hexOfBytes, randomBytes } from '../encoding.js';
import { InputError } from '../errors.js';
import type { Address } from '../hex.js';
import { publicJwk, signatureBy, sourceOf, thumbprintOf, type Algorithm, type Jwk } from './jwk.js';
import { buildJws, JwsError, type JwsType } from './jws.js';

const SECRET_BYTES = 32;

export type SourceKind = 'person' | 'organization' | 'device' | 'application';

/** What a source says of itself when an operator registers it. */
export interface Registration {
  readonly kind: SourceKind;
  /** Code of the organization whose it is. */
  readonly organization: string;
  /** What people call it. */
  readonly name: string;
}

/** The secret stays in this object: it is no enumerable member, and only {@link exportText} gives it. */
export class SourceKey {
  readonly #secret: Uint8Array;
  readonly jwk: Jwk;
  readonly kid: string;
  /** The source that is registered with this key. */
  readonly source: Address;

  /** @param secret 32 bytes @throws InputError for bytes that are no key of the algorithm */
  constructor(
    readonly algorithm: Algorithm,
    secret: Uint8Array,
  ) {
    this.#secret = secret.slice();
    try {
      this.jwk = publicJwk(algorithm, this.#secret);
    } catch {
      // Without the cause: it may repeat the bytes.
      throw new InputError(`these bytes are no secret key for ${algorithm}`);
    }
    const thumbprint = thumbprintOf(this.jwk);
    this.kid = base64urlOf(thumbprint);
    this.source = sourceOf(thumbprint);
  }

  static generate(algorithm: Algorithm = 'EdDSA'): SourceKey {
    for (;;) {
      try {
        return new SourceKey(algorithm, randomBytes(SECRET_BYTES));
      } catch (error) {
        // One draw in 2^32 or fewer is not below the order of a curve.
        if (!(error instanceof InputError)) throw error;
      }
    }
  }

  /** Reads the text of a file that `chancery source key` has written, or of {@link exportText}. @throws InputError */
  static fromText(text: string): SourceKey {
    const [algorithm, digits, ...rest] = text.trim().split(' ');
    const secret = bytesOfHex(`0x${digits ?? ''}`);
    const isKnown = algorithm === 'EdDSA' || algorithm === 'ES256' || algorithm === 'ES256K';
    if (!isKnown || secret?.length !== SECRET_BYTES || rest.length > 0) {
      throw new InputError('this is no key of a source (made by `chancery source key`)');
    }
    return new SourceKey(algorithm, secret);
  }

  /** For whoever keeps it: the secret in clear text. Keep it where nobody else reads. */
  exportText(): string {
    return `${this.algorithm} ${hexOfBytes(this.#secret).slice(2)}`;
  }

  /** JWS, compact. @throws InputError for a payload that is too long */
  sign(type: JwsType, payload: object): string {
    try {
      return buildJws({ alg: this.algorithm, kid: this.kid, typ: type }, JSON.stringify(payload), (message) =>
        signatureBy(this.algorithm, this.#secret, message),
      );
    } catch (error) {
      if (error instanceof JwsError) throw new InputError(error.message, { cause: error });
      throw error;
    }
  }

  /** The statement by which an operator registers the source. `time` in Unix milliseconds. */
  registration(of: Registration, chainId: number, time: number): string {
    const { kind, organization, name } = of;
    return this.sign('chancery-source+jws', { do: 'register', chainId, kind, organization, name, jwk: this.jwk, time });
  }

  /** With what the source asks for the proof of its own data that are not for anybody. */
  ask(of: { readonly source: Address; readonly place: number; readonly digest: string }, chainId: number, time: number): string {
    const { source, place, digest } = of;
    return this.sign('chancery-ask+jws', { chainId, source, place, digest, time });
  }

  /** The statement by which another key takes this one's place; signed by both, the new one first. */
  rotation(next: SourceKey, source: Address, chainId: number, time: number): { statement: string; approval: string } {
    const payload = { do: 'rotate', chainId, source, jwk: next.jwk, time };
    return { statement: next.sign('chancery-source+jws', payload), approval: this.sign('chancery-source+jws', payload) };
  }
}
