// A Hardhat project as its users have them. The compiler is npm's solc, because Hardhat would download one.
const { join } = require("node:path");
const { subtask } = require("hardhat/config");
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require("hardhat/builtin-tasks/task-names");
const { version } = require("solc/package.json");
require("@nomicfoundation/hardhat-ethers");

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async () => ({
  compilerPath: require.resolve("solc/soljson.js"),
  isSolcJs: true,
  version,
  longVersion: version,
}));

const output = process.env.HARDHAT_OUTPUT ?? __dirname;

module.exports = {
  solidity: { version, settings: { evmVersion: "osaka", optimizer: { enabled: true } } },
  paths: { artifacts: join(output, "artifacts"), cache: join(output, "cache") },
  networks: {
    chain: {
      url: process.env.CHAIN_RPC_URL ?? "http://127.0.0.1:8545",
      accounts: { mnemonic: "test test test test test test test test test test test junk", initialIndex: 16, count: 2 },
    },
  },
};
