// A contract with functions, events and errors of its own: the identity registry, as the project ships it compiled.
import { readFileSync } from "node:fs";

const path = new URL("../../crates/contracts/artifacts/EthereumDIDRegistry.json", import.meta.url);
export const { abi, bytecode } = JSON.parse(readFileSync(path, "utf8"));
export const attribute = "0x" + "61".repeat(32);
