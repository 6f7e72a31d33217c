/**
 * The proof of a message's deposit and of its receipt, verified offline: statement, signature, Merkle path, transaction, header, finality (MSG-8). The
 * same checks in the same order as `chancery verify` makes them (crates/messages/src/proof.rs); pure.
 */
import type { Hex } from '../hex.js';
import { utf8Of } from '../encoding.js';
import { bytesOf } from '../light/bytes.js';
import type { ProofBundle } from '../light/bundle.js';
import { VerifyError } from '../light/error.js';
import { FormError, hashAt, hexAt, listAt, membersAt, safeIntegerAt } from '../light/json.js';
import { readBundle } from '../light/reading.js';
import type { TrustedChain } from '../light/trust.js';
import { textAt } from '../data/statement.js';
import { isInDataBlock } from '../proof/data-block.js';
import { ProofFailure } from '../proof/failure.js';
import { checkRecorded, type RecordedPlace } from '../proof/recorded.js';
import { MessageFailure } from './failure.js';
import { MAX_PROOF_BYTES } from './limits.js';
import { checkReceipt, Stated, type Acknowledgement, type Deposit } from './statement.js';

/** Version of the file that is read. */
const PROOF_VERSION = 1;
const LEAF_TYPE = 'data.record';
/** The checks of each statement, in order, with `deposit-` or `acknowledgement-` before them; those of finality and inclusion have the names of `VerifyError` when they fail. */
const CHECKS = ['file-readable', 'signature', 'chain-matches', 'operation-in-block', 'block-final', 'transaction-included', 'root-recorded'] as const;
type Check = (typeof CHECKS)[number];
const OF_MESSAGE = 'acknowledgement-of-message';

/** Where and when something was recorded. */
export interface RecordedAt {
  readonly txHash: Hex;
  readonly blockNumber: number;
  /** Of the block, Unix seconds: the statement is not younger. */
  readonly time: number;
  /** Digest of the operation. */
  readonly operation: Hex;
}

/** What was proven. That the keys were the organizations' the file does not show. */
export interface VerifiedMessage {
  readonly message: Hex;
  readonly deposit: Deposit;
  readonly deposited: RecordedAt;
  readonly acknowledgement?: Acknowledgement;
  readonly acknowledged?: RecordedAt;
  /** Whether every statement names the genesis of the chain, and not its id alone: those of version 1 do not. */
  readonly isGenesisSigned: boolean;
  /** The checks that were made, in order. */
  readonly checks: readonly string[];
}

interface Proven {
  readonly statement: string;
  readonly signature: Uint8Array;
  readonly siblings: readonly Uint8Array[];
  readonly root: Hex;
  readonly recorded: RecordedPlace;
  readonly proof?: ProofBundle;
}

/** Verifies everything, knowing the main chain alone. `file`: its bytes or text, or its JSON. @throws ProofFailure with the first check that fails */
export function verifyMessage(chain: TrustedChain, file: unknown): VerifiedMessage {
  const { deposit: deposited, acknowledgement: acknowledged } = readProof(file);
  const deposit = verifyStatement('deposit', (text) => Stated.deposit(text), deposited, chain);
  const named = (which: string): string[] => CHECKS.map((check) => `${which}-${check}`);
  const { statement, id } = deposit.stated;
  const shown = { message: id, deposit: statement, deposited: deposit.at };
  const isDepositNamed = statement.head.genesis !== undefined;
  if (acknowledged === undefined) return { ...shown, isGenesisSigned: isDepositNamed, checks: named('deposit') };
  const said = verifyStatement('acknowledgement', (text) => Stated.acknowledgement(text), acknowledged, chain);
  refusing(OF_MESSAGE, () => checkReceipt(said.stated, deposit.stated));
  return {
    ...shown,
    acknowledgement: said.stated.statement,
    acknowledged: said.at,
    isGenesisSigned: isDepositNamed && said.stated.statement.genesis !== undefined,
    checks: [...named('deposit'), ...named('acknowledgement'), OF_MESSAGE],
  };
}

function verifyStatement<Statement>(
  which: 'deposit' | 'acknowledgement',
  read: (text: string) => Stated<Statement>,
  proven: Proven,
  chain: TrustedChain,
): { stated: Stated<Statement>; at: RecordedAt } {
  const name = (check: Check): string => `${which}-${check}`;
  const stated = refusing(name('file-readable'), () => read(proven.statement));
  refusing(name('signature'), () => stated.verify(proven.signature));
  const { chainId, genesis, signer, time } = stated.terms;
  if (chainId !== chain.chainId) throw new ProofFailure(name('chain-matches'), 'it was signed for another chain');
  if (genesis !== undefined && genesis !== chain.genesisHash) {
    throw new ProofFailure(name('chain-matches'), 'it was signed for a chain with the same id and another genesis');
  }
  const leaf = { operationDigest: stated.digest, source: signer, type: LEAF_TYPE, contentHash: stated.id, time: BigInt(time) };
  if (!isInDataBlock(proven.root, leaf, proven.siblings)) {
    throw new ProofFailure(name('operation-in-block'), "the statement is not under the data block's root");
  }
  const recordedAt = checkRecorded(chain, proven, { final: name('block-final'), recorded: name('root-recorded') });
  const { txHash, blockNumber } = proven.recorded;
  return { stated, at: { txHash, blockNumber, time: recordedAt, operation: stated.digest } };
}

function refusing<Value>(check: string, make: () => Value): Value {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof MessageFailure) throw new ProofFailure(check, cause.detail, { cause });
    throw cause;
  }
}

function readProof(file: unknown): { deposit: Proven; acknowledgement?: Proven } {
  try {
    const members = membersAt(typeof file === 'string' || file instanceof Uint8Array ? parse(file) : file, 'file', ['version', 'deposit', 'acknowledgement']);
    const version = safeIntegerAt(members.version, 'version');
    if (version !== PROOF_VERSION) throw new FormError(`version ${version}, known is ${PROOF_VERSION}`);
    const { acknowledgement } = members;
    const isThere = acknowledgement !== undefined && acknowledgement !== null;
    return { deposit: provenAt(members.deposit, 'deposit'), ...(isThere && { acknowledgement: provenAt(acknowledgement, 'acknowledgement') }) };
  } catch (cause) {
    if (cause instanceof FormError || cause instanceof VerifyError) throw new ProofFailure('file-readable', cause.message, { cause });
    throw cause;
  }
}

function parse(file: string | Uint8Array): unknown {
  if (file.length > MAX_PROOF_BYTES) throw new FormError(`it is longer than ${MAX_PROOF_BYTES} bytes`);
  try {
    const text = typeof file === 'string' ? file : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file);
    return JSON.parse(text) as unknown;
  } catch {
    throw new FormError('it is not JSON in UTF-8');
  }
}

function provenAt(value: unknown, at: string): Proven {
  const members = membersAt(value, at, ['statement', 'signature', 'siblings', 'root', 'recorded', 'proof']);
  const recorded = membersAt(members.recorded, `${at}.recorded`, ['chain', 'txHash', 'blockNumber', 'blockHash']);
  const { proof } = members;
  return {
    statement: textAt(members.statement, `${at}.statement`),
    signature: bytesOf(hexAt(members.signature, `${at}.signature`)),
    siblings: listAt(members.siblings, `${at}.siblings`, (sibling, place) => bytesOf(hashAt(sibling, place))),
    root: hashAt(members.root, `${at}.root`),
    recorded: {
      txHash: hashAt(recorded.txHash, `${at}.recorded.txHash`),
      blockNumber: safeIntegerAt(recorded.blockNumber, `${at}.recorded.blockNumber`),
      blockHash: hashAt(recorded.blockHash, `${at}.recorded.blockHash`),
    },
    ...(proof !== undefined && proof !== null && { proof: readBundle(utf8Of(JSON.stringify(proof))) }),
  };
}
