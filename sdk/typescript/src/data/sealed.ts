/**
 * Sealed content of an operation (docs/specs/data.md, DATA-11): a JWE (RFC 7516, general JSON serialization) for one or more recipients, with the keys, the agreement and the
 * wrapping of sealed messages. `aad` binds it to the source and the format that it is submitted for.
 */
import { base64urlOf, bytesOfBase64url, randomBytes, utf8Of } from '../encoding.js';
import { InputError } from '../errors.js';
import type { Address } from '../hex.js';
import { FormError, listAt, membersAt } from '../light/json.js';
import { EncryptionPublicKey, KEY_AGREEMENT, WRAPPED_BYTES, type MessageKey } from '../message/encryption-key.js';
import { MessageFailure } from '../message/failure.js';
import { openAesGcm, sealAesGcm } from '../share/aes-gcm.js';
import { textAt } from './statement.js';

/** Most recipients of one content. */
export const MAX_RECIPIENTS = 16;
const PROTECTED = base64urlOf(utf8Of('{"enc":"A256GCM","typ":"chancery-data+jwe"}'));
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed content is bound to. */
export interface SealContext {
  readonly chainId: number;
  readonly format: string;
  readonly formatVersion: number;
  readonly source: Address;
}

/** A sealed content: the `content` of an operation of a sealed format. */
export interface SealedContent {
  readonly protected: string;
  readonly recipients: readonly {
    readonly header: { readonly alg: string; readonly epk: object; readonly kid: string };
    readonly encrypted_key: string;
  }[];
  readonly aad: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
}

/** What did not hold of a sealed content. */
export type SealCheck = 'content-sealed' | 'context-own' | 'key-strong' | 'key-opens' | 'content-unaltered' | 'content-readable';

/** Why a content is not sealed or not opened. Nothing of it is in here. */
export class SealFailure extends Error {
  override readonly name = 'SealFailure';

  constructor(
    readonly check: SealCheck,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${check}: ${detail}`, options);
  }
}

/** Seals a content, which has been checked against its format, to each of these keys once. @throws InputError for nobody or too many; SealFailure for a weak key */
export async function sealContent(content: unknown, context: SealContext, to: readonly EncryptionPublicKey[]): Promise<SealedContent> {
  const keys = [...new Map(to.map((key) => [key.thumbprint, key])).values()];
  if (keys.length < 1 || keys.length > MAX_RECIPIENTS) throw new InputError(`a content is sealed to 1 to ${MAX_RECIPIENTS} keys`);
  const plain = utf8Of(textOf(content));
  const [contentKey, nonce] = [randomBytes(KEY_BYTES), randomBytes(NONCE_BYTES)];
  try {
    const recipients = await Promise.all(keys.map((key) => recipientOf(key, contentKey)));
    const aad = aadOf(context);
    const sealed = await sealAesGcm(contentKey, nonce, plain, boundTo(aad));
    const tagAt = sealed.length - TAG_BYTES;
    const [ciphertext, tag] = [base64urlOf(sealed.subarray(0, tagAt)), base64urlOf(sealed.subarray(tagAt))];
    return { protected: PROTECTED, recipients, aad, iv: base64urlOf(nonce), ciphertext, tag };
  } finally {
    contentKey.fill(0);
    plain.fill(0);
  }
}

/** Opens a content that is sealed for this source and format, with the key of one of its recipients. @throws SealFailure */
export async function openContent(content: unknown, context: SealContext, key: MessageKey): Promise<unknown> {
  const { recipients, aad, nonce, sealed } = read(content);
  if (aad !== aadOf(context)) throw new SealFailure('context-own', 'it is sealed for another source, format or chain');
  const own = recipients.find(({ kid }) => kid === key.publicKey.thumbprint);
  if (own === undefined) throw new SealFailure('key-opens', 'it is sealed to other keys than the one at hand');
  const contentKey = await ofKey(key.unwrap(own.ephemeral, own.wrapped));
  const plain = await openAesGcm(contentKey, nonce, sealed, boundTo(aad));
  contentKey.fill(0);
  if (plain === undefined) throw new SealFailure('content-unaltered', 'it was altered, or the key is another one');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)) as unknown;
  } catch {
    // Without its cause, which quotes what was sealed.
    throw new SealFailure('content-readable', 'what its source has sealed is no JSON');
  }
}

interface Read {
  readonly recipients: readonly { readonly kid: string; readonly ephemeral: EncryptionPublicKey; readonly wrapped: Uint8Array }[];
  readonly aad: string;
  readonly nonce: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

function read(content: unknown): Read {
  try {
    const members = membersAt(content, 'content', ['protected', 'recipients', 'aad', 'iv', 'ciphertext', 'tag']);
    if (members.protected !== PROTECTED) throw new FormError('enc has to be A256GCM and typ chancery-data+jwe');
    const recipients = listAt(members.recipients, 'recipients', recipientAt);
    if (recipients.length < 1 || recipients.length > MAX_RECIPIENTS) throw new FormError(`1 to ${MAX_RECIPIENTS} recipients are named`);
    const [ciphertext, tag] = [binaryAt(members.ciphertext, 'ciphertext'), binaryAt(members.tag, 'tag', TAG_BYTES)];
    const sealed = new Uint8Array(ciphertext.length + tag.length);
    sealed.set(ciphertext);
    sealed.set(tag, ciphertext.length);
    return { recipients, aad: textAt(members.aad, 'aad'), nonce: binaryAt(members.iv, 'iv', NONCE_BYTES), sealed };
  } catch (cause) {
    if (cause instanceof FormError) throw new SealFailure('content-sealed', cause.message, { cause });
    throw cause;
  }
}

function recipientAt(value: unknown, at: string): Read['recipients'][number] {
  const members = membersAt(value, at, ['header', 'encrypted_key']);
  const header = membersAt(members.header, `${at}.header`, ['alg', 'epk', 'kid']);
  if (header.alg !== KEY_AGREEMENT) throw new FormError(`${at}: alg has to be ${KEY_AGREEMENT}`);
  const ephemeral = EncryptionPublicKey.ofJwk(header.epk);
  if (ephemeral === undefined) throw new FormError(`${at}: epk is no X25519 key`);
  return { kid: textAt(header.kid, `${at}.kid`), ephemeral, wrapped: binaryAt(members.encrypted_key, `${at}.encrypted_key`, WRAPPED_BYTES) };
}

function binaryAt(value: unknown, at: string, length?: number): Uint8Array {
  const bytes = bytesOfBase64url(textAt(value, at));
  if (bytes === undefined || (length !== undefined && bytes.length !== length)) throw new FormError(`${at} is not base64url of its length`);
  return bytes;
}

async function recipientOf(key: EncryptionPublicKey, contentKey: Uint8Array): Promise<SealedContent['recipients'][number]> {
  const { epk, wrapped } = await ofKey(key.wrap(contentKey));
  return { header: { alg: KEY_AGREEMENT, epk, kid: key.thumbprint }, encrypted_key: base64urlOf(wrapped) };
}

/** Keys refuse as those of messages do. */
async function ofKey<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof MessageFailure)) throw cause;
    throw new SealFailure(cause.check === 'key-strong' ? 'key-strong' : 'content-unaltered', cause.detail, { cause });
  }
}

function textOf(content: unknown): string {
  // A value of no JSON at all, such as a function, has no text.
  const text = JSON.stringify(content) as string | undefined;
  if (text === undefined) throw new InputError('the content is not what JSON can say');
  return text;
}

/** These members in this order. */
function aadOf({ chainId, format, formatVersion, source }: SealContext): string {
  return base64urlOf(utf8Of(JSON.stringify({ chainId, format, formatVersion, source: source.toLowerCase() })));
}

/** RFC 7516 5.1: `protected || '.' || aad`. */
function boundTo(aad: string): Uint8Array {
  return utf8Of(`${PROTECTED}.${aad}`);
}
