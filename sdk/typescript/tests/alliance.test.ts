/** A-MULTI: the live view of an alliance, read and followed. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { eventsOf, type ServerEvent } from '../src/alliance/events.js';
import { MAX_EVENT_BYTES, MAX_SILENCE_MS } from '../src/alliance/follow.js';
import { Client, NotAGatewayError, ProblemError, UnreachableError, type AllianceChange } from '../src/index.js';
import { gatewayThat, json, ports, refuse } from './gateway.js';

async function* linesOfText(text: string): AsyncGenerator<string> {
  for (const line of text.split('\n')) yield await Promise.resolve(line);
}

async function events(text: string, firstId?: string): Promise<ServerEvent[]> {
  const all: ServerEvent[] = [];
  for await (const event of eventsOf(linesOfText(text), firstId)) all.push(event);
  return all;
}

const told = (number: number, id: string): string => `id: ${id}\nevent: request\ndata: {"number":${number},"parties":[]}\n\n`;

/** What is reported of one without a number is no request: it is passed over. */
const reported = 'id: a-0\nevent: proposal\ndata: {"id":"0x07","reports":[]}\n\n';

function stream(response: ServerResponse, text: string, type = 'text/event-stream'): ServerResponse {
  response.writeHead(200, { 'content-type': type });
  response.write(text);
  return response;
}

/** Takes so many changes, and goes. */
async function take(client: Client, count: number, after?: string): Promise<AllianceChange[]> {
  const taken: AllianceChange[] = [];
  for await (const change of client.followAlliance(after === undefined ? {} : { after })) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}

describe('a stream of events (HTML, "Interpreting an event stream")', () => {
  it('is read with ids, types, comments and data of several lines', async () => {
    const text = ': heart-beat\n\nretry: 2000\n\nid: 1\nevent: request\ndata: one\ndata: two\n\nid\ndata:three\r\n\r\n';
    expect(await events(text)).toEqual([
      { id: '1', type: 'request', data: 'one\ntwo' },
      { id: '', type: 'message', data: 'three' },
    ]);
  });

  it('keeps an id until another comes, and drops what breaks off', async () => {
    expect(await events('data: one\n\nid: 8\ndata: cut', '7')).toEqual([{ id: '7', type: 'message', data: 'one' }]);
  });
});

describe('the view of an alliance', () => {
  it('is read in pages and by number, unsigned', async () => {
    const gateway = await gatewayThat((response) => json(response, { items: [], number: 7, members: [] }));
    const client = new Client({ gateway: gateway.url });
    await client.alliance();
    await client.allianceRequests({ limit: 2, cursor: '7' });
    expect((await client.allianceRequest(7)).number).toBe(7);
    await client.allianceProposals({ limit: 3 });
    expect(gateway.asked.map(({ path }) => path)).toEqual(['/v1/alliance', '/v1/alliance/requests?limit=2&cursor=7', '/v1/alliance/requests/7', '/v1/alliance/proposals?limit=3']);
    expect(gateway.asked.every(({ headers }) => headers.signature === undefined)).toBe(true);
  });

  it('is followed over a broken connection and one that has ended, from the last change on', async () => {
    const gateway = await gatewayThat((response, _, times) => {
      // The connection ends, and the answer has not.
      if (times === 1) stream(response, `retry: 2000\n\n${told(1, 'a-1')}`).socket?.end();
      else if (times === 2) refuse(response, 503, 'chain-unreachable');
      else if (times === 3) stream(response, `${reported}${told(2, 'a-2')}`).end();
      else stream(response, told(1, 'a-3'));
    });
    const { ports: still, waits } = ports();
    const client = new Client({ gateway: gateway.url, ports: still });
    const taken = await take(client, 3);
    expect(taken.map(({ id, request }) => [id, request.number])).toEqual([
      ['a-1', 1],
      ['a-2', 2],
      ['a-3', 1],
    ]);
    expect(gateway.asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'a-1', 'a-1', 'a-2']);
    expect(gateway.asked[0]?.headers.accept).toContain('text/event-stream');
    expect(waits.length).toBe(3);
  });

  it('begins after the change that is named', async () => {
    const gateway = await gatewayThat((response) => stream(response, told(5, 'a-9')));
    await take(new Client({ gateway: gateway.url }), 1, 'a-8');
    expect(gateway.asked[0]?.headers['last-event-id']).toBe('a-8');
  });

  it('is given up when it keeps failing, at once where nothing is watched', async () => {
    const silent = await gatewayThat((response) => response.destroy());
    await expect(take(new Client({ gateway: silent.url, ports: ports().ports }), 1)).rejects.toThrow(UnreachableError);
    expect(silent.asked.length).toBe(5);
    const without = await gatewayThat((response) => refuse(response, 404, 'no-alliance'));
    await expect(take(new Client({ gateway: without.url }), 1)).rejects.toThrow(ProblemError);
    expect(without.asked.length).toBe(1);
  });

  it('is a stream whatever parameters its type has', async () => {
    const gateway = await gatewayThat((response) => stream(response, told(1, 'a-1'), 'Text/Event-Stream; charset=utf-8'));
    expect((await take(new Client({ gateway: gateway.url }), 1))[0]?.id).toBe('a-1');
    const other = await gatewayThat((response) => stream(response, told(1, 'a-1'), 'text/event-streams'));
    await expect(take(new Client({ gateway: other.url }), 1)).rejects.toThrow(NotAGatewayError);
  });

  it('ends with its signal', async () => {
    const gateway = await gatewayThat((response) => stream(response, told(1, 'a-1')));
    const stop = new AbortController();
    const changes = new Client({ gateway: gateway.url }).followAlliance({ signal: stop.signal });
    await changes.next();
    const next = changes.next();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });

  it('is no page of something else, and no endless line', async () => {
    const page = await gatewayThat((response) => json(response, {}));
    await expect(take(new Client({ gateway: page.url }), 1)).rejects.toThrow(NotAGatewayError);
    const endless = await gatewayThat((response) => stream(response, `data: ${'x'.repeat(MAX_EVENT_BYTES + 1)}`));
    await expect(take(new Client({ gateway: endless.url }), 1)).rejects.toThrow('a line is longer');
    const many = await gatewayThat((response) => stream(response, 'data: 0123456789abcdef\n'.repeat(MAX_EVENT_BYTES / 16)));
    await expect(take(new Client({ gateway: many.url }), 1)).rejects.toThrow('an event is longer');
    const bad = await gatewayThat((response) => stream(response, 'event: request\ndata: {\n\n'));
    await expect(take(new Client({ gateway: bad.url }), 1)).rejects.toThrow('not JSON');
  });

  it('outlives the time limit of other answers, and not the silence', async () => {
    const gateway = await gatewayThat((response) => {
      stream(response, ': one\n\n');
      setTimeout(() => response.write(': two\n\n'), 100);
      setTimeout(() => response.write(told(1, 'a-1')), 200);
    });
    // Time limit 150 ms: the change comes after it.
    expect((await take(new Client({ gateway: gateway.url, timeoutMs: 150 }), 1))[0]?.id).toBe('a-1');
    expect(MAX_SILENCE_MS).toBeGreaterThan(2 * 15_000);
  });
});
