// C-ID: the npm package that wallets use for did:ethr resolves identities against our registry, and signs changes that it accepts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Resolver } from "did-resolver";
import { JsonRpcProvider, Wallet, hexlify, toUtf8Bytes } from "ethers";
import { EthrDidController, getResolver } from "ethr-did-resolver";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const registry = "0xC4a0000000000000000000000000000000000003";
const chainId = 7100;
const mnemonicKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const year = 31_536_000;
const encryptionKey = `0x${"42".repeat(32)}`;

let anvil;
let provider;
let controller;
let resolver;
let owner;
let did;

before(async () => {
  // Where npm has no anvil for the platform, one from elsewhere is taken.
  const PATH = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const options = [
    "--port",
    "0",
    "--chain-id",
    String(chainId),
    // A day behind: the resolver takes what ends in its own second as still valid, and nobody waits here.
    "--timestamp",
    String(Math.floor(Date.now() / 1000) - 86_400),
  ];
  anvil = spawn("anvil", options, { env: { ...process.env, PATH } });
  const address = await new Promise((resolve, reject) => {
    let output = "";
    anvil.stdout.on("data", (chunk) => {
      output += chunk;
      const match = output.match(/Listening on (127\.0\.0\.1:\d+)/);
      if (match) resolve(match[1]);
    });
    anvil.once("error", reject);
    anvil.once("exit", (code) => reject(new Error(`anvil ended with ${code}: ${output}`)));
  });
  const rpcUrl = `http://${address}`;
  provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, cacheTimeout: -1 });

  const artifact = join(root, "..", "crates", "contracts", "artifacts", "EthereumDIDRegistry.json");
  await provider.send("anvil_setCode", [registry, JSON.parse(readFileSync(artifact, "utf8")).deployedBytecode]);

  const payer = new Wallet(mnemonicKey, provider);
  owner = Wallet.createRandom();
  did = `did:ethr:0x${chainId.toString(16)}:${owner.address}`;
  controller = new EthrDidController(owner.address, undefined, payer, chainId, provider, undefined, registry);
  resolver = new Resolver(getResolver({ networks: [{ name: "chancery", chainId, rpcUrl, registry }] }));
});

after(() => {
  provider?.destroy();
  if (anvil?.exitCode === null) {
    anvil.removeAllListeners("exit");
    anvil.kill();
  }
});

const split = (signature) => ({ sigV: signature.v, sigR: signature.r, sigS: signature.s });
const sign = (hash) => split(owner.signingKey.sign(hash));

test("an identity that was never touched resolves to its address", async () => {
  const { didDocument, didResolutionMetadata } = await resolver.resolve(did);
  assert.equal(didResolutionMetadata.error, undefined);
  assert.equal(didDocument.id, did);
  assert.equal(didDocument.verificationMethod.length, 1);
  assert.match(didDocument.verificationMethod[0].blockchainAccountId, new RegExp(owner.address, "i"));
});

test("keys published through signed attributes appear in the document", async () => {
  const attributes = [
    ["did/pub/Secp256k1/veriKey/hex", owner.signingKey.publicKey],
    ["did/pub/X25519/enc/hex", encryptionKey],
  ];
  for (const [name, value] of attributes) {
    const hash = await controller.createSetAttributeHash(name, value, year);
    await controller.setAttributeSigned(name, value, year, sign(hash));
  }
  const { didDocument } = await resolver.resolve(did);
  const published = JSON.stringify(didDocument);
  assert.ok(didDocument.verificationMethod.length === 3, published);
  assert.ok(published.includes(owner.signingKey.publicKey.slice(2)), published);
});

test("a delegate appears until it is revoked", async () => {
  const delegate = Wallet.createRandom().address;
  const added = await controller.createAddDelegateHash("veriKey", delegate, year);
  await controller.addDelegateSigned("veriKey", delegate, year, sign(added));
  const has = async () => JSON.stringify((await resolver.resolve(did)).didDocument).includes(delegate);
  assert.equal(await has(), true);

  const revoked = await controller.createRevokeDelegateHash("veriKey", delegate);
  await controller.revokeDelegateSigned("veriKey", delegate, sign(revoked));
  assert.equal(await has(), false);
});

test("a signature counts once", async () => {
  const value = hexlify(toUtf8Bytes("https://example.org"));
  const hash = await controller.createSetAttributeHash("did/svc/Example", value, 60);
  const signature = sign(hash);
  await controller.setAttributeSigned("did/svc/Example", value, 60, signature);
  await assert.rejects(controller.setAttributeSigned("did/svc/Example", value, 60, signature));
});

test("an identity can be handed over", async () => {
  const successor = Wallet.createRandom().address;
  const hash = await controller.createChangeOwnerHash(successor);
  await controller.changeOwnerSigned(successor, sign(hash));
  const { didDocument } = await resolver.resolve(did);
  assert.match(didDocument.verificationMethod[0].blockchainAccountId, new RegExp(successor, "i"));
});
