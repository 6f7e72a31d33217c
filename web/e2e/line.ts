/** A network line to the city that a test can cut: what nobody answers is answered to nobody, service workers included. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CITY } from './browser';

export interface Line {
  /** Under which the city is reached through this line. */
  readonly origin: string;
  /** Ends every connection and takes no other. */
  cut: () => Promise<void>;
}

export async function openLine(): Promise<Line> {
  const { hostname, port } = new URL(CITY);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      // The other end learns of it by the end of its own connection.
      socket.on('error', () => socket.destroy());
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
