import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Client, EthereumKey, NotAGatewayError, NotFinalError, ProblemError, SourceKey, UnreachableError, type Operation, type Outcome } from '../src/index.js';
import { MAX_OUTCOME_BYTES } from '../src/request/answer.js';
import { gatewayThat, json, ports, problem, refuse, type Asked } from './gateway.js';

const key = SourceKey.generate();
const TERMS = { format: 'reading/air', formatVersion: 1, control: { access: 'public', retentionDays: 365, basis: 'not-personal' } } as const;
const operations = (count: number): Operation[] => Array.from({ length: count }, (_, number) => ({ time: 1, content: { number } }));
const receiptOf = (line: string, changed: object = {}): object => {
  const [header, payload] = (JSON.parse(line) as { submission: string }).submission.split('.');
  const { key: number, source, count } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
  const digest = `0x${createHash('sha256').update(`${header}.${payload}`).digest('hex')}`;
  return { place: numbersOf(line)[0], digest, key: number, source, count, acceptedAt: 1, receipt: '', repeated: false, ...changed };
};
const numbersOf = (line: string): number[] =>
  (JSON.parse(line) as { operations: { content: { number: number } }[] }).operations.map(({ content }) => content.number);
const linesOf = ({ body }: Asked): string[] => body.split('\n').filter((line) => line !== '');

async function gathered(outcomes: AsyncIterable<Outcome>): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

// DATA-2, DATA-3
describe('a stream of submissions', () => {
  it('is sent in windows, unsigned, and every submission has one outcome', async () => {
    const { url, asked } = await gatewayThat((response, request) => {
      linesOf(request).forEach((line, index) => response.write(`${JSON.stringify({ index, receipt: receiptOf(line) })}\n`));
      response.end();
    });
    const client = new Client({ gateway: url, mainChainId: 7100, key: new EthereumKey(`0x${'11'.repeat(32)}`) });
    const outcomes = await gathered(client.submitAll(key, operations(150), TERMS, { batch: 1 }));
    expect(outcomes.map(({ index, receipt }) => [index, receipt?.place])).toEqual(operations(150).map((_, at) => [at, at]));
    expect(asked.map((request) => linesOf(request).length)).toEqual([64, 64, 22]);
    for (const { headers } of asked) {
      expect(headers['content-type']).toBe('application/x-ndjson');
      expect(headers.signature).toBeUndefined();
    }
  });

  it('that breaks off goes on with what has no outcome, with the same keys', async () => {
    const { url, asked } = await gatewayThat((response, request, times) => {
      const [first = ''] = linesOf(request);
      response.write(`${JSON.stringify({ index: 0, receipt: receiptOf(first) })}\n`, () => (times < 3 ? response.destroy() : response.end()));
    });
    const { ports: fixed, waits } = ports();
    const client = new Client({ gateway: url, mainChainId: 7100, ports: fixed, retry: { attempts: 2 } });
    const outcomes = await gathered(client.submitAll(key, operations(6), TERMS, { batch: 2 }));
    expect(outcomes.map(({ index, receipt }) => [index, receipt?.place])).toEqual([[0, 0], [1, 2], [2, 4]]);
    // Each had an outcome, so that none of the failures counts as one more.
    expect(waits).toEqual([200, 200]);
    const [all = [], rest = [], last = []] = asked.map(linesOf);
    expect([rest, last]).toEqual([all.slice(1), all.slice(2)]);
  });

  it('tells what is refused for good from what is to be sent again', async () => {
    const { url, asked } = await gatewayThat((response, request, times) => {
      linesOf(request).forEach((line, index) => {
        const [number = 0] = numbersOf(line);
        const busy = { index, problem: problem(429, 'too-many-requests', { retryAfterMs: 700 }) };
        const forged = { index, problem: problem(400, 'signature-invalid') };
        const outcome = number === 1 ? forged : number === 2 && times === 1 ? busy : { index, receipt: receiptOf(line) };
        response.write(`${JSON.stringify(outcome)}\n`);
      });
      response.end();
    });
    const { ports: fixed, waits } = ports();
    const client = new Client({ gateway: url, mainChainId: 7100, ports: fixed });
    const outcomes = await gathered(client.submitAll(key, operations(4), TERMS, { batch: 1 }));
    expect(outcomes.map(({ index, receipt, problem: refusal }) => [index, receipt?.place ?? refusal?.code])).toEqual([
      [0, 0],
      [1, 'signature-invalid'],
      [3, 3],
      [2, 2],
    ]);
    expect(waits).toEqual([900]);
    expect(asked.map((request) => linesOf(request).length)).toEqual([4, 1]);
  });

  // QUOTA-4: it may be so for a day; the line is told, and the others go on.
  it('does not send again what a quota refuses', async () => {
    const { url, asked } = await gatewayThat((response, request) => {
      linesOf(request).forEach((line, index) => {
        const full = { index, problem: problem(429, 'quota-exceeded', { quota: 'operationsPerDay', retryAfterMs: 3_600_000 }) };
        response.write(`${JSON.stringify(index === 1 ? full : { index, receipt: receiptOf(line) })}\n`);
      });
      response.end();
    });
    const { ports: fixed, waits } = ports();
    const client = new Client({ gateway: url, mainChainId: 7100, ports: fixed });
    const outcomes = await gathered(client.submitAll(key, operations(3), TERMS, { batch: 1 }));
    expect(outcomes.map(({ index, receipt, problem: refusal }) => [index, receipt?.place ?? refusal?.code])).toEqual([
      [0, 0],
      [1, 'quota-exceeded'],
      [2, 2],
    ]);
    expect([waits, asked.length]).toEqual([[], 1]);
  });

  it('ends with the failure when nothing is decided however often it is sent', async () => {
    const failing: [(response: ServerResponse) => void, unknown, number][] = [
      [(response) => response.destroy(), UnreachableError, 3],
      [(response) => refuse(response, 503, 'journal-unavailable'), ProblemError, 3],
      [(response) => response.end(), UnreachableError, 3],
      [(response) => response.end(`${JSON.stringify({ index: 1, problem: problem(503, 'timed-out') })}\n`), ProblemError, 3],
      [(response) => refuse(response, 415, 'unsupported-media-type'), ProblemError, 1],
      [(response) => response.end('{"index":0}\n'), NotAGatewayError, 1],
      [(response) => response.end('not json\n'), NotAGatewayError, 1],
      [(response) => response.end('x'.repeat(MAX_OUTCOME_BYTES + 1)), NotAGatewayError, 1],
    ];
    for (const [answer, error, times] of failing) {
      const { url, asked } = await gatewayThat(answer);
      const client = new Client({ gateway: url, mainChainId: 7100, ports: ports().ports, retry: { attempts: 3 } });
      await expect(gathered(client.submitAll(key, operations(1), TERMS))).rejects.toBeInstanceOf(error);
      expect(asked.length).toBe(times);
    }
  });

  it('asks for no more submissions than it holds', async () => {
    let made = 0;
    const { url, asked } = await gatewayThat((response) => response.destroy());
    const endless = function* (): Generator<Operation> {
      for (;;) yield { time: 1, content: { number: (made += 1) } };
    };
    const client = new Client({ gateway: url, mainChainId: 7100, ports: ports().ports, retry: { attempts: 1 } });
    await expect(gathered(client.submitAll(key, endless(), TERMS, { batch: 1 }))).rejects.toBeInstanceOf(UnreachableError);
    expect([made, asked.length]).toEqual([64, 1]);
  });
});

describe('a line of outcomes', () => {
  it('has a bound, so that no answer fills the memory', async () => {
    const { url } = await gatewayThat((response) => response.end('x'.repeat(MAX_OUTCOME_BYTES + 1)));
    const client = new Client({ gateway: url, mainChainId: 7100, ports: ports().ports });
    await expect(gathered(client.submitAll(key, operations(1), TERMS))).rejects.toThrow(/a line is longer/);
  });
});

describe('one submission', () => {
  it('is sent again as it is until it has its receipt', async () => {
    const { url, asked } = await gatewayThat((response, { body }, times) => {
      if (times < 3) response.destroy();
      else json(response, receiptOf(body), 201);
    });
    const client = new Client({ gateway: url, mainChainId: 7100, ports: ports().ports });
    expect(await client.submit(key, operations(2), TERMS)).toMatchObject({ place: 0 });
    expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
    expect(asked.length).toBe(3);
  });

  it.each([
    ['nothing', () => ({})],
    ['a list', () => []],
    ['the receipt of another text', (body: string) => receiptOf(body, { digest: `0x${'01'.repeat(32)}` })],
    ['the receipt of another key', (body: string) => receiptOf(body, { key: `0x${'01'.repeat(16)}` })],
    ['the receipt of another source', (body: string) => receiptOf(body, { source: `0x${'01'.repeat(20)}` })],
    ['the receipt of fewer operations', (body: string) => receiptOf(body, { count: 1 })],
    ['a receipt without a place', (body: string) => receiptOf(body, { place: undefined })],
  ])('is not accepted because somebody answers %s', async (_, answer) => {
    const { url } = await gatewayThat((response, { body }) => json(response, answer(body), 201));
    const client = new Client({ gateway: url, mainChainId: 7100, ports: ports().ports });
    await expect(client.submit(key, operations(2), TERMS)).rejects.toBeInstanceOf(NotAGatewayError);
  });
});

describe('a proof', () => {
  const receipt = { place: 7, digest: '0x01' };

  it('is waited for while the block is not final, or nobody answers', async () => {
    const { url, asked } = await gatewayThat((response, _, times) => {
      if (times === 1) refuse(response, 503, 'not-final-yet');
      else if (times === 2) response.destroy();
      else json(response, { version: 1 });
    });
    const { ports: fixed, waits } = ports();
    const client = new Client({ gateway: url, ports: fixed });
    expect(await client.proof(receipt, { index: 2 })).toEqual({ version: 1 });
    expect(waits).toEqual([100, 200]);
    expect(asked[0]?.path).toBe('/v1/submissions/7/0x01/operations/2');
  });

  // SEARCH-3
  it('of data that are not for anybody is asked for by the source', async () => {
    const { url, asked } = await gatewayThat((response) => json(response, { version: 1 }));
    const [client, source] = [new Client({ gateway: url, mainChainId: 7100, ports: ports().ports }), `0x${'ab'.repeat(20)}`];
    const key = SourceKey.generate();
    await client.proof({ ...receipt, source }, { by: key });
    const [header, payload] = String(asked[0]?.headers['chancery-source']).split('.');
    const read = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;
    expect(read(header)).toEqual({ alg: 'EdDSA', kid: key.kid, typ: 'chancery-ask+jws' });
    expect(read(payload)).toMatchObject({ chainId: 7100, source, place: 7, digest: '0x01' });
  });

  it('that does not come is no refusal: the receipt asks again', async () => {
    const { url } = await gatewayThat((response) => refuse(response, 503, 'not-final-yet'));
    const waiting = new Client({ gateway: url, ports: ports().ports }).proof(receipt, { patienceMs: 1000 });
    await expect(waiting).rejects.toMatchObject({ name: 'NotFinalError', place: 7, waitedMs: 700 });
    await expect(new Client({ gateway: url, ports: ports().ports }).proof(receipt, { patienceMs: 0 })).rejects.toBeInstanceOf(NotFinalError);
  });

  it('of what is not there is refused at once', async () => {
    const { url, asked } = await gatewayThat((response) => refuse(response, 404, 'unknown-submission'));
    await expect(new Client({ gateway: url }).proof(receipt)).rejects.toMatchObject({ code: 'unknown-submission' });
    expect(asked.length).toBe(1);
  });
});

describe('a search', () => {
  it('is read page by page to its end', async () => {
    const { url, asked } = await gatewayThat((response, _, times) => {
      const operations = times === 2 ? [] : [{ name: `0x0${times}` }];
      json(response, { operations, ...(times < 3 && { next: { place: times, index: 0 } }) });
    });
    const names: string[] = [];
    for await (const { name } of new Client({ gateway: url }).searchAll({ text: 'x' })) names.push(name);
    expect(names).toEqual(['0x01', '0x03']);
    expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { text: 'x' },
      { text: 'x', after: { place: 1, index: 0 } },
      { text: 'x', after: { place: 2, index: 0 } },
    ]);
  });
});

// PROVISIONING-5
describe('a subscription', () => {
  it('is followed from its cursor, with a pause where nobody waits', async () => {
    const { url, asked } = await gatewayThat((response, _, times) => {
      json(response, { operations: times === 2 ? [] : [{ name: `0x0${times}` }], cursor: `${times}.0` });
    });
    const { ports: its, waits } = ports();
    const names: string[] = [];
    for await (const { operations, cursor } of new Client({ gateway: url, ports: its }).followSubscription('0x01', '0.7')) {
      names.push(...operations.map(({ name }) => name));
      if (cursor === '3.0') break;
    }
    expect(names).toEqual(['0x01', '0x03']);
    expect(waits.length).toBe(1);
    expect(asked.map(({ path }) => new URL(path, url).searchParams.get('after'))).toEqual(['0.7', '1.0', '2.0']);
  });
});
