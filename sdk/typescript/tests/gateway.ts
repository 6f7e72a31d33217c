/** A server that answers as a test says; what it was asked is kept. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Ports } from '../src/index.js';

export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Answering = (response: ServerResponse, asked: Asked, times: number) => void;

/** Starts it on a free port of loopback; it ends with the test. */
export async function gatewayThat(answers: Answering): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      answers(response, one, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function refuse(response: ServerResponse, status: number, code: string, more: object = {}, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify(problem(status, code, more)));
}

export function problem(status: number, code: string, more: object = {}): object {
  return { type: `/problems/${code}`, title: 'a title', status, detail: 'a detail', instance: 'urn:uuid:1', code, remedy: 'a remedy', ...more };
}

/** Time that passes by being waited for, and no chance: the longest waits. */
export function ports(): { ports: Ports; waits: number[] } {
  const waits: number[] = [];
  let now = 1_795_230_000_000;
  const wait = (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    waits.push(ms);
    now += ms;
    return Promise.resolve();
  };
  return { waits, ports: { now: () => now, random: () => 1, wait } };
}
