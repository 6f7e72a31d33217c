/** S-RULES: asking for access is a transaction of the reader's own. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { AccessClosed, AccessFailed, AccessPending, AccessRefused, AccessUndecided, Client, EthereumKey, InputError, NodeError, NotAGatewayError, ReaderKey, UnreachableError } from '../src/index.js';
import { bytesOf, hexOf, keccak } from '../src/light/bytes.js';
import { signedTransaction } from '../src/request/transaction.js';
import { utf8Of } from '../src/encoding.js';
import { gatewayThat, json, ports, type Asked } from './gateway.js';

const key = new EthereumKey(`0x${'46'.repeat(32)}`);
const reader = new ReaderKey(new Uint8Array(32).fill(7));
const ASSET = '0x00000000000000000000000000000000000000A5';
const REQUESTED = hexOf(keccak(utf8Of('AccessRequested(uint64,address,uint32,bytes32,bytes32,uint64)')));
const word = (value: number): string => `0x${value.toString(16).padStart(64, '0')}`;
const selector = (form: string): string => hexOf(keccak(utf8Of(form)).subarray(0, 4));

const textOf = (body: unknown): string => (body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body));

interface Rpc {
  method: string;
  params: unknown[];
}

type Node = (rpc: Rpc, times: number) => unknown;

const RECEIPT = {
  blockNumber: '0x2a',
  logs: [
    { address: '0x00000000000000000000000000000000000000ff', topics: [REQUESTED, word(99)] },
    { address: ASSET, topics: [REQUESTED, word(5), word(1)] },
  ],
};

function usual({ method }: Rpc): unknown {
  const answers: Record<string, unknown> = {
    eth_estimateGas: '0x186a0',
    eth_chainId: '0x1bbc',
    eth_getTransactionCount: '0x9',
    eth_gasPrice: '0x0',
    eth_sendRawTransaction: word(1),
    eth_getTransactionReceipt: RECEIPT,
  };
  return answers[method];
}

/** A gateway that is the node of its main chain as well. `Error`s are those of JSON-RPC. */
async function city(node: Node): Promise<{ url: string; calls: Rpc[] }> {
  const calls: Rpc[] = [];
  const answer = (response: ServerResponse, { path, body }: Asked): void => {
    if (path === '/v1/chains') { json(response, { chains: [{ name: 'main', chainId: 7100, rpcUrl: `${gateway.url}/rpc` }] }); return; }
    if (path.startsWith('/v1/resources/')) { json(response, { asset: ASSET, state: { versions: [{ version: 3 }, { version: 2 }] } }); return; }
    const rpc = JSON.parse(body) as Rpc;
    calls.push(rpc);
    const found = node(rpc, calls.filter(({ method }) => method === rpc.method).length);
    json(response, { jsonrpc: '2.0', id: 1, ...(found instanceof Error ? { error: { code: 3, message: found.message, data: found.cause } } : { result: found }) });
  };
  const gateway = await gatewayThat(answer);
  return { url: gateway.url, calls };
}

describe('a transaction', () => {
  // The example of EIP-155.
  it('is signed as the EIP says', () => {
    const transaction = {
      chainId: 1n,
      nonce: 9n,
      gasPrice: 20_000_000_000n,
      gasLimit: 21_000n,
      to: bytesOf(`0x${'35'.repeat(20)}`),
      value: 10n ** 18n,
      data: new Uint8Array(),
    };
    expect(hexOf(key.signTransaction(transaction))).toBe(
      '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
    );
    let digest: Uint8Array | undefined;
    signedTransaction(transaction, (given) => {
      digest = given;
      return { r: 1n, s: 1n, recovery: 0 };
    });
    expect(digest && hexOf(digest)).toBe('0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53');
  });
});

describe('asking for access', () => {
  it('sends the request of the newest version, with the key to seal to, and gives its number', async () => {
    const { url, calls } = await city(usual);
    const asked = await new Client({ gateway: url, key, ports: ports().ports }).requestAccess('weather-daily', reader, { purpose: 'a study' });
    expect(asked).toMatchObject({ request: 5, version: 3, blockNumber: 42 });
    const estimate = calls.find(({ method }) => method === 'eth_estimateGas')?.params[0] as { from: string; to: string; data: string };
    expect(estimate).toEqual({
      from: key.address,
      to: ASSET.toLowerCase(),
      data: `${selector('request(uint32,bytes32,bytes32)')}${word(3).slice(2)}${reader.publicKey.slice(2)}${hexOf(keccak(utf8Of('a study'))).slice(2)}`,
    });
    const raw = calls.find(({ method }) => method === 'eth_sendRawTransaction')?.params[0] as `0x${string}`;
    const sent = { chainId: 7100n, nonce: 9n, gasPrice: 0n, gasLimit: 125_000n, to: bytesOf(ASSET.toLowerCase() as `0x${string}`), value: 0n, data: bytesOf(estimate.data as `0x${string}`) };
    expect(raw).toBe(hexOf(key.signTransaction(sent)));
    expect(asked.txHash).toBe(hexOf(keccak(bytesOf(raw))));
  });

  it('is refused by the contract in its own words, before anything is sent', async () => {
    for (const [form, reason] of [
      ['NotListed(address)', 'NotListed'],
      ['TooManyOpenRequests(uint256)', 'TooManyOpenRequests'],
    ] as const) {
      const { url, calls } = await city((rpc) => (rpc.method === 'eth_estimateGas' ? new Error('execution reverted', { cause: `${selector(form)}${word(1).slice(2)}` }) : usual(rpc)));
      const refused = new Client({ gateway: url, key }).requestAccess('weather-daily', reader, { purpose: '' });
      await expect(refused).rejects.toMatchObject({ name: 'AccessRefused', reason });
      await expect(refused).rejects.toBeInstanceOf(AccessRefused);
      expect(calls.map(({ method }) => method)).not.toContain('eth_sendRawTransaction');
    }
    const { url } = await city((rpc) => (rpc.method === 'eth_estimateGas' ? new Error('execution reverted', { cause: '0x12345678' }) : usual(rpc)));
    await expect(new Client({ gateway: url, key }).requestAccess('weather-daily', reader, { purpose: '' })).rejects.toBeInstanceOf(NodeError);
  });

  it('waits for its block, and says which transaction is on its way when that takes too long', async () => {
    const { url } = await city((rpc, times) => (rpc.method === 'eth_getTransactionReceipt' && times < 4 ? null : usual(rpc)));
    const { ports: still, waits } = ports();
    const client = new Client({ gateway: url, key, ports: still });
    expect((await client.requestAccess('weather-daily', reader, { purpose: '', version: 2 })).version).toBe(2);
    expect(waits).toEqual([100, 200, 400]);
    const { url: slow } = await city((rpc) => (rpc.method === 'eth_getTransactionReceipt' ? null : usual(rpc)));
    const pending = new Client({ gateway: slow, key, ports: ports().ports }).requestAccess('weather-daily', reader, { purpose: '' }, { patienceMs: 1000 });
    await expect(pending).rejects.toBeInstanceOf(AccessPending);
  });

  it('takes a transaction that is known already for sent, and another refusal for one', async () => {
    const refusing = (known: unknown): Node => (rpc) => {
      if (rpc.method === 'eth_sendRawTransaction') return new Error('already known');
      return rpc.method === 'eth_getTransactionByHash' ? known : usual(rpc);
    };
    const ask = async (known: unknown): Promise<unknown> => new Client({ gateway: (await city(refusing(known))).url, key }).requestAccess('weather-daily', reader, { purpose: '' });
    await expect(ask({ hash: word(1) })).resolves.toMatchObject({ request: 5 });
    await expect(ask(null)).rejects.toBeInstanceOf(NodeError);
  });

  it('is signed for no chain but the main one, and never costs more than it may', async () => {
    const ask = async (method: string, answer: string, maxFeeWei?: bigint): Promise<unknown> => {
      const { url, calls } = await city((rpc) => (rpc.method === method ? answer : usual(rpc)));
      try {
        return await new Client({ gateway: url, key }).requestAccess('weather-daily', reader, { purpose: '' }, maxFeeWei === undefined ? {} : { maxFeeWei });
      } catch (error) {
        expect(calls.map((call) => call.method)).not.toContain('eth_sendRawTransaction');
        return error;
      }
    };
    expect(await ask('eth_chainId', '0x1')).toBeInstanceOf(NotAGatewayError);
    // With the margin of a quarter just above a million.
    expect(await ask('eth_estimateGas', '0xc3501')).toBeInstanceOf(NotAGatewayError);
    // 125,000 gas at 10^12 wei is more than 10^16.
    expect(await ask('eth_gasPrice', '0xe8d4a51000')).toBeInstanceOf(InputError);
    expect(await ask('eth_gasPrice', '0xe8d4a51000', 125_000n * 10n ** 12n)).toMatchObject({ request: 5 });
    expect(await ask('eth_gasPrice', '0x1', 124_999n)).toBeInstanceOf(InputError);
  });

  it('keeps the hash of what was sent, whatever fails since', async () => {
    const hash = expect.stringMatching(/^0x[0-9a-f]{64}$/) as string;
    for (const method of ['eth_sendRawTransaction', 'eth_getTransactionReceipt']) {
      const { url } = await city(usual);
      const cut: typeof fetch = (input, init) => (typeof init?.body !== 'undefined' && textOf(init.body).includes(method) ? Promise.reject(new TypeError('cut')) : fetch(input, init));
      const asked = new Client({ gateway: url, key, ports: ports().ports, fetch: cut }).requestAccess('weather-daily', reader, { purpose: '' });
      await expect(asked).rejects.toMatchObject({ name: 'AccessPending', txHash: hash, cause: expect.any(UnreachableError) as unknown });
    }
    const { url } = await city((rpc) => (rpc.method === 'eth_getTransactionReceipt' ? { ...RECEIPT, blockNumber: 'none' } : usual(rpc)));
    const odd = new Client({ gateway: url, key }).requestAccess('weather-daily', reader, { purpose: '' });
    await expect(odd).rejects.toMatchObject({ name: 'AccessPending', txHash: hash, cause: expect.any(NotAGatewayError) as unknown });
  });

  it('that has failed in its block is no request', async () => {
    const { url } = await city((rpc) => (rpc.method === 'eth_getTransactionReceipt' ? { blockNumber: '0x2a', status: '0x0', logs: [] } : usual(rpc)));
    await expect(new Client({ gateway: url, key }).requestAccess('weather-daily', reader, { purpose: '' })).rejects.toBeInstanceOf(AccessFailed);
  });

  it('takes a version that fits, and no other', async () => {
    const { url, calls } = await city(usual);
    for (const version of [-1, 1.5, 2 ** 32, Number.NaN]) {
      await expect(new Client({ gateway: url, key }).requestAccess('weather-daily', reader, { purpose: '', version })).rejects.toBeInstanceOf(InputError);
    }
    expect(calls).toEqual([]);
    expect(await new Client({ gateway: url, key }).requestAccess('weather-daily', reader, { purpose: '', version: 2 ** 32 - 1 })).toMatchObject({ version: 2 ** 32 - 1 });
  });

  it('needs a key, a version and an asset', async () => {
    const { url } = await city(usual);
    await expect(new Client({ gateway: url }).requestAccess('weather-daily', reader, { purpose: '' })).rejects.toBeInstanceOf(InputError);
    const { url: other } = await city((rpc) => (rpc.method === 'eth_getTransactionReceipt' ? { blockNumber: '0x1', logs: [] } : usual(rpc)));
    await expect(new Client({ gateway: other, key }).requestAccess('weather-daily', reader, { purpose: '' })).rejects.toBeInstanceOf(NotAGatewayError);
  });
});

describe('a right of use', () => {
  it('is what is asked by, and no purpose is sent', async () => {
    const { url, calls } = await city(usual);
    const client = new Client({ gateway: url, key });
    expect(await client.requestAccess('weather-daily', reader, { purpose: 'not read', right: 4 })).toMatchObject({ request: 5, version: 3 });
    const estimate = calls.find(({ method }) => method === 'eth_estimateGas')?.params[0] as { data: string };
    expect(estimate.data).toBe(`${selector('requestUnder(uint64,uint32,bytes32)')}${word(4).slice(2)}${word(3).slice(2)}${reader.publicKey.slice(2)}`);
    for (const right of [0, -1, 1.5]) {
      await expect(client.requestAccess('weather-daily', reader, { purpose: '', right })).rejects.toBeInstanceOf(InputError);
    }
  });
});

describe('ending a request', () => {
  it('sends its number to the asset, and is refused in the words of the contract', async () => {
    const { url, calls } = await city(usual);
    expect(await new Client({ gateway: url, key, ports: ports().ports }).endAccess('weather-daily', 5)).toMatchObject({ blockNumber: 42 });
    const estimate = calls.find(({ method }) => method === 'eth_estimateGas')?.params[0] as { to: string; data: string };
    expect(estimate).toMatchObject({ to: ASSET.toLowerCase(), data: `${selector('end(uint64)')}${word(5).slice(2)}` });
    for (const [form, reason] of [
      ['NotReader(address)', 'NotReader'],
      ['RequestStateWrong(uint64,uint8)', 'RequestStateWrong'],
    ] as const) {
      const refusing = await city((rpc) => (rpc.method === 'eth_estimateGas' ? new Error('execution reverted', { cause: `${selector(form)}${word(1).slice(2)}` }) : usual(rpc)));
      await expect(new Client({ gateway: refusing.url, key }).endAccess('weather-daily', 5)).rejects.toMatchObject({ name: 'AccessRefused', reason });
      expect(refusing.calls.map(({ method }) => method)).not.toContain('eth_sendRawTransaction');
    }
    await expect(new Client({ gateway: url }).endAccess('weather-daily', 5)).rejects.toBeInstanceOf(InputError);
    await expect(new Client({ gateway: url, key }).endAccess('weather-daily', 0)).rejects.toBeInstanceOf(InputError);
  });
});

describe('a decision', () => {
  const deciding = async (...states: string[]): Promise<string> => {
    let asked = 0;
    const gateway = await gatewayThat((response) => {
      json(response, { state: states[Math.min(asked, states.length - 1)] });
      asked += 1;
    });
    return gateway.url;
  };

  it('is waited for, and for what is over not at all', async () => {
    const { ports: still, waits } = ports();
    const client = new Client({ gateway: await deciding('pending', 'pending', 'approved'), ports: still });
    expect((await client.awaitAccess('weather-daily', 5)).state).toBe('approved');
    expect(waits).toEqual([250, 500]);
    for (const state of ['refused', 'ended']) {
      const over = new Client({ gateway: await deciding(state), ports: ports().ports }).awaitAccess('weather-daily', 5);
      await expect(over).rejects.toBeInstanceOf(AccessClosed);
    }
    const never = new Client({ gateway: await deciding('pending'), ports: ports().ports }).awaitAccess('weather-daily', 5, { patienceMs: 0 });
    await expect(never).rejects.toBeInstanceOf(AccessUndecided);
  });
});
