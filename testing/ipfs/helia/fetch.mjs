// Helia fetches a file by block exchange alone. Arguments: the multiaddr of the node that has it, its CIDv1. A line of JSON says what came: `{"bytes", "sha256"}`.
import '../with-resolvers.mjs';
import { createHash } from 'node:crypto';
const { noise } = await import('@chainsafe/libp2p-noise');
const { mplex } = await import('@libp2p/mplex');
const { bitswap } = await import('@helia/block-brokers');
const { unixfs } = await import('@helia/unixfs');
const { Helia } = await import('@helia/utils');
const { identify } = await import('@libp2p/identify');
const { tcp } = await import('@libp2p/tcp');
const { multiaddr } = await import('@multiformats/multiaddr');
const { MemoryBlockstore } = await import('blockstore-core');
const { MemoryDatastore } = await import('datastore-core');
const { createLibp2p } = await import('libp2p');
const { CID } = await import('multiformats/cid');

const LIMIT_MS = 120_000;
const [peer, cid] = process.argv.slice(2);
const datastore = new MemoryDatastore();
const libp2p = await createLibp2p({
  datastore,
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [mplex()],
  services: { identify: identify() },
});
const helia = new Helia({ libp2p, datastore, blockstore: new MemoryBlockstore(), blockBrokers: [bitswap()], routers: [] });
await helia.start();
await libp2p.dial(multiaddr(peer));
const hash = createHash('sha256');
let bytes = 0;
for await (const chunk of unixfs(helia).cat(CID.parse(cid), { signal: AbortSignal.timeout(LIMIT_MS) })) {
  hash.update(chunk);
  bytes += chunk.length;
}
console.log(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
process.exit(0);
