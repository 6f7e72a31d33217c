/** A transaction of the reader's own to an asset's contract, sent and waited for (S-RULES; docs/specs/sharing.md, "On chain"). */
import { utf8Of } from '../encoding.js';
import { InputError, NotAGatewayError } from '../errors.js';
import type { Address, Hex } from '../hex.js';
import { bytesOf, hexOf, keccak } from '../light/bytes.js';
import type { Connection } from '../request/connection.js';
import { askNode, NodeError } from '../request/rpc.js';

/** How long a request is waited for to be final, unless told. */
export const ASK_PATIENCE_MS = 60_000;
/** The most gas that a request is given: many times what the contract takes. */
export const MAX_ASK_GAS = 1_000_000n;
/** The most that a request may cost, in wei, unless told: 0.01 of the chain's coin. */
export const DEFAULT_MAX_FEE_WEI = 10n ** 16n;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;
/** Gas above an estimate, in percent: other transactions may come first. */
const GAS_MARGIN_PERCENT = 25n;
const SELECTOR_BYTES = 4;

/** Reasons of the contract. */
const REASONS = {
  NotListed: 'NotListed(address)',
  VersionUnknown: 'VersionUnknown(uint32)',
  ReaderKeyZero: 'ReaderKeyZero()',
  TooManyOpenRequests: 'TooManyOpenRequests(uint256)',
  NotHolder: 'NotHolder(address)',
  RightUnknown: 'RightUnknown(uint64)',
  RightNotEffective: 'RightNotEffective(uint64)',
  NotReader: 'NotReader(address)',
  RequestStateWrong: 'RequestStateWrong(uint64,uint8)',
} as const;
export type AccessRefusal = keyof typeof REASONS;
const REASON_OF = new Map(Object.entries(REASONS).map(([name, form]) => [hexOf(selectorOf(form)), name as AccessRefusal]));
const REMEDIES: Record<AccessRefusal, string> = {
  NotListed: 'ask its owner to list your address',
  VersionUnknown: 'ask for a version that there is',
  ReaderKeyZero: 'give the key to which the data key is to be sealed',
  TooManyOpenRequests: 'end one of your open requests first',
  NotHolder: 'that right is somebody else\'s: ask by your own',
  RightUnknown: 'there is no such right: ask its owner for one',
  RightNotEffective: 'the right has expired or was withdrawn: ask its owner for another',
  NotReader: 'a request is ended by its reader or by the owner of the asset',
  RequestStateWrong: 'the request was refused or has ended already',
};

/** The asset's contract does not take it; nothing was sent. */
export class AccessRefused extends Error {
  override readonly name = 'AccessRefused';

  constructor(
    /** As the contract names it. */
    readonly reason: AccessRefusal,
    options?: ErrorOptions,
  ) {
    super(`${reason}: ${REMEDIES[reason]}`, options);
  }
}

/** The transaction was sent or may have been, and what became of it is not known: it was not final in time, or `cause` says what failed since. */
export class AccessPending extends Error {
  override readonly name = 'AccessPending';

  constructor(
    readonly txHash: Hex,
    options?: ErrorOptions,
  ) {
    super(`transaction ${txHash} is not known to be final yet: look for it before you ask again, or there may be two requests`, options);
  }
}

/** The transaction is final and has failed: nothing has changed, although it would have succeeded when it was sent. */
export class AccessFailed extends Error {
  override readonly name = 'AccessFailed';

  constructor(readonly txHash: Hex) {
    super(`transaction ${txHash} has failed: the contract does not take it any more; try again to learn why`);
  }
}

export interface AskOptions {
  /** Of a node of the main chain; the one that the gateway names unless given. */
  readonly rpcUrl?: string;
  /** {@link ASK_PATIENCE_MS} unless given. */
  readonly patienceMs?: number;
  /** The most that the transaction may cost, in wei; {@link DEFAULT_MAX_FEE_WEI} unless given. */
  readonly maxFeeWei?: bigint;
  readonly signal?: AbortSignal;
}

/** In a block, which on these chains is final. */
export interface Executed {
  readonly txHash: Hex;
  readonly blockNumber: number;
  readonly logs: readonly Log[];
}

interface Log {
  readonly address?: unknown;
  readonly topics?: readonly unknown[];
}

/** @param connection signs as the reader @param data what the contract at `asset` is called with */
export async function callContract(connection: Connection, rpcUrl: string, asset: Address, data: Uint8Array, options: AskOptions): Promise<Executed> {
  const { signal, maxFeeWei = DEFAULT_MAX_FEE_WEI } = options;
  const ask = (method: string, params: readonly unknown[]): Promise<unknown> => askNode(connection, rpcUrl, method, params, signal);
  const quantity = async (method: string, params: readonly unknown[]): Promise<bigint> => quantityOf(await ask(method, params), rpcUrl, method);
  // Signed for another chain it would be another request, or somebody else's.
  const chainId = await quantity('eth_chainId', []);
  const expected = BigInt(await connection.mainChainId());
  if (chainId !== expected) throw new NotAGatewayError(rpcUrl, 200, `it is a node of chain ${chainId}, and the main chain is ${expected}`);
  const call = { from: connection.address, to: asset, data: hexOf(data) };
  const gas = await quantity('eth_estimateGas', [call]).catch((error: unknown) => {
    throw refusedBy(error) ?? error;
  });
  const gasLimit = gas + (gas * GAS_MARGIN_PERCENT) / 100n;
  if (gasLimit > MAX_ASK_GAS) throw new NotAGatewayError(rpcUrl, 200, `it wants ${gasLimit} gas for a request, and none takes more than ${MAX_ASK_GAS}`);
  const gasPrice = await quantity('eth_gasPrice', []);
  if (gasLimit * gasPrice > maxFeeWei) throw new InputError(`the request may cost ${gasLimit * gasPrice} wei, and maxFeeWei is ${maxFeeWei}: nothing was sent`);
  const raw = connection.signTransaction({
    chainId,
    nonce: await quantity('eth_getTransactionCount', [connection.address, 'pending']),
    gasPrice,
    gasLimit,
    to: bytesOf(asset),
    value: 0n,
    data,
  });
  const txHash = hexOf(keccak(raw));
  // From here on no failure may lose the hash: the transaction may be on its way.
  const since = async <Value>(work: Promise<Value>): Promise<Value> =>
    work.catch((cause: unknown) => {
      throw cause instanceof AccessPending ? cause : new AccessPending(txHash, { cause });
    });
  try {
    await ask('eth_sendRawTransaction', [hexOf(raw)]);
  } catch (error) {
    if (!(error instanceof NodeError)) throw new AccessPending(txHash, { cause: error });
    // Sent again after silence, it is known already.
    if ((await since(ask('eth_getTransactionByHash', [txHash]))) === null) throw error;
  }
  const { receipt, blockNumber } = await since(finalReceipt(connection, ask, rpcUrl, txHash, options));
  if (receipt.status === '0x0') throw new AccessFailed(txHash);
  return { txHash, blockNumber, logs: logsIn(receipt) };
}

interface RpcReceipt {
  /** `0x0`: the transaction has failed. */
  readonly status?: unknown;
  readonly blockNumber?: unknown;
  readonly logs?: unknown;
}

/** What a node answers may be anything. */
function logsIn({ logs }: RpcReceipt): Log[] {
  return Array.isArray(logs) ? logs.filter((log): log is Log => typeof log === 'object' && log !== null) : [];
}

/** On these chains a block that is there is final. */
async function finalReceipt(
  { ports }: Connection,
  ask: (method: string, params: readonly unknown[]) => Promise<unknown>,
  rpcUrl: string,
  txHash: Hex,
  { patienceMs = ASK_PATIENCE_MS, signal }: AskOptions,
): Promise<{ receipt: RpcReceipt; blockNumber: number }> {
  const begun = ports.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    const receipt = await ask('eth_getTransactionReceipt', [txHash]);
    if (typeof receipt === 'object' && receipt !== null) {
      const { blockNumber } = receipt as RpcReceipt;
      return { receipt, blockNumber: Number(quantityOf(blockNumber, rpcUrl, 'blockNumber')) };
    }
    if (ports.now() - begun + pause > patienceMs) throw new AccessPending(txHash);
    await ports.wait(pause, signal);
  }
}

export function selectorOf(form: string): Uint8Array {
  return keccak(utf8Of(form)).subarray(0, SELECTOR_BYTES);
}

/** The contract's reason, if the error is one. */
function refusedBy(error: unknown): AccessRefused | undefined {
  const selector = error instanceof NodeError ? error.data?.slice(0, 2 + 2 * SELECTOR_BYTES).toLowerCase() : undefined;
  const reason = selector === undefined ? undefined : REASON_OF.get(selector as Hex);
  return reason === undefined ? undefined : new AccessRefused(reason, { cause: error });
}

function quantityOf(value: unknown, rpcUrl: string, what: string): bigint {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return BigInt(value);
  throw new NotAGatewayError(rpcUrl, 200, `${what} is no number`);
}
