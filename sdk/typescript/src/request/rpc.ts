/** JSON-RPC to a chain's node. What it answers is not believed: each caller verifies it. */
import { utf8Of } from '../encoding.js';
import { NotAGatewayError } from '../errors.js';
import { parsed, textOf } from './answer.js';
import type { Connection } from './connection.js';
import { retrying } from './retry.js';

/** Asks what only reads, again when the node is silent. @throws UnreachableError, NotAGatewayError also for an error of the node */
export async function askNode(connection: Connection, rpcUrl: string, method: string, params: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
  if (!URL.canParse(rpcUrl)) throw new NotAGatewayError(rpcUrl, 0, 'it is no address of a node');
  const body = utf8Of(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  const ask = async (): Promise<unknown> => {
    const response = await connection.fetchElsewhere(new URL(rpcUrl), request, signal);
    const answer = parsed(await textOf(response, rpcUrl), response, rpcUrl) as { result?: unknown } | null;
    if (answer === null || typeof answer !== 'object' || !('result' in answer)) {
      throw new NotAGatewayError(rpcUrl, response.status, `it does not answer ${method}`);
    }
    return answer.result;
  };
  return retrying(connection.retry, connection.ports, ask, signal);
}
