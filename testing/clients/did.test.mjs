// The unmodified did:ethr resolver against the ERC-1056 registry of the main chain.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonRpcProvider, HDNodeWallet } from "ethers";
import { Resolver } from "did-resolver";
import { EthrDidController, getResolver } from "ethr-did-resolver";
import { phrase, rpcUrl } from "./chain.mjs";

const registry = "0xC4A0000000000000000000000000000000000003";
const provider = new JsonRpcProvider(rpcUrl, undefined, { pollingInterval: 50 });
const { chainId } = await provider.getNetwork();
const wallet = HDNodeWallet.fromPhrase(phrase, undefined, "m/44'/60'/0'/0/13").connect(provider);

test("an encryption key published as an attribute is in the DID document", async () => {
  const controller = new EthrDidController(wallet.address, undefined, wallet, Number(chainId), provider, undefined, registry);
  await controller.setAttribute("did/pub/X25519/enc/hex", "0x" + "42".repeat(32), 86_400);
  const resolver = new Resolver(getResolver({ networks: [{ name: "chancery", chainId, provider, registry }] }));
  const { didDocument, didResolutionMetadata } = await resolver.resolve(`did:ethr:0x${chainId.toString(16)}:${wallet.address}`);
  assert.equal(didResolutionMetadata.error, undefined);
  assert.ok(didDocument.verificationMethod.some((method) => method.type === "X25519KeyAgreementKey2019"), JSON.stringify(didDocument));
});

test.after(() => provider.destroy());
