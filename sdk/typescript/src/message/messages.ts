/** Sealed messages with one key of an organization: sent, listed, opened, acknowledged (docs/specs/messages.md). Keys and plain text stay in this process. */
import type { components } from '../generated.js';
import { InputError } from '../errors.js';
import type { Address, Hex } from '../hex.js';
import { bytesOf, hexOf } from '../light/bytes.js';
import { FormError, hashAt, hexAt, listAt, membersAt, safeIntegerAt } from '../light/json.js';
import type { TrustedChain } from '../light/trust.js';
import type { Call, Connection } from '../request/connection.js';
import type { Node } from '../share/state.js';
import { textAt } from '../data/statement.js';
import type { Content } from './content.js';
import type { EncryptionPublicKey, MessageKey } from './encryption-key.js';
import { openMessage, sealMessage } from './envelope.js';
import { MessageFailure } from './failure.js';
import { membershipOf, receiversOf, requireInForce, standingIn, type Standing } from './members.js';
import { verifyMessage, type VerifiedMessage } from './proof.js';
import { publishedKey } from './published-key.js';
import { checkReceipt, namesNoGenesis, receiptOf, Stated, VERSION, type Acknowledgement, type Correspondent, type Deposit } from './statement.js';

const MS_PER_SECOND = 1000;

/** Who receives. */
export interface Receiver {
  readonly organization: string;
  /** One of its keys; the only one that the chain shows unless given. */
  readonly address?: Address;
  /** Known from elsewhere; the one that the address has published unless given. That the address is a key of the organization is proven all the same. */
  readonly encryptionKey?: EncryptionPublicKey;
}

export interface SendTerms {
  /** The organization for which this client's key sends. */
  readonly from: string;
  readonly inReplyTo?: Hex;
  readonly signal?: AbortSignal;
}

/** A message as its sender has signed it, which was checked. */
export interface ListedMessage {
  readonly message: Hex;
  readonly deposit: Deposit;
  readonly acknowledgement?: Acknowledgement;
  readonly sealedBytes: number;
}

export interface MessagePage {
  readonly messages: readonly ListedMessage[];
  readonly nextCursor?: string;
}

export interface SentMessage extends VerifiedMessage {
  readonly sealedTo: EncryptionPublicKey;
}

/** A message that was opened, and what the chain says of it and of its sender. */
export interface OpenedMessage extends VerifiedMessage {
  readonly content: Content;
  /** Whether the sender's key counts now; one that never did is refused. */
  readonly sender: Standing;
}

interface Shown {
  readonly deposit: Stated<Deposit>;
  readonly acknowledgement?: Stated<Acknowledgement>;
  readonly sealedBytes: number;
}

export class Messages {
  readonly #connection: Connection;
  readonly #own: Address;
  readonly #key: MessageKey;
  readonly #chain: TrustedChain;
  readonly #rpcUrl: () => Promise<string>;

  /** @param rpcUrl of a node of the main chain, which is not believed @throws InputError for a connection without a key */
  constructor(connection: Connection, key: MessageKey, chain: TrustedChain, rpcUrl: () => Promise<string>) {
    const { address } = connection;
    if (address === undefined) throw new InputError('messages are signed with a key of an organization: give the client one');
    this.#connection = connection;
    this.#own = address;
    this.#key = key;
    this.#chain = chain;
    this.#rpcUrl = rpcUrl;
  }

  /**
   * Seals a content to the receiver's key and to the own one, deposits it, and verifies that it is recorded. Nothing is sealed to a key that the chain does not show (MSG-2).
   * @throws MessageFailure, ProofFailure, ProblemError, UnreachableError, InputError
   */
  async send(to: Receiver, content: Content, { from, inReplyTo, signal }: SendTerms): Promise<SentMessage> {
    const node = await this.#node(signal);
    const shown = await membershipOf(node, to.organization, this.#now());
    const receiver = { organization: to.organization, address: to.address ?? onlyOne(to.organization, receiversOf(shown)) };
    requireInForce(shown, receiver);
    const sealedTo = to.encryptionKey ?? (await publishedKey(node, receiver.address, this.#now())).key;
    const head = {
      version: VERSION,
      chainId: this.#chain.chainId,
      genesis: this.#chain.genesisHash,
      from: { organization: from, address: this.#own },
      to: receiver,
      sent: this.#now(),
      ...(inReplyTo !== undefined && { inReplyTo }),
    };
    const { envelope, deposit } = await sealMessage(head, content, sealedTo, this.#key.publicKey);
    const body = { ...this.#signed(deposit), envelope } satisfies components['schemas']['SendMessage'];
    const state = shownOf(await this.#ask('POST', '/v1/messages', { body: JSON.stringify(body), signal }), deposit.id);
    return { ...(await this.#proven(state.deposit.id, signal)), sealedTo };
  }

  /** One page, in the order in which they became visible. What the gateway shows is signed by its sender, and an acknowledgement by its receiver. */
  async list(page: { readonly box?: 'received' | 'sent'; readonly limit?: number; readonly cursor?: string } = {}, signal?: AbortSignal): Promise<MessagePage> {
    const answer = await this.#ask('GET', '/v1/messages', { query: page, signal });
    const members = reading(() => membersAt(answer, 'page', ['items', 'nextCursor']));
    const messages = reading(() => listAt(members.items, 'items', (item) => shownOf(item))).map(({ deposit, acknowledgement, sealedBytes }) => ({
      message: deposit.id,
      deposit: deposit.statement,
      ...(acknowledgement !== undefined && { acknowledgement: acknowledgement.statement }),
      sealedBytes,
    }));
    return { messages, ...(typeof members.nextCursor === 'string' && { nextCursor: members.nextCursor }) };
  }

  /**
   * Opens a message that was received or sent, and verifies its deposit and its sender. One that names no genesis (version 1) is refused.
   * @throws MessageFailure, ProofFailure, ProblemError, UnreachableError
   */
  async open(message: Hex, signal?: AbortSignal): Promise<OpenedMessage> {
    const { deposit, content } = await this.#opened(message, signal);
    const sender = await this.#senderOf(deposit.statement.head.from, signal);
    return { ...(await this.#proven(message, signal)), content, sender };
  }

  /**
   * Signs that the message was received, and verifies that this is recorded. Only what was opened here is acknowledged.
   * @throws MessageFailure, ProofFailure, ProblemError, UnreachableError, InputError for a message that somebody else receives
   */
  async acknowledge(message: Hex, signal?: AbortSignal): Promise<VerifiedMessage> {
    const { deposit } = await this.#opened(message, signal);
    const { head } = deposit.statement;
    if (head.to.address !== this.#own) throw new InputError(`message ${message} is for ${head.to.address}, and a message is acknowledged by its receiver`);
    await this.#senderOf(head.from, signal);
    await this.#proven(message, signal);
    const said = receiptOf(deposit, this.#chain.genesisHash, this.#now());
    const body = JSON.stringify(this.#signed(said) satisfies components['schemas']['StateReceipt']);
    await this.#ask('POST', '/v1/messages/{message}/acknowledgement', { parameters: { message }, body, signal });
    const proven = await this.#proven(message, signal);
    if (proven.acknowledged === undefined) throw new MessageFailure('answer-readable', 'the gateway shows no proof of the acknowledgement');
    return proven;
  }

  /** The file that `chancery verify` and `verifyMessage` read, verified. */
  async receipt(message: Hex, signal?: AbortSignal): Promise<{ readonly file: unknown; readonly verified: VerifiedMessage }> {
    const file = await this.#ask('GET', '/v1/messages/{message}/proof', { parameters: { message }, signal });
    const verified = verifyMessage(this.#chain, file);
    if (verified.message !== message.toLowerCase()) throw new MessageFailure('answer-readable', 'the gateway shows the proof of another message');
    return { file, verified };
  }

  async #proven(message: Hex, signal: AbortSignal | undefined): Promise<VerifiedMessage> {
    return (await this.receipt(message, signal)).verified;
  }

  async #opened(message: Hex, signal: AbortSignal | undefined): Promise<{ deposit: Stated<Deposit>; content: Content }> {
    const answer = await this.#ask('GET', '/v1/messages/{message}', { parameters: { message }, signal });
    const members = reading(() => membersAt(answer, 'message', ['state', 'envelope']));
    const { deposit } = shownOf(members.state, message);
    const { genesis } = deposit.statement.head;
    if (genesis === undefined) throw namesNoGenesis();
    if (genesis !== this.#chain.genesisHash) {
      throw new MessageFailure('city-own', 'it is a message of another city: `chancery message read --from-city-genesis` opens it');
    }
    const { envelope } = members;
    if (typeof envelope !== 'string') {
      throw new MessageFailure('envelope-kept', 'the message was acknowledged long ago: the gateway keeps its statements alone');
    }
    return { deposit, content: await openMessage(envelope, deposit.statement, this.#key) };
  }

  /** What a stranger signed in an organization's name goes no further. */
  async #senderOf(from: Correspondent, signal: AbortSignal | undefined): Promise<Standing> {
    const shown = await membershipOf(await this.#node(signal), from.organization, this.#now());
    const standing = standingIn(shown, from.address);
    if (standing.is === 'never') requireInForce(shown, from);
    return standing;
  }

  #signed({ text, digest }: { readonly text: string; readonly digest: Hex }): { statement: string; signature: Hex } {
    return { statement: text, signature: hexOf(this.#connection.signDigest(bytesOf(digest))) };
  }

  /** A message and its acknowledgement are the same when they come twice (MSG-6), so that each is asked again. */
  #ask(method: string, path: string, call: Omit<Call, 'method' | 'path' | 'isRepeatable'>): Promise<unknown> {
    return this.#connection.send({ ...call, method, path, isRepeatable: true });
  }

  async #node(signal: AbortSignal | undefined): Promise<Node> {
    return { connection: this.#connection, rpcUrl: await this.#rpcUrl(), chain: this.#chain, signal };
  }

  #now(): number {
    return Math.floor(this.#connection.ports.now() / MS_PER_SECOND);
  }
}

function onlyOne(organization: string, addresses: readonly Address[]): Address {
  const [only, ...others] = addresses;
  if (only === undefined) throw new MessageFailure('receiver-named', `${organization} has no key that receives`);
  if (others.length > 0) throw new MessageFailure('receiver-named', `${organization} has several keys that receive: name one of ${addresses.join(', ')}`);
  return only;
}

/** What a gateway shows of a message, checked: its word counts for nothing. @throws MessageFailure */
function shownOf(value: unknown, message?: Hex): Shown {
  const members = reading(() => membersAt(value, 'state', ['message', 'place', 'sealedBytes', 'deposit', 'acknowledgement']));
  const deposit = signedOf(members.deposit, (text) => Stated.deposit(text));
  const named = reading(() => hashAt(members.message, 'message'));
  if (deposit.id !== named || (message !== undefined && deposit.id !== message.toLowerCase())) {
    throw new MessageFailure('answer-readable', 'the gateway shows a deposit of another message');
  }
  const sealedBytes = reading(() => safeIntegerAt(members.sealedBytes, 'sealedBytes'));
  if (members.acknowledgement === undefined || members.acknowledgement === null) return { deposit, sealedBytes };
  const acknowledgement = signedOf(members.acknowledgement, (text) => Stated.acknowledgement(text));
  checkReceipt(acknowledgement, deposit);
  return { deposit, acknowledgement, sealedBytes };
}

function signedOf<Statement>(value: unknown, read: (text: string) => Stated<Statement>): Stated<Statement> {
  const [text, signature] = reading((): [string, Uint8Array] => {
    const members = membersAt(value, 'statement', ['statement', 'signature', 'recorded']);
    return [textAt(members.statement, 'statement'), bytesOf(hexAt(members.signature, 'signature'))];
  });
  const stated = read(text);
  stated.verify(signature);
  return stated;
}

function reading<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof FormError) throw new MessageFailure('answer-readable', cause.message, { cause });
    throw cause;
  }
}
