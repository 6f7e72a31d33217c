/**
 * What is signed: the deposit of a message and the acknowledgement of its receipt (docs/specs/messages.md, "What is signed"). Each is a small JSON text
 * whose exact bytes are the content of an EIP-712 `DataOperation`.
 */
import { utf8Of } from '../encoding.js';
import type { Address, Hex } from '../hex.js';
import { bytesOf, hexOf, keccak, wordOf } from '../light/bytes.js';
import { addressAt, FormError, hashAt, membersAt, safeIntegerAt } from '../light/json.js';
import { signerOf } from '../staple/signing.js';
import { concat, hashOf, wordOfName } from '../staple/words.js';
import { textAt } from '../data/statement.js';
import { MessageFailure } from './failure.js';
import { MAX_STATEMENT_BYTES } from './limits.js';

/** They name the chain's genesis. */
export const VERSION = 2;
/** Of a deposit between two cities, which names the receiver's city too: it is read, and not made here. */
export const VERSION_BETWEEN_CITIES = 3;
/** The version before, which names the chain's id alone: it is read and verified, and not made any more. */
export const VERSION_WITHOUT_GENESIS = 1;
const DATA_BLOCK_REGISTRY: Address = '0xc4a0000000000000000000000000000000000005';
const ORGANIZATION = /^[0-9A-Z-]{1,32}$/;
const ZERO = new Uint8Array(32);

const textHash = (text: string): Uint8Array => keccak(utf8Of(text));
const DOMAIN_TYPE = textHash('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)');
const OPERATION_TYPE = textHash(
  'DataOperation(bytes32 dataFormat,bytes32 contentHash,address source,bytes32 subject,bytes32 previous,uint64 time,bytes32 idempotencyKey)',
);

/** One side of a message: a key of an organization. */
export interface Correspondent {
  readonly organization: string;
  readonly address: Address;
}

/** A city, by its main chain. */
export interface City {
  readonly chainId: number;
  readonly genesis: Hex;
}

/** Who writes to whom, and when. The envelope is bound to it. */
export interface Head {
  readonly version: number;
  readonly chainId: number;
  /** Absent in version 1. */
  readonly genesis?: Hex;
  /** The receiver's city, where it is another than the sender's (version 3). */
  readonly toCity?: City;
  readonly from: Correspondent;
  readonly to: Correspondent;
  /** Unix seconds. */
  readonly sent: number;
  /** The message that it answers. */
  readonly inReplyTo?: Hex;
}

export interface Deposit {
  readonly head: Head;
  /** keccak256 of the envelope. */
  readonly sealedHash: Hex;
  readonly sealedBytes: number;
  /** RFC 7638 thumbprint of the receiver's key. */
  readonly sealedTo: string;
}

export interface Acknowledgement {
  readonly version: number;
  readonly chainId: number;
  readonly genesis?: Hex;
  readonly message: Hex;
  /** Digest of the operation that deposited it. */
  readonly deposit: Hex;
  readonly by: Correspondent;
  /** Unix seconds. */
  readonly received: number;
}

/** What every statement says for its data operation. */
interface Terms {
  readonly format: string;
  readonly chainId: number;
  readonly genesis: Hex | undefined;
  readonly signer: Address;
  readonly subject: Uint8Array;
  readonly previous: Uint8Array;
  readonly time: number;
}

/** A statement with the exact text that is hashed and signed. */
export class Stated<Statement> {
  /** keccak256 of the text; of a deposit it is the message's identifier. */
  readonly id: Hex;
  /** What is signed. */
  readonly digest: Hex;

  private constructor(
    readonly text: string,
    readonly statement: Statement,
    readonly terms: Terms,
  ) {
    const content = keccak(utf8Of(text));
    const { format, signer, subject, previous, time, chainId } = terms;
    const operation = hashOf(OPERATION_TYPE, wordOfName(format), content, wordOf(BigInt(signer)), subject, previous, wordOf(BigInt(time)), content);
    const domain = hashOf(DOMAIN_TYPE, textHash('Chancery'), textHash('1'), wordOf(BigInt(chainId)), wordOf(BigInt(DATA_BLOCK_REGISTRY)));
    this.id = hexOf(content);
    this.digest = hexOf(keccak(concat(Uint8Array.of(0x19, 0x01), domain, operation)));
  }

  /** @throws MessageFailure with `statement-readable` */
  static deposit(given: Deposit | string): Stated<Deposit> {
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const statement = reading(text, depositAt);
    const { head } = statement;
    const subject = wordOf(BigInt(head.to.address));
    const terms = { format: 'message/deposit', signer: head.from.address, subject, previous: ZERO, time: head.sent, chainId: head.chainId, genesis: head.genesis };
    return new Stated(text, statement, terms);
  }

  /** @throws MessageFailure with `statement-readable` */
  static acknowledgement(given: Acknowledgement | string): Stated<Acknowledgement> {
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const statement = reading(text, acknowledgementAt);
    const { message, deposit, by, received, chainId, genesis } = statement;
    const terms = { format: 'message/acknowledgement', signer: by.address, subject: bytesOf(message), previous: bytesOf(deposit), time: received, chainId, genesis };
    return new Stated(text, statement, terms);
  }

  /** @throws MessageFailure with `statement-signed` */
  verify(signature: Uint8Array): void {
    if (signerOf(bytesOf(this.digest), signature) !== this.terms.signer) {
      throw new MessageFailure('statement-signed', `it is not signed by ${this.terms.signer}`);
    }
  }
}

/** The receipt of a deposit, for its receiver to sign; it names the chain that the receiver trusts. @throws MessageFailure */
export function receiptOf(deposit: Stated<Deposit>, genesis: Hex, received: number): Stated<Acknowledgement> {
  const { head } = deposit.statement;
  if (head.genesis === undefined) throw namesNoGenesis();
  const { chainId } = receivedOn(head);
  const { to: by } = head;
  const said = Stated.acknowledgement({ version: VERSION, chainId, genesis, message: deposit.id, deposit: deposit.digest, by, received });
  checkReceipt(said, deposit);
  return said;
}

/** That an acknowledgement is of this deposit, by its receiver. @throws MessageFailure with `acknowledgement-of-message` */
export function checkReceipt({ statement: said }: Stated<Acknowledgement>, deposit: Stated<Deposit>): void {
  const { head } = deposit.statement;
  const { chainId, genesis } = receivedOn(head);
  const faults: [boolean, string][] = [
    [said.message !== deposit.id, 'it is of another message'],
    [said.deposit !== deposit.digest, 'it does not name the operation that deposited the message'],
    [said.by.organization !== head.to.organization || said.by.address !== head.to.address, 'it is not by the receiver that the message names'],
    [said.chainId !== chainId, 'it is for another chain'],
    [genesis !== undefined && said.genesis !== genesis, 'it is for another chain with the same id'],
  ];
  const fault = faults.find(([isFault]) => isFault);
  if (fault !== undefined) throw new MessageFailure('acknowledgement-of-message', fault[1]);
}

/** The main chain that records the receipt. */
function receivedOn({ toCity, chainId, genesis }: Head): { readonly chainId: number; readonly genesis?: Hex | undefined } {
  return toCity ?? { chainId, genesis };
}

export function namesNoGenesis(): MessageFailure {
  const detail = 'it names no genesis (version 1), so it may have been sent in another city whose chain has the same id: ask its sender to send it again';
  return new MessageFailure('genesis-named', detail);
}

function reading<Statement>(text: string, read: (value: unknown) => Statement): Statement {
  try {
    if (utf8Of(text).length > MAX_STATEMENT_BYTES) throw new FormError(`a statement has at most ${MAX_STATEMENT_BYTES} bytes`);
    const value = JSON.parse(text) as unknown;
    // A member that stands there twice would be read in two ways: nothing but white space may be lost.
    if (JSON.stringify(value) !== text.replaceAll(/\s/g, '')) throw new FormError('a member stands there twice, or is written in another form');
    return read(value);
  } catch (cause) {
    if (cause instanceof FormError || cause instanceof SyntaxError) throw new MessageFailure('statement-readable', cause.message, { cause });
    throw cause;
  }
}

function depositAt(value: unknown): Deposit {
  const members = membersAt(value, 'deposit', ['head', 'sealedHash', 'sealedBytes', 'sealedTo']);
  const head = membersAt(members.head, 'head', ['version', 'chainId', 'genesis', 'toCity', 'from', 'to', 'sent', 'inReplyTo']);
  return {
    head: {
      ...cityAt(head),
      from: correspondentAt(head.from, 'from'),
      to: correspondentAt(head.to, 'to'),
      sent: safeIntegerAt(head.sent, 'sent'),
      ...(head.inReplyTo !== undefined && head.inReplyTo !== null && { inReplyTo: hashAt(head.inReplyTo, 'inReplyTo') }),
    },
    sealedHash: hashAt(members.sealedHash, 'sealedHash'),
    sealedBytes: safeIntegerAt(members.sealedBytes, 'sealedBytes'),
    sealedTo: textAt(members.sealedTo, 'sealedTo'),
  };
}

function acknowledgementAt(value: unknown): Acknowledgement {
  const members = membersAt(value, 'acknowledgement', ['version', 'chainId', 'genesis', 'message', 'deposit', 'by', 'received']);
  return {
    ...chainAt(members),
    message: hashAt(members.message, 'message'),
    deposit: hashAt(members.deposit, 'deposit'),
    by: correspondentAt(members.by, 'by'),
    received: safeIntegerAt(members.received, 'received'),
  };
}

/** A deposit of version 3 names the receiver's city, and no other does. */
function cityAt(head: Readonly<Record<string, unknown>>): { version: number; chainId: number; genesis?: Hex; toCity?: City } {
  const { toCity } = head;
  const isNamed = toCity !== undefined && toCity !== null;
  if (head.version !== VERSION_BETWEEN_CITIES && !isNamed) return chainAt(head);
  if (head.version !== VERSION_BETWEEN_CITIES || !isNamed) throw new FormError(`only a deposit of version ${VERSION_BETWEEN_CITIES} names the receiver's city`);
  const chain = { version: VERSION_BETWEEN_CITIES, chainId: safeIntegerAt(head.chainId, 'chainId'), genesis: hashAt(head.genesis, 'genesis') };
  const city = membersAt(toCity, 'toCity', ['chainId', 'genesis']);
  return { ...chain, toCity: { chainId: safeIntegerAt(city.chainId, 'toCity.chainId'), genesis: hashAt(city.genesis, 'toCity.genesis') } };
}

/** Version 2 names a genesis, version 1 none. */
function chainAt(members: Readonly<Record<string, unknown>>): { version: number; chainId: number; genesis?: Hex } {
  const version = safeIntegerAt(members.version, 'version');
  const chainId = safeIntegerAt(members.chainId, 'chainId');
  const { genesis } = members;
  if (version === VERSION_WITHOUT_GENESIS && (genesis === undefined || genesis === null)) return { version, chainId };
  if (version !== VERSION) throw new FormError(`version ${version}, known are 2 and, without genesis, 1`);
  return { version, chainId, genesis: hashAt(genesis, 'genesis') };
}

function correspondentAt(value: unknown, at: string): Correspondent {
  const members = membersAt(value, at, ['organization', 'address']);
  const organization = textAt(members.organization, `${at}.organization`);
  if (!ORGANIZATION.test(organization)) throw new FormError(`${at}.organization: no code of an organization`);
  return { organization, address: addressAt(members.address, `${at}.address`) };
}
