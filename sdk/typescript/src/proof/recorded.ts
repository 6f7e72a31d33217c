/** That the root of a data block stands in an event of its registry, in a transaction of a final block, where a file says. */
import { hexOf, keccak } from '../light/bytes.js';
import { verifyBundle, type ProofBundle } from '../light/bundle.js';
import { VerifyError } from '../light/error.js';
import type { TrustedChain } from '../light/trust.js';
import type { Hex } from '../hex.js';
import { utf8Of } from '../encoding.js';
import { ProofFailure } from './failure.js';

/** The registry's own address (docs/specs/chain.md): an event of another contract proves nothing. */
const DATA_BLOCK_REGISTRY = '0xc4a0000000000000000000000000000000000005';
const DATA_BLOCK_RECORDED = hexOf(keccak(utf8Of('DataBlockRecorded(bytes32,uint256,address,uint32,uint64,uint64)')));
const RECORDED_TOPICS = 4;
const RECORDED_DATA_LENGTH = '0x'.length + 3 * 64;
const MS_PER_SECOND = 1000;

export interface RecordedPlace {
  readonly txHash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
}

/** What a file says, and the names of the checks in it. */
export interface Recorded {
  readonly root: Hex;
  readonly recorded: RecordedPlace;
  readonly proof?: ProofBundle;
}

/** Unix seconds of the block. @throws ProofFailure with one of the names given, or with that of a `VerifyError` */
export function checkRecorded(chain: TrustedChain, { root, recorded, proof }: Recorded, names: { final: string; recorded: string }): number {
  if (proof === undefined) {
    throw new ProofFailure(names.final, 'the file has no proof of finality: its chain has no certificates, or it was cut');
  }
  const { header, receipt } = verified(chain, proof);
  const { status, logs } = receipt.receipt;
  const isRecorded = logs.some(
    ({ address, topics, data }) =>
      address === DATA_BLOCK_REGISTRY &&
      topics.length === RECORDED_TOPICS &&
      topics[0] === DATA_BLOCK_RECORDED &&
      topics[1] === root &&
      data.length === RECORDED_DATA_LENGTH,
  );
  if (status !== 'succeeded' || !isRecorded) throw new ProofFailure(names.recorded, 'the transaction does not record this root');
  const isThere =
    recorded.txHash === hexOf(keccak(proof.transaction.transaction)) &&
    BigInt(recorded.blockNumber) === header.number &&
    recorded.blockHash === header.hash;
  if (!isThere) throw new ProofFailure(names.recorded, 'it is recorded elsewhere than the file says');
  return Math.floor(Number(header.timeMs) / MS_PER_SECOND);
}

function verified(chain: TrustedChain, proof: ProofBundle): ReturnType<typeof verifyBundle> {
  try {
    return verifyBundle(chain, proof);
  } catch (error) {
    if (error instanceof VerifyError) throw new ProofFailure((error as VerifyError).check, error.message, { cause: error });
    throw error;
  }
}
