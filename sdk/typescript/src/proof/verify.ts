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
import { bytesOf } from '../light/bytes.js';
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
import { checkRecorded } from './recorded.js';
import { sourceKey } from './source.js';

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
  const recordedAt = checkRecorded(chain, { root: proof.leaf.root, ...proof }, { final: 'block-final', recorded: 'root-recorded' });
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

function asFailure<Value>(check: ProofCheck, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof JwsError || error instanceof FormError) throw new ProofFailure(check, error.message, { cause: error });
    throw error;
  }
}
