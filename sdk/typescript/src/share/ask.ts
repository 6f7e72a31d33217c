/** Asking for access: a transaction of the reader's own, to the asset's contract (S-RULES; docs/specs/sharing.md, "On chain"). */
import { utf8Of } from '../encoding.js';
import { NotAGatewayError } from '../errors.js';
import type { Address, Hex } from '../hex.js';
import { bytesOf, hexOf, keccak, wordOf } from '../light/bytes.js';
import type { Connection } from '../request/connection.js';
import { askNode, NodeError } from '../request/rpc.js';
import type { ReaderKey } from './reader-key.js';

/** How long a request is waited for to be final, unless told. */
export const ASK_PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;
/** Gas above an estimate, in percent: other transactions may come first. */
const GAS_MARGIN_PERCENT = 25n;
const SELECTOR_BYTES = 4;

const REQUEST = signatureOf('request(uint32,bytes32,bytes32)');
const ACCESS_REQUESTED = hexOf(keccak(utf8Of('AccessRequested(uint64,address,uint32,bytes32)')));
/** Reasons of the contract. */
const REASONS = {
  NotListed: 'NotListed(address)',
  VersionUnknown: 'VersionUnknown(uint32)',
  ReaderKeyZero: 'ReaderKeyZero()',
  TooManyOpenRequests: 'TooManyOpenRequests(uint256)',
} as const;
export type AccessRefusal = keyof typeof REASONS;
const REASON_OF = new Map(Object.entries(REASONS).map(([name, form]) => [hexOf(signatureOf(form)), name as AccessRefusal]));
const REMEDIES: Record<AccessRefusal, string> = {
  NotListed: 'ask its owner to list your address',
  VersionUnknown: 'ask for a version that there is',
  ReaderKeyZero: 'give the key to which the data key is to be sealed',
  TooManyOpenRequests: 'end one of your open requests first',
};

/** The asset's contract does not take the request; nothing was sent. */
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

/** The transaction was sent, and is not final yet: whether it becomes so is not known. */
export class AccessPending extends Error {
  override readonly name = 'AccessPending';

  constructor(readonly txHash: Hex) {
    super(`transaction ${txHash} is not final yet: look for it before you ask again, or there may be two requests`);
  }
}

export interface AccessTerms {
  readonly purpose: string;
  /** The newest unless given. */
  readonly version?: number;
}

export interface AskOptions {
  /** Of a node of the main chain; the one that the gateway names unless given. */
  readonly rpcUrl?: string;
  /** {@link ASK_PATIENCE_MS} unless given. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/** A request that has its number. */
export interface AskedAccess {
  readonly request: number;
  readonly version: number;
  readonly txHash: Hex;
  readonly blockNumber: number;
}

export interface Asking {
  /** Contract of the asset, in lower case. */
  readonly asset: Address;
  readonly version: number;
  readonly reader: ReaderKey;
  readonly purpose: string;
}

/** @param connection signs as the reader */
export async function askForAccess(connection: Connection, rpcUrl: string, asking: Asking, options: AskOptions): Promise<AskedAccess> {
  const { signal } = options;
  const ask = (method: string, params: readonly unknown[]): Promise<unknown> => askNode(connection, rpcUrl, method, params, signal);
  const quantity = async (method: string, params: readonly unknown[]): Promise<bigint> => quantityOf(await ask(method, params), rpcUrl, method);
  const data = callData(asking);
  const call = { from: connection.address, to: asking.asset, data: hexOf(data) };
  const gas = await quantity('eth_estimateGas', [call]).catch((error: unknown) => {
    throw refusedBy(error) ?? error;
  });
  const raw = connection.signTransaction({
    chainId: await quantity('eth_chainId', []),
    nonce: await quantity('eth_getTransactionCount', [connection.address, 'pending']),
    gasPrice: await quantity('eth_gasPrice', []),
    gasLimit: gas + (gas * GAS_MARGIN_PERCENT) / 100n,
    to: bytesOf(asking.asset),
    value: 0n,
    data,
  });
  const txHash = hexOf(keccak(raw));
  try {
    await ask('eth_sendRawTransaction', [hexOf(raw)]);
  } catch (error) {
    // Sent again after silence, it is known already.
    if (!(error instanceof NodeError) || (await ask('eth_getTransactionByHash', [txHash])) === null) throw error;
  }
  const receipt = await finalReceipt(connection, ask, txHash, options);
  const request = numberIn(receipt, asking.asset);
  if (request === undefined) throw new NotAGatewayError(rpcUrl, 200, `the contract at ${asking.asset} took the request and gave it no number: it is no asset`);
  return { request, version: asking.version, txHash, blockNumber: Number(quantityOf(receipt.blockNumber, rpcUrl, 'blockNumber')) };
}

interface RpcReceipt {
  readonly blockNumber?: unknown;
  readonly logs?: readonly { readonly address?: unknown; readonly topics?: readonly unknown[] }[];
}

/** On these chains a block that is there is final. */
async function finalReceipt(
  { ports }: Connection,
  ask: (method: string, params: readonly unknown[]) => Promise<unknown>,
  txHash: Hex,
  { patienceMs = ASK_PATIENCE_MS, signal }: AskOptions,
): Promise<RpcReceipt> {
  const begun = ports.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    const receipt = await ask('eth_getTransactionReceipt', [txHash]);
    if (typeof receipt === 'object' && receipt !== null) return receipt;
    if (ports.now() - begun + pause > patienceMs) throw new AccessPending(txHash);
    await ports.wait(pause, signal);
  }
}

function numberIn({ logs }: RpcReceipt, asset: Address): number | undefined {
  const isOurs = (address: unknown): boolean => typeof address === 'string' && address.toLowerCase() === asset;
  const found = (logs ?? []).find(({ address, topics }) => isOurs(address) && topics?.[0] === ACCESS_REQUESTED)?.topics?.[1];
  const number = typeof found === 'string' && /^0x[0-9a-f]{64}$/i.test(found) ? Number(BigInt(found)) : undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}

function callData({ version, reader, purpose }: Asking): Uint8Array {
  return Uint8Array.of(...REQUEST, ...wordOf(BigInt(version)), ...bytesOf(reader.publicKey), ...keccak(utf8Of(purpose)));
}

function signatureOf(form: string): Uint8Array {
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
