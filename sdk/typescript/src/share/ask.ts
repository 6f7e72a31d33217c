/** Asking for access, and ending it (S-RULES; docs/specs/sharing.md, "On chain"). */
import { utf8Of } from '../encoding.js';
import { InputError, NotAGatewayError } from '../errors.js';
import type { Address, Hex } from '../hex.js';
import { bytesOf, hexOf, keccak, wordOf } from '../light/bytes.js';
import type { Connection } from '../request/connection.js';
import type { ReaderKey } from './reader-key.js';
import { callContract, selectorOf, type AskOptions, type Executed } from './transaction.js';

const MAX_VERSION = 2 ** 32 - 1;
const REQUEST = selectorOf('request(uint32,bytes32,bytes32)');
const REQUEST_UNDER = selectorOf('requestUnder(uint64,uint32,bytes32)');
const END = selectorOf('end(uint64)');
const ACCESS_REQUESTED = hexOf(keccak(utf8Of('AccessRequested(uint64,address,uint32,bytes32,bytes32,uint64)')));

export interface AccessTerms {
  /** What the data are wanted for; with `right` it is that of the right, and this is not read. */
  readonly purpose: string;
  /** The newest unless given. */
  readonly version?: number;
  /** By this right of use: its holder need not be listed. */
  readonly right?: number;
}

/** A request that has its number. */
export interface AskedAccess {
  readonly request: number;
  readonly version: number;
  readonly txHash: Hex;
  readonly blockNumber: number;
}

/** A request, or its grant, that is over. */
export interface EndedAccess {
  readonly txHash: Hex;
  readonly blockNumber: number;
}

export interface Asking {
  /** Contract of the asset, in lower case. */
  readonly asset: Address;
  readonly version: number;
  readonly reader: ReaderKey;
  readonly purpose: string;
  readonly right?: number | undefined;
}

/** @param connection signs as the reader */
export async function askForAccess(connection: Connection, rpcUrl: string, asking: Asking, options: AskOptions): Promise<AskedAccess> {
  const { asset, version, right } = asking;
  if (!Number.isInteger(version) || version < 0 || version > MAX_VERSION) {
    throw new InputError(`a version is an integer from 0 to ${MAX_VERSION}`);
  }
  if (right !== undefined) checkNumber(right, 'right');
  const executed = await callContract(connection, rpcUrl, asset, callData(asking), options);
  const { txHash, blockNumber } = executed;
  const request = numberIn(executed, asset);
  if (request === undefined) {
    throw new NotAGatewayError(rpcUrl, 200, `the contract at ${asset} took the request in transaction ${txHash} and gave it no number: it is no asset`);
  }
  return { request, version, txHash, blockNumber };
}

/** @param connection signs as the reader, or as the owner of the asset */
export async function endAccess(connection: Connection, rpcUrl: string, asset: Address, request: number, options: AskOptions): Promise<EndedAccess> {
  checkNumber(request, 'request');
  const { txHash, blockNumber } = await callContract(connection, rpcUrl, asset, Uint8Array.of(...END, ...wordOf(BigInt(request))), options);
  return { txHash, blockNumber };
}

function checkNumber(number: number, what: string): void {
  if (!Number.isSafeInteger(number) || number < 1) throw new InputError(`the number of a ${what} is an integer from 1 on`);
}

function numberIn({ logs }: Executed, asset: Address): number | undefined {
  const isOurs = (address: unknown): boolean => typeof address === 'string' && address.toLowerCase() === asset;
  const found = logs.find(({ address, topics }) => isOurs(address) && topics?.[0] === ACCESS_REQUESTED)?.topics?.[1];
  const number = typeof found === 'string' && /^0x[0-9a-f]{64}$/i.test(found) ? Number(BigInt(found)) : undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}

function callData({ version, reader, purpose, right }: Asking): Uint8Array {
  const [asked, key] = [wordOf(BigInt(version)), bytesOf(reader.publicKey)];
  if (right !== undefined) return Uint8Array.of(...REQUEST_UNDER, ...wordOf(BigInt(right)), ...asked, ...key);
  return Uint8Array.of(...REQUEST, ...asked, ...key, ...keccak(utf8Of(purpose)));
}
