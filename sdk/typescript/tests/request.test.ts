import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { Client, EthereumKey, InputError, NotAGatewayError, ProblemError, UnreachableError } from '../src/index.js';
import { base64Of, bytesOfBase64url, utf8Of } from '../src/encoding.js';
import { MAX_ANSWER_BYTES } from '../src/request/answer.js';
import { contentDigest, signatureBase, signatureHeaders } from '../src/request/signature.js';
import { gatewayThat, json, ports, refuse } from './gateway.js';

/** The first key of the public development phrase. */
const SECRET = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const TERMS = { chainId: 7100, created: 1_795_230_000, nonce: '0123456789abcdef' };
const PARTS = {
  method: 'POST',
  url: new URL('http://City.Example:8080/v1/operations?check=true'),
  body: utf8Of('{"pm25":12}'),
};

// The request of crates/rest/src/erc8128/tests.rs, whose signature another implementation has made.
describe('a signed request (ERC-8128, RFC 9421)', () => {
  it('has the base that the specification gives', () => {
    const { base } = signatureBase(PARTS, `erc8128:7100:${ADDRESS}`, TERMS);
    expect(base.split('\n')).toEqual([
      '"@method": POST',
      '"@authority": city.example:8080',
      '"@path": /v1/operations',
      '"@query": ?check=true',
      '"content-digest": sha-256=:M2pyFAduT7n4WZuJ1fRfZUju1fP9ILAidjK36TJEVds=:',
      `"@signature-params": ("@method" "@authority" "@path" "@query" "content-digest");created=1795230000;expires=1795230060;nonce="0123456789abcdef";keyid="erc8128:7100:${ADDRESS}"`,
    ]);
  });

  it('is signed as every implementation signs it', () => {
    const headers = signatureHeaders(new EthereumKey(SECRET), PARTS, TERMS);
    expect(headers.signature).toBe(
      'eth=:xkCz2qMlmCEdcKxnIPv/mr8kkDlFx/skfIrwCCDcLK4Vz4fkQN9Q0rwRTLZjWPwe2Sw2HjJbGeAHApA24nbftxs=:',
    );
  });

  it('without query and body has a lone question mark and no digest', () => {
    const { base } = signatureBase({ method: 'GET', url: new URL('https://city.example:443') }, 'k', TERMS);
    expect(base).toContain('"@authority": city.example\n"@path": /\n"@query": ?\n"@signature-params": ("@method"');
    const headers = signatureHeaders(new EthereumKey(SECRET), { method: 'POST', url: PARTS.url, body: utf8Of('') }, TERMS);
    expect(headers).not.toHaveProperty('content-digest');
    expect(headers['signature-input']).not.toContain('content-digest');
  });

  it('has the digest of RFC 9530', () => {
    expect(contentDigest(utf8Of('{"hello": "world"}'))).toBe('sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:');
  });

  it('names its key by the address, and a secret that is none is refused without being shown', () => {
    const key = new EthereumKey(SECRET);
    expect(key.address).toBe(ADDRESS);
    expect(JSON.stringify(key)).toBe(JSON.stringify({ address: ADDRESS }));
    for (const bad of ['0x00', `0x${'00'.repeat(32)}`, `0x${'ff'.repeat(32)}`, SECRET.slice(2), new Uint8Array(31)]) {
      expect(() => new EthereumKey(bad)).toThrow(InputError);
    }
    expect(() => new EthereumKey(`0x${'ff'.repeat(32)}`)).not.toThrow(/ffff/);
  });

  it('is sent with a nonce of its own each time, by a key whose chain the gateway names', async () => {
    const { url, asked } = await gatewayThat((response, { path }, times) => {
      if (path === '/v1/chains') json(response, { chains: [{ name: 'main', chainId: 7100 }] });
      else if (times < 4) refuse(response, 503, 'chain-unreachable');
      else json(response, { ok: true });
    });
    const client = new Client({ gateway: url, key: new EthereumKey(SECRET), ports: ports().ports });
    await client.call('get', '/v1/data/statistics', {});
    const inputs = asked.slice(1).map(({ headers }) => String(headers['signature-input']));
    expect(asked.map(({ path }) => path)).toEqual(['/v1/chains', ...Array<string>(3).fill('/v1/data/statistics')]);
    expect(asked[0]?.headers.signature).toBeUndefined();
    expect(new Set(inputs).size).toBe(3);
    for (const input of inputs) expect(input).toContain(`keyid="erc8128:7100:${ADDRESS}"`);
  });
});

describe('a failure', () => {
  it('that the gateway explains is a problem with what to do', async () => {
    const { url } = await gatewayThat((response) => refuse(response, 403, 'role-required', { required: ['operator'] }));
    const error = await new Client({ gateway: url }).certificate('0x01').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      type: '/problems/role-required',
      status: 403,
      code: 'role-required',
      detail: 'a detail',
      remedy: 'a remedy',
      isTemporary: false,
      problem: { required: ['operator'] },
    });
  });

  it('of a degraded city is an answer about its health', async () => {
    const { url } = await gatewayThat((response) => json(response, { status: 'degraded' }, 503));
    expect(await new Client({ gateway: url }).call('get', '/health', {})).toEqual({ status: 'degraded' });
  });

  it('of something that is no gateway says so, whatever it sends', async () => {
    const { ports: fixed } = ports();
    const cases: Record<string, (response: ServerResponse) => void> = {
      html: (response) => response.end('<html>proxy</html>'),
      error: (response) => response.writeHead(502).end('bad gateway'),
      redirect: (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      bytes: (response) => response.end(Uint8Array.of(0x22, 0xff, 0x22)),
      large: (response) => response.end('x'.repeat(MAX_ANSWER_BYTES + 1)),
      problem: (response) => response.writeHead(400, { 'content-type': 'application/problem+json' }).end('{"title":"x"}'),
    };
    for (const [name, answer] of Object.entries(cases)) {
      const { url, asked } = await gatewayThat(answer);
      const asking = new Client({ gateway: url, ports: fixed }).certificate('0x01');
      const error = await asking.catch((reason: unknown) => reason);
      expect(error, name).toBeInstanceOf(NotAGatewayError);
      if (name === 'large') expect((error as NotAGatewayError).reason).toContain('larger than');
      expect(asked.length, name).toBe(1);
    }
  });

  it('to answer at all is no statement, and is tried again so often and no further', async () => {
    const { url, asked } = await gatewayThat((response) => response.destroy());
    const { ports: fixed, waits } = ports();
    const client = new Client({ gateway: url, ports: fixed, retry: { attempts: 4, firstDelayMs: 100, maxDelayMs: 250 } });
    await expect(client.search({})).rejects.toBeInstanceOf(UnreachableError);
    expect([asked.length, waits]).toEqual([4, [100, 200, 250]]);
  });

  it('in the midst of an answer is one of the connection', async () => {
    const { url, asked } = await gatewayThat((response, _, times) => {
      if (times > 1) json(response, { items: [] });
      else response.writeHead(200, { 'content-length': '100' }).write('{"items":', () => response.destroy());
    });
    expect(await new Client({ gateway: url, ports: ports().ports }).call('get', '/v1/data/statistics', {})).toEqual({ items: [] });
    expect(asked.length).toBe(2);
  });

  it('that passes is waited for as long as the gateway asks, within a bound', async () => {
    const { url } = await gatewayThat((response, _, times) => {
      if (times < 3) refuse(response, 429, 'too-many-requests', {}, { 'retry-after': times === 1 ? '2' : '86400' });
      else json(response, {});
    });
    const { ports: fixed, waits } = ports();
    await new Client({ gateway: url, ports: { ...fixed, random: () => 0.5 } }).call('get', '/v1/data/statistics', {});
    expect(waits).toEqual([2100, 5000]);
  });

  it('of what might have had its effect is not tried again, unless an idempotency key makes it one', async () => {
    const { url, asked } = await gatewayThat((response) => response.destroy());
    const client = new Client({ gateway: url, mainChainId: 7100, ports: ports().ports });
    const statement = { statement: 'x' };
    await expect(client.call('post', '/v1/sources', { body: statement })).rejects.toBeInstanceOf(UnreachableError);
    expect(asked.length).toBe(1);
    const status = { kind: 'degree', status: 'revoked', reason: 'superseded', revision: 0, deadline: 1, signature: '0x' } as never;
    await expect(client.call('post', '/v1/certificates/{id}/status', { path: { id: '0x01' }, body: status })).rejects.toBeInstanceOf(UnreachableError);
    expect(asked.length).toBe(6);
    const keys = asked.slice(1).map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(1);
    expect(bytesOfBase64url(String(keys[0]))?.length).toBe(16);
  });

  it('that the caller wants ends the call', async () => {
    const { url, asked } = await gatewayThat((response) => response.destroy());
    const reason = new Error('enough');
    const aborted = new Client({ gateway: url }).call('get', '/v1/data/statistics', { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    expect(asked.length).toBe(0);
    const controller = new AbortController();
    const wait = (): Promise<void> => {
      controller.abort(reason);
      return Promise.resolve();
    };
    const waiting = { ...ports().ports, wait };
    const later = new Client({ gateway: url, ports: waiting }).call('get', '/v1/data/statistics', { signal: controller.signal });
    await expect(later).rejects.toBe(reason);
    expect(asked.length).toBe(1);
  });
});

describe('an address', () => {
  it('of something else than a gateway is refused', () => {
    for (const gateway of ['', 'city.example', 'ftp://city.example', 'http://city.example?x=1', 'http://city.example#x', 'http://city.example', 'http://10.0.0.8:8080', 'http://localhost.example']) {
      expect(() => new Client({ gateway }), gateway).toThrow(InputError);
    }
    expect(new Client({ gateway: 'https://city.example/below/' }).gateway).toBe('https://city.example/below');
  });

  it('has no password, and the refusal does not repeat it', () => {
    for (const gateway of ['https://clerk:opensesame@city.example', 'https://opensesame@city.example', 'https://:opensesame@city.example?x=1']) {
      const refused = vi.fn(() => new Client({ gateway }));
      expect(refused).toThrow(InputError);
      expect(refused).not.toThrow(/opensesame/);
    }
  });

  it('is not left by a parameter', async () => {
    const { url, asked } = await gatewayThat((response) => json(response, {}));
    const client = new Client({ gateway: `${url}/below` });
    await client.call('get', '/v1/kinds/{kind}', { path: { kind: '../../x?y#z' } });
    expect(asked[0]?.path).toBe('/below/v1/kinds/..%2F..%2Fx%3Fy%23z');
    for (const kind of ['', '.', '..']) {
      await expect(client.call('get', '/v1/kinds/{kind}', { path: { kind } })).rejects.toBeInstanceOf(InputError);
    }
    expect(asked.length).toBe(1);
  });
});

describe('base64url', () => {
  it('has one form for every bytes', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    for (const count of [0, 1, 2, 3, 256]) {
      const text = base64Of(bytes.subarray(0, count)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      expect(bytesOfBase64url(text)).toEqual(bytes.subarray(0, count));
    }
    for (const other of ['AB', 'A', 'AA==', 'A+', 'A A', 'AAB']) expect(bytesOfBase64url(other), other).toBeUndefined();
  });
});
