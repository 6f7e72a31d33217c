/**
 * The envelope: a JWE (RFC 7516, general JSON serialization) for two recipients, the receiver and the sender, of exactly the shape of
 * docs/specs/messages.md. `A256GCM` seals the content, `aad` binds it to the message's head (MSG-3).
 */
import { base64urlOf, bytesOfBase64url, randomBytes, utf8Of } from '../encoding.js';
import type { Hex } from '../hex.js';
import { hexOf, keccak } from '../light/bytes.js';
import { FormError, membersAt } from '../light/json.js';
import { textAt } from '../data/statement.js';
import { openAesGcm, sealAesGcm } from '../share/aes-gcm.js';
import { contentOf, plainOf, type Content } from './content.js';
import { EncryptionPublicKey, KEY_AGREEMENT, WRAPPED_BYTES, type MessageKey } from './encryption-key.js';
import { MessageFailure } from './failure.js';
import { MAX_ENVELOPE_BYTES } from './limits.js';
import { Stated, type Deposit, type Head } from './statement.js';

const PROTECTED = base64urlOf(utf8Of('{"enc":"A256GCM","typ":"chancery-message+jwe"}'));
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface Recipient {
  readonly kid: string;
  readonly ephemeral: EncryptionPublicKey;
  readonly wrapped: Uint8Array;
}

interface Jwe {
  readonly recipients: readonly [Recipient, Recipient];
  readonly aad: string;
  readonly nonce: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

/** A sealed message, ready to be signed and sent. */
export interface SealedMessage {
  /** The envelope's exact text. */
  readonly envelope: string;
  readonly deposit: Stated<Deposit>;
}

/** Seals a content to the receiver's key and to the sender's own. @throws MessageFailure with `key-strong`; InputError for what is too large */
export async function sealMessage(head: Head, content: Content, receiver: EncryptionPublicKey, sender: EncryptionPublicKey): Promise<SealedMessage> {
  const plain = plainOf(content);
  const [key, nonce] = [randomBytes(KEY_BYTES), randomBytes(NONCE_BYTES)];
  const recipients = [await recipientOf(receiver, key), await recipientOf(sender, key)];
  const aad = aadOf(head);
  const sealed = await sealAesGcm(key, nonce, plain, boundTo(aad));
  key.fill(0);
  plain.fill(0);
  const tagAt = sealed.length - TAG_BYTES;
  const jwe = {
    protected: PROTECTED,
    recipients,
    aad,
    iv: base64urlOf(nonce),
    ciphertext: base64urlOf(sealed.subarray(0, tagAt)),
    tag: base64urlOf(sealed.subarray(tagAt)),
  };
  const envelope = JSON.stringify(jwe);
  const bytes = utf8Of(envelope);
  const deposit = Stated.deposit({ head, sealedHash: hexOf(keccak(bytes)), sealedBytes: bytes.length, sealedTo: receiver.thumbprint });
  return { envelope, deposit };
}

/** Opens a message with the secret of its receiver or of its sender. @throws MessageFailure */
export async function openMessage(envelope: string, deposit: Deposit, key: MessageKey): Promise<Content> {
  const jwe = readEnvelope(envelope, deposit);
  const own = jwe.recipients.find(({ kid }) => kid === key.publicKey.thumbprint);
  if (own === undefined) throw new MessageFailure('key-opens', 'the message is sealed to other keys than the one at hand');
  const contentKey = await key.unwrap(own.ephemeral, own.wrapped);
  const plain = await openAesGcm(contentKey, jwe.nonce, jwe.sealed, boundTo(jwe.aad));
  contentKey.fill(0);
  if (plain === undefined) throw new MessageFailure('content-unaltered', 'the envelope was altered, or the key is another one');
  return contentOf(plain);
}

/** Checks all that shows without a key: the envelope is the one that was signed for, bound to its head, and its first recipient is the receiver. @throws MessageFailure */
export function readEnvelope(envelope: string, deposit: Deposit): Jwe {
  const bytes = utf8Of(envelope);
  const hash: Hex = bytes.length > MAX_ENVELOPE_BYTES ? '0x' : hexOf(keccak(bytes));
  if (hash !== deposit.sealedHash || bytes.length !== deposit.sealedBytes) {
    throw new MessageFailure('envelope-of-deposit', 'the envelope is not the one that the statement names');
  }
  try {
    const jwe = jweAt(JSON.parse(envelope) as unknown, deposit.head);
    if (jwe.recipients[0].kid !== deposit.sealedTo) throw new FormError('the first recipient is not the key that the statement names');
    return jwe;
  } catch (cause) {
    if (cause instanceof FormError || cause instanceof SyntaxError) throw new MessageFailure('envelope-readable', cause.message, { cause });
    throw cause;
  }
}

async function recipientOf(key: EncryptionPublicKey, contentKey: Uint8Array): Promise<object> {
  const { epk, wrapped } = await key.wrap(contentKey);
  return { header: { alg: KEY_AGREEMENT, epk, kid: key.thumbprint }, encrypted_key: base64urlOf(wrapped) };
}

function jweAt(value: unknown, head: Head): Jwe {
  const members = membersAt(value, 'envelope', ['protected', 'recipients', 'aad', 'iv', 'ciphertext', 'tag']);
  if (members.protected !== PROTECTED) throw new FormError('enc must be A256GCM and typ chancery-message+jwe');
  const aad = textAt(members.aad, 'aad');
  if (aad !== aadOf(head)) throw new FormError('it is bound to another message');
  const [first, second, ...others] = Array.isArray(members.recipients) ? (members.recipients as unknown[]) : [];
  if (first === undefined || second === undefined || others.length > 0) throw new FormError('there are two recipients');
  const [ciphertext, tag] = [binaryAt(members.ciphertext, 'ciphertext'), binaryAt(members.tag, 'tag', TAG_BYTES)];
  const sealed = new Uint8Array(ciphertext.length + tag.length);
  sealed.set(ciphertext);
  sealed.set(tag, ciphertext.length);
  return { recipients: [recipientAt(first), recipientAt(second)], aad, nonce: binaryAt(members.iv, 'iv', NONCE_BYTES), sealed };
}

function recipientAt(value: unknown): Recipient {
  const members = membersAt(value, 'recipient', ['header', 'encrypted_key']);
  const header = membersAt(members.header, 'header', ['alg', 'epk', 'kid']);
  if (header.alg !== KEY_AGREEMENT) throw new FormError(`alg must be ${KEY_AGREEMENT}`);
  const ephemeral = EncryptionPublicKey.ofJwk(header.epk);
  if (ephemeral === undefined) throw new FormError('epk is no X25519 key');
  return { kid: textAt(header.kid, 'kid'), ephemeral, wrapped: binaryAt(members.encrypted_key, 'encrypted_key', WRAPPED_BYTES) };
}

function binaryAt(value: unknown, at: string, length?: number): Uint8Array {
  const bytes = bytesOfBase64url(textAt(value, at));
  if (bytes === undefined || (length !== undefined && bytes.length !== length)) {
    throw new FormError(`${at} is not base64url${length === undefined ? '' : ` of ${length} bytes`}`);
  }
  return bytes;
}

function aadOf(head: Head): string {
  return base64urlOf(utf8Of(JSON.stringify(head)));
}

/** RFC 7516 5.1: `protected || '.' || aad`. */
function boundTo(aad: string): Uint8Array {
  return utf8Of(`${PROTECTED}.${aad}`);
}
