/** The proof that a gateway gives of a kind of a holder, and what the genesis has there; read strictly. */
import { VerifyError } from '../light/error.js';
import type { ReceiptInclusion } from '../light/inclusion.js';
import { bytesAt, FormError, hashAt, membersAt, safeIntegerAt } from '../light/json.js';
import type { FinalityProof } from '../light/linking.js';
import { readAccountProof, readFinalityProof, readReceiptInclusion } from '../light/reading.js';
import type { AccountProof } from '../light/state.js';
import type { Hex } from '../hex.js';
import { StapleFailure, require } from './failure.js';
import type { ProvenState } from './file.js';

/** Version of the proof that is read. */
export const SHOWN_PROOF_VERSION = 1;

export interface ChainId {
  readonly chainId: number;
  readonly genesisHash: Hex;
}

export interface ShownProof {
  readonly chain: ChainId;
  readonly follows: ChainId;
  readonly finality: FinalityProof;
  readonly receipt: ReceiptInclusion;
  readonly consent: ProvenState;
  readonly anchor: ProvenState;
}

/** The two contracts in the state of the genesis, whose header has the hash that is trusted. */
export interface GenesisCodes {
  readonly header: Uint8Array;
  readonly anchor: AccountProof;
  readonly held: AccountProof;
}

/** That the genesis has a factory, and what that says now that it has made. */
export interface FactoryProof {
  readonly header: Uint8Array;
  readonly founded: AccountProof;
  readonly made: ProvenState;
}

/** @throws StapleFailure with `proof-present`, `shown-version` */
export function readShownProof(value: unknown): ShownProof {
  require('proof-present', isThere(value), 'the gateway gives no proof of it');
  return reading('proof-present', () => {
    const members = membersAt(value, 'proof', ['version', 'chain', 'follows', 'finality', 'receipt', 'consent', 'anchor']);
    const version = safeIntegerAt(members.version, 'proof.version');
    require('shown-version', version === SHOWN_PROOF_VERSION, `the proof is of version ${version}, this program reads ${SHOWN_PROOF_VERSION}`);
    return {
      chain: chainAt(members.chain, 'proof.chain'),
      follows: chainAt(members.follows, 'proof.follows'),
      finality: readFinalityProof(members.finality),
      receipt: readReceiptInclusion(members.receipt),
      consent: stateAt(members.consent, 'proof.consent'),
      anchor: stateAt(members.anchor, 'proof.anchor'),
    };
  });
}

/** `undefined` where there is none: a gateway of an earlier version. @throws StapleFailure with `shown-by` */
export function readGenesisCodes(value: unknown): GenesisCodes | undefined {
  if (!isThere(value)) return undefined;
  return reading('shown-by', () => {
    const members = membersAt(value, 'genesis', ['header', 'anchor', 'held']);
    return {
      header: bytesAt(members.header, 'genesis.header'),
      anchor: readAccountProof(members.anchor),
      held: readAccountProof(members.held),
    };
  });
}

/** `undefined` where there is none. @throws StapleFailure with `shown-by` */
export function readFactoryProof(value: unknown): FactoryProof | undefined {
  if (!isThere(value)) return undefined;
  return reading('shown-by', () => {
    const members = membersAt(value, 'factory', ['header', 'founded', 'made']);
    return {
      header: bytesAt(members.header, 'factory.header'),
      founded: readAccountProof(members.founded),
      made: stateAt(members.made, 'factory.made'),
    };
  });
}

/** `undefined` where there is none. @throws StapleFailure with `shown-period` */
export function readPeriod(value: unknown): ProvenState | undefined {
  return isThere(value) ? reading('shown-period', () => stateAt(value, 'period')) : undefined;
}

function reading<Value>(check: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormError || error instanceof VerifyError) throw new StapleFailure(check, error.message, { cause: error });
    throw error;
  }
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function chainAt(value: unknown, at: string): ChainId {
  const members = membersAt(value, at, ['chainId', 'genesisHash']);
  return { chainId: safeIntegerAt(members.chainId, `${at}.chainId`), genesisHash: hashAt(members.genesisHash, `${at}.genesisHash`) };
}

function stateAt(value: unknown, at: string): ProvenState {
  const members = membersAt(value, at, ['finality', 'account']);
  return { finality: readFinalityProof(members.finality), account: readAccountProof(members.account) };
}
