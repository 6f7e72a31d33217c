/** The file of a stapled certificate (docs/specs/stapled.md), read strictly where it is proven and by name where it is not. */
import { BUNDLE_VERSION, type ProofBundle } from '../light/bundle.js';
import { VerifyError } from '../light/error.js';
import { FormError, addressAt, hashAt, hexAt, membersAt, safeIntegerAt } from '../light/json.js';
import type { FinalityProof } from '../light/linking.js';
import { readAccountProof, readBundle, readFinalityProof } from '../light/reading.js';
import type { AccountProof } from '../light/state.js';
import { bytesOfBase64url, utf8Of } from '../encoding.js';
import { textAt } from '../data/statement.js';
import type { Hex } from '../hex.js';
import { StapleFailure, require } from './failure.js';

/** Version of the staple that is read. */
export const STAPLE_VERSION = 1;
/** Longest stapled file that is read, in bytes. */
export const MAX_STAPLED_BYTES = 2 * 1024 * 1024;

/** Slots of a contract in the state of a final block. */
export interface ProvenState {
  readonly finality: FinalityProof;
  readonly account: AccountProof;
}

export interface Staple {
  readonly status: ProvenState;
  readonly right: {
    readonly chain: { readonly chainId: number; readonly genesisHash: Hex };
    readonly period: number;
    readonly keyRecord: number;
    readonly state: ProvenState;
  };
}

/** What a holder signed when it showed the certificate. */
export interface Presentation {
  readonly certificateId: Hex;
  readonly document: Uint8Array;
  readonly presentedAt: number;
  readonly nonce: Hex;
  readonly signature: Hex;
}

export interface StapledFile {
  readonly certificateId: Hex;
  readonly organization: string;
  readonly organizationName?: string;
  readonly kind: string;
  readonly holder?: Hex;
  readonly sealed: string;
  readonly issuerKey?: Hex;
  readonly issuedAt?: string;
  readonly status?: string;
  readonly proof?: ProofBundle;
  readonly staple: Staple;
  readonly presentation?: Presentation;
  /** Members that no such file has: they may say anything. */
  readonly unknown: readonly string[];
}

const KNOWN = new Set([
  'certificateId', 'organization', 'organizationName', 'kind', 'holder', 'sealed', 'issuerKey', 'issuedAt', 'status', 'proof', 'staple', 'presentation',
]);
const STATUSES = new Set(['valid', 'suspended', 'revoked', 'renewed']);
const MAX_NAMED = 16;
const MAX_NAME_CHARS = 40;

/** Reads a file: its bytes, or its text. @throws StapleFailure with `staple-size`, `file-readable`, `staple-version`, `staple-present`, `proof-version` */
export function readStapled(file: Uint8Array | string): StapledFile {
  const bytes = typeof file === 'string' ? utf8Of(file) : file;
  require('staple-size', bytes.length <= MAX_STAPLED_BYTES, `it is longer than ${MAX_STAPLED_BYTES} bytes`);
  try {
    return stapledAt(parse(bytes));
  } catch (error) {
    // Members nested deeper than an engine follows are a RangeError of its own.
    if (error instanceof FormError || error instanceof VerifyError || error instanceof RangeError) {
      throw new StapleFailure('file-readable', error.message, { cause: error });
    }
    throw error;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown;
  } catch {
    throw new FormError('it is not JSON in UTF-8');
  }
}

function stapledAt(value: unknown): StapledFile {
  const members = membersAt(value, 'file');
  checkVersion(members.staple);
  const { organizationName, holder, issuerKey, issuedAt, status, proof, presentation } = members;
  const certificate = {
    certificateId: hashAt(members.certificateId, 'certificateId'),
    organization: textAt(members.organization, 'organization'),
    ...(isThere(organizationName) && { organizationName: textAt(organizationName, 'organizationName') }),
    kind: textAt(members.kind, 'kind'),
    ...(isThere(holder) && { holder: addressAt(holder, 'holder') }),
    sealed: textAt(members.sealed, 'sealed'),
    ...(isThere(issuerKey) && { issuerKey: addressAt(issuerKey, 'issuerKey') }),
    ...(isThere(issuedAt) && { issuedAt: textAt(issuedAt, 'issuedAt') }),
    ...(isThere(status) && { status: statusAt(status) }),
    ...(isThere(proof) && { proof: bundleAt(proof) }),
  };
  require('staple-present', isThere(members.staple), 'nothing is stapled to it');
  return {
    ...certificate,
    staple: stapleAt(members.staple),
    ...(isThere(presentation) && { presentation: presentationAt(presentation) }),
    unknown: Object.keys(members)
      .filter((name) => !KNOWN.has(name))
      .slice(0, MAX_NAMED)
      .map((name) => JSON.stringify(name).slice(1, -1).slice(0, MAX_NAME_CHARS)),
  };
}

/** The version decides how the rest is read, so it is looked at first. */
function checkVersion(staple: unknown): void {
  const version = isThere(staple) ? (staple as { version?: unknown }).version : undefined;
  const isOther = typeof version === 'number' && Number.isSafeInteger(version) && version >= 0 && version !== STAPLE_VERSION;
  require('staple-version', !isOther, `the staple is of another version than ${STAPLE_VERSION}`);
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function statusAt(value: unknown): string {
  const status = textAt(value, 'status');
  if (!STATUSES.has(status)) throw new FormError('status: it is none of a certificate');
  return status;
}

function bundleAt(value: unknown): ProofBundle {
  const { version } = membersAt(value, 'proof');
  require('proof-version', version === BUNDLE_VERSION, `the proof is of another version than ${BUNDLE_VERSION}`);
  return readBundle(utf8Of(JSON.stringify(value)));
}

function stapleAt(value: unknown): Staple {
  const members = membersAt(value, 'staple', ['version', 'status', 'right']);
  if (members.version !== STAPLE_VERSION) throw new FormError('staple.version: a version is expected');
  const right = membersAt(members.right, 'staple.right', ['chain', 'period', 'keyRecord', 'state']);
  const chain = membersAt(right.chain, 'staple.right.chain', ['chainId', 'genesisHash']);
  return {
    status: stateAt(members.status, 'staple.status'),
    right: {
      chain: {
        chainId: safeIntegerAt(chain.chainId, 'staple.right.chain.chainId'),
        genesisHash: hashAt(chain.genesisHash, 'staple.right.chain.genesisHash'),
      },
      period: safeIntegerAt(right.period, 'staple.right.period'),
      keyRecord: safeIntegerAt(right.keyRecord, 'staple.right.keyRecord'),
      state: stateAt(right.state, 'staple.right.state'),
    },
  };
}

function stateAt(value: unknown, at: string): ProvenState {
  const members = membersAt(value, at, ['finality', 'account']);
  return { finality: readFinalityProof(members.finality), account: readAccountProof(members.account) };
}

function presentationAt(value: unknown): Presentation {
  const members = membersAt(value, 'presentation', ['v', 'chain', 'certificateId', 'document', 'presentedAt', 'nonce', 'signature']);
  if (members.v !== 1) throw new FormError('presentation.v: this version is not known');
  textAt(members.chain, 'presentation.chain');
  const document = bytesOfBase64url(textAt(members.document, 'presentation.document'));
  if (!document) throw new FormError('presentation.document: base64url is expected');
  return {
    certificateId: hashAt(members.certificateId, 'presentation.certificateId'),
    document,
    presentedAt: safeIntegerAt(members.presentedAt, 'presentation.presentedAt'),
    nonce: hashAt(members.nonce, 'presentation.nonce'),
    signature: hexAt(members.signature, 'presentation.signature'),
  };
}
