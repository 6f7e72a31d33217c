/** What a chain's node and the gateway say of its genesis, checked against the hash that is trusted. */
import { bytesOfHex, utf8Of } from '../encoding.js';
import { InputError, NotAGatewayError } from '../errors.js';
import type { components } from '../generated.js';
import type { Hex } from '../hex.js';
import type { ChainEssentials, TrustedChain } from '../light/trust.js';
import { trustedChain } from '../trust.js';
import { parsed, textOf } from './answer.js';
import type { Connection } from './connection.js';
import { retrying } from './retry.js';

type Chains = components['schemas']['Chains'];

/** @throws InputError for a name that the city does not have; else as `trustedChain` and a request */
export async function fetchTrust(
  connection: Connection,
  name: string,
  genesisHash: Hex,
): Promise<{ chain: TrustedChain; essentials: ChainEssentials }> {
  const { chains } = (await connection.send({ method: 'GET', path: '/v1/chains', isRepeatable: true, isOpen: true })) as Chains;
  const found = chains.find((chain) => chain.name === name);
  if (found === undefined) throw new InputError(`the city has no chain ${name}: ${chains.map((chain) => chain.name).join(', ')}`);
  const header = await retrying(connection.retry, connection.ports, () => genesisHeader(connection, found.rpcUrl));
  return trustedChain(genesisHash, found.genesis, header);
}

/** RLP of the header of block 0, from the chain's node. */
async function genesisHeader(connection: Connection, rpcUrl: string): Promise<Uint8Array> {
  const refuse = (reason: string): NotAGatewayError => new NotAGatewayError(rpcUrl, 200, reason);
  if (!URL.canParse(rpcUrl)) throw refuse('it is no address of a node');
  const body = utf8Of(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'debug_getRawHeader', params: ['0x0'] }));
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  const response = await connection.fetchElsewhere(new URL(rpcUrl), request);
  const { result } = parsed(await textOf(response, rpcUrl), response, rpcUrl) as { result?: unknown };
  const header = typeof result === 'string' ? bytesOfHex(result) : undefined;
  if (header === undefined) throw refuse('it does not give the header of block 0');
  return header;
}
