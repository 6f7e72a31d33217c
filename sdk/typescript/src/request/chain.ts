/** What a chain's node and the gateway say of its genesis, checked against the hash that is trusted. */
import { bytesOfHex } from '../encoding.js';
import { InputError, NotAGatewayError } from '../errors.js';
import type { components } from '../generated.js';
import type { Hex } from '../hex.js';
import type { ChainEssentials, TrustedChain } from '../light/trust.js';
import { trustedChain } from '../trust.js';
import type { Connection } from './connection.js';
import { askNode } from './rpc.js';

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
  const header = await genesisHeader(connection, found.rpcUrl);
  return trustedChain(genesisHash, found.genesis, header);
}

/** RLP of the header of block 0, from the chain's node. */
async function genesisHeader(connection: Connection, rpcUrl: string): Promise<Uint8Array> {
  const result = await askNode(connection, rpcUrl, 'debug_getRawHeader', ['0x0']);
  const header = typeof result === 'string' ? bytesOfHex(result) : undefined;
  if (header === undefined) throw new NotAGatewayError(rpcUrl, 200, 'it does not give the header of block 0');
  return header;
}
