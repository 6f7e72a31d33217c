#!/usr/bin/env node
// Writes what the Rust side needs of the compiled contracts to crates/contracts/artifacts, or checks that what is committed
// there is what the sources compile to. Run after `forge build`; `npm run artifacts` and `npm run artifacts:check` do both.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const committed = join(root, "..", "crates", "contracts", "artifacts");
const contracts = [
  "GenesisAccessManager",
  "OrganizationRegistry",
  "EthereumDIDRegistry",
  "DataFormatRegistry",
  "DataBlockRegistry",
  "CertificateRegistry",
  "ValidatorRegistry",
  "Permissions",
  "Anchor",
  "RequirementRegistry",
  "Alliance",
  "StoreNode",
  "RuleNode",
  "TrustRegistry",
  "HeldCertificates",
  "AnchorFactory",
  "ConditionalCertificateRegistry",
  "DigitalAsset",
  "ResourceDirectory",
  "ContractReleases",
  "ContractFactory",
  "AccessRuleRegistry",
  "ChangeApprovals",
];

function trimmed(name) {
  const artifact = JSON.parse(readFileSync(join(root, "out", `${name}.sol`, `${name}.json`), "utf8"));
  const { abi, bytecode, deployedBytecode } = artifact;
  if (Object.keys(bytecode.linkReferences).length !== 0) throw new Error(`${name} needs linking`);
  const content = { contractName: name, abi, bytecode: bytecode.object, deployedBytecode: deployedBytecode.object };
  return `${JSON.stringify(content, null, 1)}\n`;
}

const wanted = new Map(contracts.map((name) => [`${name}.json`, trimmed(name)]));
mkdirSync(committed, { recursive: true });
const present = readdirSync(committed);

if (process.argv[2] === "write") {
  for (const file of present.filter((file) => !wanted.has(file))) rmSync(join(committed, file));
  for (const [file, content] of wanted) writeFileSync(join(committed, file), content);
} else if (process.argv[2] === "check") {
  const stale = present.filter((file) => !wanted.has(file));
  for (const [file, content] of wanted) {
    if (!present.includes(file) || readFileSync(join(committed, file), "utf8") !== content) stale.push(file);
  }
  if (stale.length !== 0) {
    process.stderr.write(`crates/contracts/artifacts is not what the sources compile to: ${stale.join(", ")}\n`);
    process.stderr.write("run `npm run artifacts` in contracts/ and commit the result\n");
    process.exitCode = 1;
  }
} else {
  process.stderr.write("usage: artifacts.mjs write|check\n");
  process.exitCode = 1;
}
