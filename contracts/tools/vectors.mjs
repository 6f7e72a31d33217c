#!/usr/bin/env node
// Golden vectors for everything that is signed and hashed, made with viem and @openzeppelin/merkle-tree: neither our Rust nor our
// Solidity has a hand in them. `vectors.mjs write` makes the files, `vectors.mjs check` compares them with the committed ones.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import {
  concat,
  encodeAbiParameters,
  encodePacked,
  hashStruct,
  hashTypedData,
  hexToBigInt,
  keccak256,
  numberToHex,
  stringToHex,
  toHex,
} from "viem";
import { mnemonicToAccount, sign } from "viem/accounts";

const directory = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "crates", "primitives", "vectors");
const mnemonic = "test test test test test test test test test test test junk";
const account = (index) => mnemonicToAccount(mnemonic, { addressIndex: index });
const certificateRegistry = "0xC4a0000000000000000000000000000000000006";
const dataBlockRegistry = "0xc4a0000000000000000000000000000000000005";
const contractReleases = "0xC4A000000000000000000000000000000000000A";
const changeApprovals = "0xC4A000000000000000000000000000000000000E";
const didRegistry = "0xC4a0000000000000000000000000000000000003";
const ZERO = `0x${"00".repeat(32)}`;

const name = (text) => stringToHex(text, { size: 32 });
const filled = (byte) => `0x${byte.repeat(32)}`;
const statuses = { valid: 1, suspended: 2, revoked: 3, renewed: 4 };
const reasons = {
  unspecified: 0,
  "key-compromise": 1,
  "affiliation-changed": 3,
  superseded: 4,
  "cessation-of-operation": 5,
  "certificate-hold": 6,
  "privilege-withdrawn": 9,
};
const outcomes = { valid: 1, revoked: 2, suspended: 3, expired: 4, "cannot-determine": 5, refused: 6 };

const changeKinds = { organizations: 0, keys: 1, formats: 2, services: 3, access: 4, quotas: 5 };
const approvalStatuses = { proposed: 1, approved: 2, rejected: 3, withdrawn: 4, applied: 5 };
const releaseStatuses = { proposed: 1, approved: 2, rejected: 3, deployed: 4, released: 5, withdrawn: 6 };

const members = (text) =>
  text.split(",").map((member) => ({ type: member.split(" ")[0], name: member.split(" ")[1] }));
const types = {
  Issue: members(
    "bytes32 certificateId,bytes32 kind,bytes32 organization,address holder,bytes32 contentHash,bytes32 sealedHash,uint64 validFrom,uint64 validUntil,bytes32 previous,uint64 deadline",
  ),
  ChangeStatus: members("bytes32 certificateId,uint8 status,uint8 reason,uint64 revision,uint64 deadline"),
  Inspect: members(
    "bytes32 certificateId,address holder,bytes32 organization,bytes32 presentationHash,uint8 outcome,uint64 deadline",
  ),
  Present: members(
    "bytes32 certificateId,address holder,bytes32 contentHash,uint64 presentedAt,bytes32 nonce",
  ),
  DataOperation: members(
    "bytes32 dataFormat,bytes32 contentHash,address source,bytes32 subject,bytes32 previous,uint64 time,bytes32 idempotencyKey",
  ),
  ProposeContract: members(
    "bytes32 name,uint32 version,bytes32 initCodeHash,bytes32 argumentsHash,bytes32 runtimeCodeHash,bytes32 interfaceHash,bytes32 sourceHash,bytes32 salt,uint64 deadline",
  ),
  ChangeRelease: members("bytes32 release,uint8 status,string reason,uint64 deadline"),
  ProposeChange: members("uint8 kind,bytes32 changeHash,bytes32 salt,uint64 expiresAt,uint64 deadline"),
  DecideChange: members("bytes32 change,uint8 status,string reason,uint64 deadline"),
  Disclose: members("address holder,bytes32 kind,uint64 until,uint256 nonce"),
};

// From the JSON form of an operation to its EIP-712 message.
const toMessage = {
  Issue: (o) => ({ ...o, kind: name(o.kind), organization: name(o.organization), previous: o.previous ?? ZERO }),
  ChangeStatus: (o) => ({ ...o, status: statuses[o.status], reason: reasons[o.reason] }),
  Inspect: (o) => ({ ...o, organization: name(o.organization), outcome: outcomes[o.outcome] }),
  Present: (o) => o,
  DataOperation: (o) => o,
  ProposeContract: (o) => ({ ...o, name: name(o.name) }),
  ChangeRelease: (o) => ({ ...o, status: releaseStatuses[o.status] }),
  ProposeChange: (o) => ({ ...o, kind: changeKinds[o.kind] }),
  DecideChange: (o) => ({ ...o, status: approvalStatuses[o.status] }),
  Disclose: (o) => ({ ...o, kind: name(o.kind) }),
};

const issue = {
  certificateId: filled("a1"),
  kind: "degree",
  organization: "91110000MA01ABCD2X",
  holder: account(3).address,
  contentHash: keccak256(stringToHex("document")),
  sealedHash: keccak256(stringToHex("sealed payload")),
  validFrom: 1_767_225_600,
  validUntil: 0,
  previous: null,
  deadline: 1_767_229_200,
};
const inspection = {
  certificateId: filled("a1"),
  holder: account(3).address,
  organization: "INSPECTORATE-7",
  presentationHash: filled("5c"),
  outcome: "valid",
  deadline: 1_767_229_200,
};
const status = {
  certificateId: filled("a1"),
  status: "revoked",
  reason: "privilege-withdrawn",
  revision: 2,
  deadline: 1_767_229_200,
};
const data = {
  dataFormat: name("weather/observation"),
  contentHash: keccak256(stringToHex("observation")),
  source: account(5).address,
  subject: filled("07"),
  previous: ZERO,
  time: 1_767_225_601,
  idempotencyKey: filled("1d"),
};
const present = {
  certificateId: filled("a1"),
  holder: account(3).address,
  contentHash: keccak256(stringToHex("document")),
  presentedAt: 1_767_225_999,
  nonce: filled("9e"),
};
const cases = [
  ["a first certificate without end", "Issue", 7103, certificateRegistry, 1, issue],
  [
    "a renewal with an end, kind of 16 characters, code of 32",
    "Issue",
    7104,
    certificateRegistry,
    2,
    {
      ...issue,
      certificateId: filled("b2"),
      kind: "business-licence",
      organization: "0123456789ABCDEFGHIJ-0123456789Z",
      validUntil: 253_402_300_799,
      previous: filled("a1"),
    },
  ],
  ["revoking", "ChangeStatus", 7103, certificateRegistry, 1, status],
  [
    "suspending",
    "ChangeStatus",
    7103,
    certificateRegistry,
    1,
    { ...status, status: "suspended", reason: "certificate-hold", revision: 0 },
  ],
  ["an inspection that found it valid", "Inspect", 7103, certificateRegistry, 4, inspection],
  [
    "an inspection that could not determine",
    "Inspect",
    7105,
    certificateRegistry,
    4,
    { ...inspection, outcome: "cannot-determine" },
  ],
  ["a presentation", "Present", 7103, certificateRegistry, 3, present],
  ["a first record of data", "DataOperation", 7100, dataBlockRegistry, 5, data],
  [
    "an update of data",
    "DataOperation",
    7101,
    dataBlockRegistry,
    5,
    { ...data, previous: filled("3f"), idempotencyKey: filled("2d") },
  ],
];

const proposal = {
  name: "counter",
  version: 1,
  initCodeHash: filled("1c"),
  argumentsHash: filled("a5"),
  runtimeCodeHash: filled("2c"),
  interfaceHash: filled("ab"),
  sourceHash: filled("50"),
  salt: filled("5a"),
  deadline: 1_767_229_200,
};
const step = { release: filled("ce"), status: "approved", reason: "", deadline: 1_767_229_200 };
const releaseCases = [
  ["a first version", "ProposeContract", 7100, contractReleases, 0, proposal],
  [
    "without source, on a side chain",
    "ProposeContract",
    7103,
    contractReleases,
    9,
    { ...proposal, version: 4_294_967_295, sourceHash: ZERO, salt: ZERO },
  ],
  ["an approval", "ChangeRelease", 7100, contractReleases, 9, step],
  [
    "a withdrawal that says why",
    "ChangeRelease",
    7100,
    contractReleases,
    0,
    { ...step, status: "withdrawn", reason: "replaced: \u8ba1\u6570 \u{1f600}" },
  ],
];

// On the side chain of business licences, of the third side chain; and on any other contract, taken back.
const disclosureCases = [
  [
    "a consent",
    "Disclose",
    7104,
    "0xc4A0000000000000000000000000000000000203",
    3,
    { holder: account(3).address, kind: "degree", until: 1_767_312_000, nonce: 0 },
  ],
  [
    "taken back, the eighth of its holder, kind of 16 characters",
    "Disclose",
    7100,
    account(9).address,
    3,
    { holder: account(3).address, kind: "business-licence", until: 0, nonce: 7 },
  ],
];

// JSON as our services write it: addresses in lower case.
const lowerCaseAddresses = (operation) =>
  Object.fromEntries(
    Object.entries(operation).map(([member, value]) =>
      member === "holder" || member === "source" ? [member, value.toLowerCase()] : [member, value],
    ),
  );

async function signed(cases) {
  const vectors = [];
  for (const [title, type, chainId, verifyingContract, signer, operation] of cases) {
    const domain = { name: "Chancery", version: "1", chainId, verifyingContract };
    const message = toMessage[type](operation);
    const typed = { domain, types: { [type]: types[type] }, primaryType: type, message };
    vectors.push({
      title,
      type,
      chainId,
      verifyingContract,
      operation: lowerCaseAddresses(operation),
      message,
      structHash: hashStruct({ data: message, primaryType: type, types: typed.types }),
      digest: hashTypedData(typed),
      signer: account(signer).address,
      signature: await account(signer).signTypedData(typed),
    });
  }
  return vectors;
}

async function operations() {
  const comment = "docs/specs/encodings.md, signed operations; made by contracts/tools/vectors.mjs";
  return { comment, vectors: await signed(cases) };
}

async function releases() {
  const comment = "docs/specs/contract-release.md, what operators sign; made by contracts/tools/vectors.mjs";
  return { comment, vectors: await signed(releaseCases) };
}

const proposedChange = {
  kind: "access",
  changeHash: keccak256(stringToHex('{"change":"offerService"}')),
  salt: filled("5a"),
  expiresAt: 1_767_830_400,
  deadline: 1_767_229_200,
};
const decidedChange = { change: filled("cc"), status: "approved", reason: "", deadline: 1_767_229_200 };
const changeCases = [
  ["a change proposed", "ProposeChange", 7100, changeApprovals, 0, proposedChange],
  ["of the first kind", "ProposeChange", 7100, changeApprovals, 0, { ...proposedChange, kind: "organizations", salt: ZERO }],
  ["approved", "DecideChange", 7100, changeApprovals, 9, decidedChange],
  ["rejected", "DecideChange", 7100, changeApprovals, 9, { ...decidedChange, status: "rejected", reason: "nicht n\u00f6tig" }],
];

async function changes() {
  const comment = "docs/specs/access.md, what operators sign; made by contracts/tools/vectors.mjs";
  return { comment, vectors: await signed(changeCases) };
}

async function disclosures() {
  const comment = "docs/specs/trust.md, what holders sign; made by contracts/tools/vectors.mjs";
  return { comment, vectors: await signed(disclosureCases) };
}

function names() {
  const texts = ["degree", "real-estate", "inspection", "91110000MA01ABCD2X", "A", "0123456789ABCDEFGHIJ-0123456789Z"];
  return {
    comment: "Names in bytes32; made by contracts/tools/vectors.mjs",
    vectors: texts.map((text) => ({ text, bytes32: name(text) })),
  };
}

function storage() {
  const issued = { certificateId: filled("a1"), issueDigest: filled("d1"), issuer: account(1).address, issuedAt: 1_767_225_700 };
  const slot = keccak256(
    encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [issued.certificateId, 0n]),
  );
  const word = { status: 2, reason: 6, revision: 3, validFrom: 1_767_225_600, validUntil: 1_798_761_600, changedAt: 1_767_226_000 };
  return {
    comment: "docs/specs/certificate-registry.md, storage; made by contracts/tools/vectors.mjs",
    ...issued,
    statusSlot: slot,
    commitmentSlot: numberToHex(hexToBigInt(slot) + 1n, { size: 32 }),
    commitment: keccak256(
      encodeAbiParameters(
        [{ type: "bytes32" }, { type: "address" }, { type: "uint64" }],
        [issued.issueDigest, issued.issuer, BigInt(issued.issuedAt)],
      ),
    ),
    word,
    packedWord: encodePacked(
      ["uint64", "uint64", "uint64", "uint48", "uint8", "uint8"],
      [BigInt(word.changedAt), BigInt(word.validUntil), BigInt(word.validFrom), word.revision, word.reason, word.status],
    ),
  };
}

const leafEncoding = ["bytes32", "address", "bytes32", "bytes32", "uint64"];
const operationTypes = ["certificate.issue", "certificate.status", "certificate.inspect", "data.record"];

function dataBlocks() {
  const vectors = [1, 2, 3, 5, 8, 13].map((count) => {
    const leaves = Array.from({ length: count }, (_, index) => ({
      operationDigest: keccak256(toHex(`operation ${index} of ${count}`)),
      source: account(index % 4).address,
      type: operationTypes[index % 4],
      contentHash: keccak256(toHex(`content ${index}`)),
      time: 1_767_225_600 + index,
    }));
    const values = leaves.map((leaf) => [
      leaf.operationDigest,
      leaf.source,
      name(leaf.type),
      leaf.contentHash,
      String(leaf.time),
    ]);
    const tree = StandardMerkleTree.of(values, leafEncoding);
    return {
      root: tree.root,
      leaves: leaves.map((leaf, index) => ({
        leaf,
        hash: tree.leafHash(values[index]),
        proof: tree.getProof(index),
      })),
    };
  });
  return { comment: "docs/specs/encodings.md, data block; made by contracts/tools/vectors.mjs", leafEncoding, vectors };
}

async function identity() {
  const owner = account(6);
  const privateKey = toHex(owner.getHdKey().privateKey);
  const value = `0x${"42".repeat(32)}`;
  const attribute = stringToHex("did/pub/X25519/enc/hex", { size: 32 });
  const validity = 31_536_000;
  const preimage = (nonce, method, ...rest) =>
    keccak256(
      concat([
        "0x1900",
        didRegistry,
        numberToHex(nonce, { size: 32 }),
        owner.address,
        stringToHex(method),
        ...rest,
      ]),
    );
  const setAttribute = preimage(0, "setAttribute", attribute, value, numberToHex(validity, { size: 32 }));
  const changeOwner = preimage(1, "changeOwner", account(7).address);
  return {
    comment: "ERC-1056 signed changes; made by contracts/tools/vectors.mjs",
    registry: didRegistry,
    identity: owner.address,
    setAttribute: {
      nonce: 0,
      name: attribute,
      value,
      validity,
      digest: setAttribute,
      signature: await sign({ hash: setAttribute, privateKey, to: "hex" }),
    },
    changeOwner: {
      nonce: 1,
      newOwner: account(7).address,
      digest: changeOwner,
      signature: await sign({ hash: changeOwner, privateKey, to: "hex" }),
    },
  };
}

const files = {
  "operations.json": await operations(),
  "names.json": names(),
  "certificate-storage.json": storage(),
  "data-blocks.json": dataBlocks(),
  "identity.json": await identity(),
  "releases.json": await releases(),
  "changes.json": await changes(),
  "disclosures.json": await disclosures(),
};

const mode = process.argv[2];
if (mode === "write") mkdirSync(directory, { recursive: true });
for (const [file, content] of Object.entries(files)) {
  const path = join(directory, file);
  const text = `${JSON.stringify(content, null, 1)}\n`;
  if (mode === "write") {
    writeFileSync(path, text);
  } else if (mode === "check") {
    let committed = "";
    try {
      committed = readFileSync(path, "utf8");
    } catch {
      // A file that is not there is stale like one that differs.
    }
    if (committed !== text) {
      process.stderr.write(`crates/primitives/vectors/${file} is stale: run \`npm run vectors\` in contracts/\n`);
      process.exitCode = 1;
    }
  } else {
    process.stderr.write("usage: vectors.mjs write|check\n");
    process.exitCode = 1;
    break;
  }
}
