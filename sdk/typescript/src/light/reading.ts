/** Reads the JSON of proofs: bundle files, answers of `chancery_getFinality` and of `eth_getProof`. */
import { VerifyError } from './error.js';
import { BLS_PUBLIC_KEY_BYTES } from './bls.js';
import { bytesOf } from './bytes.js';
import { BUNDLE_VERSION, type ProofBundle, type StateProof } from './bundle.js';
import type { Handover } from './handover.js';
import type { ReceiptInclusion, TransactionInclusion } from './inclusion.js';
import {
  addressAt,
  bytesAt,
  bytesListAt,
  FormError,
  hashAt,
  hexAt,
  listAt,
  membersAt,
  quantityAt,
  safeIntegerAt,
} from './json.js';
import type { FinalityProof } from './linking.js';
import type { AccountProof, StorageProof } from './state.js';

/** Longest bundle read, in bytes of JSON. */
export const MAX_BUNDLE_BYTES = 8 * 1024 * 1024;

const BUNDLE_MEMBERS = ['version', 'chain', 'finality', 'transaction', 'receipt', 'state'];

/** Reads a bundle file; throws `BundleMalformed`, which says what is wrong and where. */
export function readBundle(json: Uint8Array): ProofBundle {
  if (json.length > MAX_BUNDLE_BYTES) throw malformed(`it is longer than ${MAX_BUNDLE_BYTES} bytes`);
  return reading(() => bundleOf(parse(json)));
}

/** Reads the answer of `chancery_getFinality`; throws `BundleMalformed`. */
export function readFinalityProof(value: unknown): FinalityProof {
  return reading(() => finalityAt(value, 'finality'));
}

/** Reads a receipt with its place, as a bundle has it; throws `BundleMalformed`. */
export function readReceiptInclusion(value: unknown): ReceiptInclusion {
  return reading(() => receiptAt(value, 'receipt'));
}

/** Reads the answer of `eth_getProof`; throws `BundleMalformed`. */
export function readAccountProof(value: unknown): AccountProof {
  return reading(() => accountAt(value, 'account'));
}

function parse(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json)) as unknown;
  } catch {
    // What the engine says differs between browsers, and it may repeat the file.
    throw new FormError('it is not JSON in UTF-8');
  }
}

function reading<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormError) throw malformed(error.message);
    throw error;
  }
}

function bundleOf(value: unknown): ProofBundle {
  const members = membersAt(value, 'bundle', BUNDLE_MEMBERS);
  const version = safeIntegerAt(members.version, 'version');
  if (version !== BUNDLE_VERSION) {
    throw new FormError(`it is of version ${version}, this program reads ${BUNDLE_VERSION}`);
  }
  const chain = membersAt(members.chain, 'chain', ['chainId', 'genesisHash']);
  return {
    chain: {
      chainId: safeIntegerAt(chain.chainId, 'chain.chainId'),
      genesisHash: hashAt(chain.genesisHash, 'chain.genesisHash'),
    },
    finality: finalityAt(members.finality, 'finality'),
    transaction: transactionAt(members.transaction, 'transaction'),
    receipt: receiptAt(members.receipt, 'receipt'),
    ...(isAbsent(members.state) ? {} : { state: stateAt(members.state, 'state') }),
  };
}

function finalityAt(value: unknown, at: string): FinalityProof {
  const members = membersAt(value, at, ['header', 'certificate', 'descendants', 'handovers']);
  const { descendants, handovers } = members;
  return {
    header: bytesAt(members.header, `${at}.header`),
    certificate: bytesAt(members.certificate, `${at}.certificate`),
    descendants: descendants === undefined ? [] : bytesListAt(descendants, `${at}.descendants`),
    handovers: handovers === undefined ? [] : listAt(handovers, `${at}.handovers`, handoverAt),
  };
}

function handoverAt(value: unknown, at: string): Handover {
  const members = membersAt(value, at, ['header', 'certificate', 'registry', 'validators']);
  const key = (item: unknown, place: string): Uint8Array => bytesOf(hexAt(item, place, BLS_PUBLIC_KEY_BYTES));
  return {
    header: bytesAt(members.header, `${at}.header`),
    certificate: bytesAt(members.certificate, `${at}.certificate`),
    registry: accountAt(members.registry, `${at}.registry`),
    validators: listAt(members.validators, `${at}.validators`, key),
  };
}

function transactionAt(value: unknown, at: string): TransactionInclusion {
  const members = membersAt(value, at, ['index', 'transaction', 'proof']);
  return {
    index: safeIntegerAt(members.index, `${at}.index`),
    transaction: bytesAt(members.transaction, `${at}.transaction`),
    proof: bytesListAt(members.proof, `${at}.proof`),
  };
}

function receiptAt(value: unknown, at: string): ReceiptInclusion {
  const members = membersAt(value, at, ['index', 'receipt', 'proof']);
  return {
    index: safeIntegerAt(members.index, `${at}.index`),
    receipt: bytesAt(members.receipt, `${at}.receipt`),
    proof: bytesListAt(members.proof, `${at}.proof`),
  };
}

function stateAt(value: unknown, at: string): StateProof {
  const members = membersAt(value, at, ['finality', 'account']);
  return {
    ...(isAbsent(members.finality) ? {} : { finality: finalityAt(members.finality, `${at}.finality`) }),
    account: accountAt(members.account, `${at}.account`),
  };
}

/** Nodes of other makers add members to the result of `eth_getProof`; those are not looked at. */
function accountAt(value: unknown, at: string): AccountProof {
  const members = membersAt(value, at);
  const { storageProof } = members;
  return {
    address: addressAt(members.address, `${at}.address`),
    balance: quantityAt(members.balance, `${at}.balance`, 256),
    codeHash: hashAt(members.codeHash, `${at}.codeHash`),
    nonce: quantityAt(members.nonce, `${at}.nonce`, 64),
    storageHash: hashAt(members.storageHash, `${at}.storageHash`),
    accountProof: bytesListAt(members.accountProof, `${at}.accountProof`),
    storageProof: storageProof === undefined ? [] : listAt(storageProof, `${at}.storageProof`, slotAt),
  };
}

function slotAt(value: unknown, at: string): StorageProof {
  const members = membersAt(value, at);
  return {
    key: quantityAt(members.key, `${at}.key`, 256),
    value: quantityAt(members.value, `${at}.value`, 256),
    proof: bytesListAt(members.proof, `${at}.proof`),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function malformed(reason: string): VerifyError {
  return new VerifyError('BundleMalformed', { reason });
}
