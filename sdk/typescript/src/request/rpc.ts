/** JSON-RPC to a chain's node. What it answers is not believed: each caller verifies it. */
import { utf8Of } from '../encoding.js';
import { InputError, NotAGatewayError } from '../errors.js';
import { parsed, textOf } from './answer.js';
import { isKeptToItself, type Connection } from './connection.js';
import { retrying } from './retry.js';

/** A node's own error (JSON-RPC 2.0, section 5.1). */
export class NodeError extends NotAGatewayError {
  constructor(
    rpcUrl: string,
    status: number,
    readonly answered: string,
    /** Of a call that reverted: what the contract gave as its reason. */
    readonly data: string | undefined,
  ) {
    super(rpcUrl, status, answered);
  }
}

/** Asks what may be asked again, when the node is silent. @throws UnreachableError, NodeError for an error of the node, NotAGatewayError, InputError for plain HTTP beyond this machine */
export async function askNode(connection: Connection, rpcUrl: string, method: string, params: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
  if (!URL.canParse(rpcUrl)) throw new NotAGatewayError(rpcUrl, 0, 'it is no address of a node');
  if (!isKeptToItself(new URL(rpcUrl))) throw new InputError(`${rpcUrl} is not encrypted, and on another machine: use an https address of a node`);
  const body = utf8Of(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  const ask = async (): Promise<unknown> => {
    const response = await connection.fetchElsewhere(new URL(rpcUrl), request, signal);
    const answer = parsed(await textOf(response, rpcUrl), response, rpcUrl) as { result?: unknown } | null;
    const failure = nodeErrorOf(answer, rpcUrl, response.status);
    if (failure !== undefined) throw failure;
    if (answer === null || typeof answer !== 'object' || !('result' in answer)) {
      throw new NotAGatewayError(rpcUrl, response.status, `it does not answer ${method}`);
    }
    return answer.result;
  };
  return retrying(connection.retry, connection.ports, ask, signal);
}

function nodeErrorOf(answer: unknown, rpcUrl: string, status: number): NodeError | undefined {
  const { error } = (answer ?? {}) as { error?: { message?: unknown; data?: unknown } | null };
  if (typeof error !== 'object' || error === null) return undefined;
  const message = typeof error.message === 'string' ? error.message : 'an error without a message';
  return new NodeError(rpcUrl, status, message, typeof error.data === 'string' ? error.data : undefined);
}
