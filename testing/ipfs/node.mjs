// An IPFS node (js-ipfs) on loopback with the RPC of kubo: knows nobody, looks for nobody. Arguments: the folder of its repository, the port of its RPC.
// A line of JSON says when it is there: `{"peer": [multiaddr, ...]}`, where others dial it.
import './with-resolvers.mjs';
const { create } = await import('ipfs-core');
const { HttpApi } = await import('ipfs-http-server');

const [repo, port] = process.argv.slice(2);
const node = await create({
  repo,
  silent: true,
  init: { algorithm: 'Ed25519', emptyRepo: true },
  config: {
    Addresses: { Swarm: ['/ip4/127.0.0.1/tcp/0'], API: `/ip4/127.0.0.1/tcp/${port}`, Gateway: '', RPC: '', Delegates: [] },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } },
    Pubsub: { Enabled: false },
    Routing: { Type: 'none' },
  },
});
await new HttpApi(node).start();
const { addresses } = await node.id();
console.log(JSON.stringify({ peer: addresses.map(String) }));
