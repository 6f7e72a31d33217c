// ethers v6 against the chain: signer, contract factory, filters, WebSocket provider.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ContractFactory, HDNodeWallet, JsonRpcProvider, NonceManager, WebSocketProvider, parseEther, toBeHex, zeroPadValue } from "ethers";
import { phrase, rpcUrl, writerInitCode, wsUrl } from "./chain.mjs";
import { abi, attribute, bytecode } from "./registry.mjs";

// Without its cache: it may remember a transaction from before its block.
const provider = new JsonRpcProvider(rpcUrl, undefined, { pollingInterval: 50, cacheTimeout: -1 });
const wallet = HDNodeWallet.fromPhrase(phrase, undefined, "m/44'/60'/0'/0/12").connect(provider);
const signer = new NonceManager(wallet);

test("a transfer waits for its receipt", async () => {
  const sent = await signer.sendTransaction({ to: wallet.address, value: parseEther("0.5") });
  const receipt = await sent.wait();
  assert.equal(receipt.status, 1);
  assert.equal((await provider.getTransaction(sent.hash)).blockNumber, receipt.blockNumber);
});

test("a contract is deployed and its logs are filtered", async () => {
  const contract = await new ContractFactory([], writerInitCode, signer).deploy();
  await contract.waitForDeployment();
  const address = await contract.getAddress();
  const slot = zeroPadValue(toBeHex(9), 32);
  const sent = await signer.sendTransaction({ to: address, data: slot + zeroPadValue(toBeHex(5), 32).slice(2) });
  const receipt = await sent.wait();
  assert.equal(BigInt(await provider.getStorage(address, slot)), 5n);
  const logs = await provider.getLogs({ address, topics: [slot], fromBlock: receipt.blockNumber });
  assert.equal(logs.length, 1);
});

test("a compiled contract is deployed, written, read, and its events and errors are understood", async () => {
  const contract = await new ContractFactory(abi, bytecode, signer).deploy();
  await contract.waitForDeployment();
  const receipt = await (await contract.setAttribute(wallet.address, attribute, "0x1234", 600)).wait();
  assert.equal(await contract.changed(wallet.address), BigInt(receipt.blockNumber));
  const [event] = await contract.queryFilter(contract.filters.DIDAttributeChanged(wallet.address), receipt.blockNumber);
  assert.equal(event.args.value, "0x1234");
  const stranger = contract.connect(provider);
  await assert.rejects(
    stranger.changeOwner.staticCall(wallet.address, wallet.address, { from: "0x000000000000000000000000000000000000bbbb" }),
    (error) => error.revert?.name === "NotIdentityOwner",
  );
});

test("blocks are heard over WebSocket", async () => {
  const live = new WebSocketProvider(wsUrl);
  // Not `once`: it ends the subscription by a request that nobody can wait for, and `destroy` would cancel it.
  const heard = new Promise((resolve) => live.on("block", resolve));
  await live.ready;
  await signer.sendTransaction({ to: wallet.address });
  assert.ok((await heard) > 0);
  await live.destroy();
});

test("the fee data of a free chain", async () => {
  const fees = await provider.getFeeData();
  assert.equal(fees.gasPrice, 0n);
});

test.after(() => provider.destroy());
