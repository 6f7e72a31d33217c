// The chain that the clients speak to, and the funded development accounts.
import assert from "node:assert/strict";

export const rpcUrl = process.env.CHAIN_RPC_URL;
assert.ok(rpcUrl, "CHAIN_RPC_URL names the JSON-RPC endpoint under test");
export const wsUrl = rpcUrl.replace(/^http/, "ws");
export const phrase = "test test test test test test test test test test test junk";

// Runtime: sstore(calldataload(0), calldataload(32)); log1("", calldataload(0)). Plain EVM code, so that no compiler is needed.
export const writerInitCode = "0x6010600c60003960106000f3" + "60203560003555" + "60003560006000a100";
