/**
 * The proof of one operation: from its bytes to a final block, offline, knowing the chain alone (DATA-8). The same checks in the same order as
 * `chancery verify` makes them (crates/data/src/proof.rs); pure, without network and clock.
 *
 * ```text
 * operation -> submission (RFC 9162) -> source's signature -> data block -> event in a receipt -> header -> finality certificate -> genesis
 * ```
 *
 * Not shown: that the key was not withdrawn meanwhile, and that the organization knows the source.
 */
import { bytesOf, hexOf, keccak } from '../light/bytes.js';
import { verifyBundle } from '../light/bundle.js';
import { VerifyError } from '../light/error.js';
import { FormError } from '../light/json.js';
import type { TrustedChain } from '../light/trust.js';
import type { Hex } from '../hex.js';
import { hexOfBytes, utf8Of } from '../encoding.js';
import { digestOf, jsonOf, JwsError, readJws, verifyJws, type Jws } from '../data/jws.js';
import { isIncluded, leafHash } from '../data/merkle.js';
import { faultOf } from '../data/operation.js';
import { statementAt, type Statement } from '../data/statement.js';
import { isInDataBlock } from './data-block.js';
import { ProofFailure, PROOF_CHECKS, type ProofCheck } from './failure.js';
import { readOperationProof, type OperationProof } from './file.js';
import { sourceKey } from './source.js';

/** The registry's own address (docs/specs/chain.md): an event of another contract proves nothing. */
const DATA_BLOCK_REGISTRY = '0xc4a0000000000000000000000000000000000005';
const DATA_BLOCK_RECORDED = hexOf(keccak(utf8Of('DataBlockRecorded(bytes32,uint256,address,uint32,uint64,uint64)')));
const RECORDED_TOPICS = 4;
const RECORDED_DATA_LENGTH = '0x'.length + 3 * 64;
const LEAF_TYPE = 'data.submission';
const MS_PER_SECOND = 1000;

/** What was proven. */
export interface VerifiedOperation {
  /** Name of the operation. */
  readonly operation: Hex;
  /** What the source signed. */
  readonly statement: Statement;
  /** Root of the data block. */
  readonly dataBlock: Hex;
  readonly txHash: Hex;
  readonly blockNumber: number;
  /** Time of the block, Unix seconds: the operation is not younger. */
  readonly recordedAt: number;
  /** The checks that were made, in order. */
  readonly checks: readonly ProofCheck[];
}

/** Verifies everything. `file`: bytes or text of it, or its JSON. @throws ProofFailure with the first check that fails */
export function verifyOperation(chain: TrustedChain, file: unknown): VerifiedOperation {
  const proof = readOperationProof(file);
  const { jws, statement } = readSubmission(proof.submission);
  const operation = leafHash(utf8Of(proof.operation));
  checkOperation(proof, statement, operation);
  const key = sourceKey(statement.source, chain.chainId, proof.keys, proof.rotations);
  asFailure('source-signature', () => verifyJws(jws, key));
  checkMembership(proof, jws, statement);
  const recordedAt = checkRecorded(chain, proof);
  if (statement.chainId !== chain.chainId) throw new ProofFailure('chain-matches', 'the source signed for another chain');
  return {
    operation: hexOfBytes(operation),
    statement,
    dataBlock: proof.leaf.root,
    txHash: proof.recorded.txHash,
    blockNumber: proof.recorded.blockNumber,
    recordedAt,
    checks: PROOF_CHECKS,
  };
}

function readSubmission(text: string): { jws: Jws; statement: Statement } {
  return asFailure('source-signature', () => {
    const jws = readJws(text, 'chancery-data+jws');
    return { jws, statement: statementAt(jsonOf(jws.payload)) };
  });
}

function checkOperation(proof: OperationProof, statement: Statement, name: Uint8Array): void {
  const fault = faultOf(proof.operation);
  if (fault !== undefined) throw new ProofFailure('operation-in-submission', fault);
  if (!isIncluded(bytesOf(statement.root), name, proof.index, statement.count, proof.siblings)) {
    throw new ProofFailure('operation-in-submission', 'the operation is not at this place under the signed root');
  }
}

function checkMembership(proof: OperationProof, jws: Jws, statement: Statement): void {
  const leaf = {
    operationDigest: hexOfBytes(digestOf(jws)),
    source: statement.source,
    type: LEAF_TYPE,
    contentHash: statement.root,
    time: BigInt(Math.floor(statement.time / MS_PER_SECOND)),
  };
  if (!isInDataBlock(proof.leaf.root, leaf, proof.leaf.siblings)) {
    throw new ProofFailure('submission-in-block', "the submission is not under the data block's root");
  }
}

/** The root stands in an event of the registry in a transaction of a final block, where the file says. Unix seconds of that block. */
function checkRecorded(chain: TrustedChain, { proof, recorded, leaf }: OperationProof): number {
  if (proof === undefined) {
    throw new ProofFailure('block-final', 'the file has no proof of finality: its chain has no certificates, or it was cut');
  }
  const { header, receipt } = asFailure('block-final', () => verifyBundle(chain, proof));
  const { status, logs } = receipt.receipt;
  const isRecorded = logs.some(
    ({ address, topics, data }) =>
      address === DATA_BLOCK_REGISTRY &&
      topics.length === RECORDED_TOPICS &&
      topics[0] === DATA_BLOCK_RECORDED &&
      topics[1] === leaf.root &&
      data.length === RECORDED_DATA_LENGTH,
  );
  if (status !== 'succeeded' || !isRecorded) {
    throw new ProofFailure('root-recorded', 'the transaction does not record this root');
  }
  const isThere =
    recorded.txHash === hexOf(keccak(proof.transaction.transaction)) &&
    BigInt(recorded.blockNumber) === header.number &&
    recorded.blockHash === header.hash;
  if (!isThere) throw new ProofFailure('root-recorded', 'it is recorded elsewhere than the file says');
  return Math.floor(Number(header.timeMs) / MS_PER_SECOND);
}

function asFailure<Value>(check: ProofCheck, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof VerifyError) throw new ProofFailure((error as VerifyError).check, error.message, { cause: error });
    if (error instanceof JwsError || error instanceof FormError) throw new ProofFailure(check, error.message, { cause: error });
    throw error;
  }
}
