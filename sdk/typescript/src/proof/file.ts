/** The file of an operation's proof (docs/specs/data.md), read strictly. */
import { bytesOf } from '../light/bytes.js';
import type { ProofBundle } from '../light/bundle.js';
import { VerifyError } from '../light/error.js';
import { FormError, hashAt, listAt, membersAt, safeIntegerAt } from '../light/json.js';
import { readBundle } from '../light/reading.js';
import type { Hex } from '../hex.js';
import { utf8Of } from '../encoding.js';
import { textAt } from '../data/statement.js';
import { ProofFailure } from './failure.js';

/** Version of the file that is read. */
export const PROOF_VERSION = 1;
/** Longest file that is read, in bytes. */
export const MAX_PROOF_BYTES = 8 * 1024 * 1024;

export interface OperationProof {
  /** The operation's exact bytes. */
  readonly operation: string;
  /** Its place in the submission. */
  readonly index: number;
  /** What the source signed: JWS. */
  readonly submission: string;
  /** RFC 9162 inclusion path of the operation. */
  readonly siblings: readonly Uint8Array[];
  /** JWKs of the source, from the one that it was registered with to the one that signed. */
  readonly keys: readonly unknown[];
  /** From each key to the next: the statement by the new one, the approval by the old. */
  readonly rotations: readonly (readonly [string, string])[];
  /** The submission in its data block, from the leaf to the root. */
  readonly leaf: { readonly siblings: readonly Uint8Array[]; readonly root: Hex };
  readonly recorded: { readonly chain: string; readonly txHash: Hex; readonly blockNumber: number; readonly blockHash: Hex };
  /** Absent for a chain without finality certificates. */
  readonly proof?: ProofBundle;
}

const MEMBERS = ['version', 'operation', 'index', 'submission', 'siblings', 'keys', 'rotations', 'leaf', 'recorded', 'proof'];

/** Reads a file: its bytes or text, or its JSON as it was parsed. @throws ProofFailure with `file-readable` */
export function readOperationProof(file: unknown): OperationProof {
  try {
    return proofAt(typeof file === 'string' || file instanceof Uint8Array ? parse(file) : file);
  } catch (error) {
    if (error instanceof FormError || error instanceof VerifyError) throw new ProofFailure('file-readable', error.message, { cause: error });
    throw error;
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

function proofAt(value: unknown): OperationProof {
  const members = membersAt(value, 'file', MEMBERS);
  const version = safeIntegerAt(members.version, 'version');
  if (version !== PROOF_VERSION) throw new FormError(`version ${version}, known is ${PROOF_VERSION}`);
  const leaf = membersAt(members.leaf, 'leaf', ['siblings', 'root']);
  const recorded = membersAt(members.recorded, 'recorded', ['chain', 'txHash', 'blockNumber', 'blockHash']);
  const { proof, rotations } = members;
  return {
    operation: textAt(members.operation, 'operation'),
    index: safeIntegerAt(members.index, 'index'),
    submission: textAt(members.submission, 'submission'),
    siblings: hashesAt(members.siblings, 'siblings'),
    keys: listAt(members.keys, 'keys', (key) => key),
    rotations: rotations === undefined ? [] : listAt(rotations, 'rotations', rotationAt),
    leaf: { siblings: hashesAt(leaf.siblings, 'leaf.siblings'), root: hashAt(leaf.root, 'leaf.root') },
    recorded: {
      chain: textAt(recorded.chain, 'recorded.chain'),
      txHash: hashAt(recorded.txHash, 'recorded.txHash'),
      blockNumber: safeIntegerAt(recorded.blockNumber, 'recorded.blockNumber'),
      blockHash: hashAt(recorded.blockHash, 'recorded.blockHash'),
    },
    ...(proof !== undefined && proof !== null && { proof: readBundle(utf8Of(JSON.stringify(proof))) }),
  };
}

function hashesAt(value: unknown, at: string): Uint8Array[] {
  return listAt(value, at, (item, place) => bytesOf(hashAt(item, place)));
}

function rotationAt(value: unknown, at: string): [string, string] {
  const [statement, approval, ...others] = listAt(value, at, textAt);
  if (statement === undefined || approval === undefined || others.length > 0) throw new FormError(`${at}: two texts are expected`);
  return [statement, approval];
}
