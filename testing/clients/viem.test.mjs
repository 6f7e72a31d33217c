// viem against the chain: reads, transactions, contracts, logs, subscriptions, fees.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPublicClient, createTestClient, createWalletClient, defineChain, http, pad, parseEther, toHex, webSocket } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { phrase, rpcUrl, writerInitCode, wsUrl } from "./chain.mjs";
import { abi, attribute, bytecode } from "./registry.mjs";

const bare = createPublicClient({ transport: http(rpcUrl) });
const chain = defineChain({
  id: await bare.getChainId(),
  name: "main",
  nativeCurrency: { name: "none", symbol: "N", decimals: 18 },
  rpcUrls: { default: { http: [rpcUrl], webSocket: [wsUrl] } },
});
const reader = createPublicClient({ chain, transport: http(rpcUrl, { batch: true }) });
const account = mnemonicToAccount(phrase, { addressIndex: 11 });
const writer = createWalletClient({ account, chain, transport: http(rpcUrl) });

test("a transfer is final in the block of its receipt", async () => {
  const to = mnemonicToAccount(phrase, { addressIndex: 900 }).address;
  const before = await reader.getBalance({ address: to });
  const hash = await writer.sendTransaction({ to, value: parseEther("1") });
  const receipt = await reader.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  assert.equal(receipt.status, "success");
  assert.equal(await reader.getBalance({ address: to }), before + parseEther("1"));
  const finalized = await reader.getBlock({ blockTag: "finalized" });
  assert.ok(finalized.number >= receipt.blockNumber);
  const transaction = await reader.getTransaction({ hash });
  assert.equal(transaction.blockHash, receipt.blockHash);
});

test("a contract is deployed, called, its storage proven and its log found", async () => {
  const hash = await writer.deployContract({ abi: [], bytecode: writerInitCode });
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  const slot = pad(toHex(7));
  const data = slot + pad(toHex(42)).slice(2);
  const gas = await reader.estimateGas({ account, to: contractAddress, data });
  assert.ok(gas > 21_000n && gas < 60_000n, `estimated ${gas}`);
  const write = await writer.sendTransaction({ to: contractAddress, data });
  const receipt = await reader.waitForTransactionReceipt({ hash: write, pollingInterval: 20 });
  assert.equal(BigInt(await reader.getStorageAt({ address: contractAddress, slot })), 42n);
  const proof = await reader.getProof({ address: contractAddress, storageKeys: [slot] });
  assert.equal(proof.storageProof[0].value, 42n);
  const logs = await reader.getLogs({ address: contractAddress, fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber });
  assert.deepEqual(logs.map((log) => log.topics[0]), [slot]);
});

test("a compiled contract is deployed, written, read, and its events and errors are understood", async () => {
  const deployed = await writer.deployContract({ abi, bytecode });
  const { contractAddress: address } = await reader.waitForTransactionReceipt({ hash: deployed, pollingInterval: 20 });
  const identity = account.address;
  const { request } = await reader.simulateContract({ account, address, abi, functionName: "setAttribute", args: [identity, attribute, "0x1234", 600n] });
  const receipt = await reader.waitForTransactionReceipt({ hash: await writer.writeContract(request), pollingInterval: 20 });
  assert.equal(await reader.readContract({ address, abi, functionName: "changed", args: [identity] }), receipt.blockNumber);
  const [event] = await reader.getContractEvents({ address, abi, eventName: "DIDAttributeChanged", fromBlock: receipt.blockNumber });
  assert.equal(event.args.value, "0x1234");
  const stranger = mnemonicToAccount(phrase, { addressIndex: 901 }).address;
  await assert.rejects(
    reader.simulateContract({ account: stranger, address, abi, functionName: "changeOwner", args: [identity, stranger] }),
    (error) => error.walk((cause) => cause.data?.errorName === "NotIdentityOwner") !== null,
  );
});

test("fees are free", async () => {
  assert.equal(await reader.getGasPrice(), 0n);
  const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] });
  assert.ok(history.baseFeePerGas.every((fee) => fee === 0n));
  const fees = await reader.estimateFeesPerGas();
  assert.equal(fees.maxFeePerGas - fees.maxPriorityFeePerGas, 0n);
});

test("new heads and logs arrive over WebSocket", async () => {
  const live = createPublicClient({ chain, transport: webSocket(wsUrl) });
  const seen = new Promise((resolve, reject) => {
    const stop = live.watchBlocks({ onBlock: (block) => { stop(); resolve(block); }, onError: reject });
  });
  await writer.sendTransaction({ to: account.address, value: 0n });
  const block = await seen;
  assert.ok(block.number > 0n);
  (await live.transport.getRpcClient()).close();
});

test("a revert names its reason", async () => {
  // The access manager lets a stranger grant nothing: grantRole(1, address(0), 0).
  await assert.rejects(
    reader.call({ account: "0x000000000000000000000000000000000000bbbb", to: "0xC4A0000000000000000000000000000000000001", data: "0x25c471a0" + "00".repeat(31) + "01" + "00".repeat(64) }),
    (error) => /revert/i.test(error.message),
  );
});

test("nonce errors are the ones that clients know", async () => {
  const nonce = await reader.getTransactionCount({ address: account.address });
  await assert.rejects(
    writer.sendTransaction({ to: account.address, value: 0n, nonce: nonce - 1, gas: 21_000n }),
    (error) => error.walk((cause) => cause.name === "NonceTooLowError") !== null,
  );
});

test("test-only methods do not exist", async () => {
  const cheat = createTestClient({ chain, mode: "anvil", transport: http(rpcUrl) });
  await assert.rejects(cheat.setBalance({ address: account.address, value: 1n }), /not (found|exist|support)/i);
});
