#!/usr/bin/env node
// What forge takes for a solc binary: the solc package of npm behind the two calls that forge makes.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(import.meta.url));
const solc = require("solc");
const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");

const call = process.argv.slice(2);
if (call.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (call.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write("tools/solc.mjs answers --version and --standard-json only\n");
  process.exitCode = 1;
}
