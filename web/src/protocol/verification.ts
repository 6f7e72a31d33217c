/**
 * What an inspector's page finds out for itself, before it asks anybody to agree. Pure: facts come in, a judgement goes out.
 *
 * An outage never becomes a verdict: facts that could not be had give `cannot-determine`, not `refused`.
 */
import { recoverTypedDataAddress, type Address, type Hex } from 'viem';
import { bytesFromBase64url, sameHex } from './encoding';
import { contentHash, kindOfFormat, parseDocument, type CertificateDocument } from './document';
import { MAX_CLOCK_SKEW_SECONDS, MAX_PRESENTATION_AGE_SECONDS, type Presentation } from './presentation';
import { presentTypedData, type Outcome, type SigningDomain } from './typed-data';

/**
 * The names of the checks, in the order in which they are made; those that the gateway makes too have its names.
 * The first that fails is the one that is named.
 */
export const CHECKS = [
  'presentation-opened',
  'document-readable',
  'certificate-known',
  'content-unaltered',
  'holder-matches',
  // The holder signs the hash of the document, so an altered document fails here too: its own check comes first.
  'presented-by-holder',
  'presentation-fresh',
  'organization-matches',
  'issuer-authorized',
  'validity-begun',
  'status-read',
] as const;
export type CheckName = (typeof CHECKS)[number];

export interface Check {
  name: CheckName;
  /** `unknown`: could not be made, for example because a chain did not answer. */
  result: 'passed' | 'failed' | 'unknown';
}

export interface Judgement {
  outcome: Outcome;
  checks: Check[];
  /** The check that made it `refused`. */
  failed?: CheckName;
  document?: CertificateDocument;
  contentHash?: Hex;
}

/** What the registry of the certificate's chain says. */
export interface RegistryRecord {
  certificateId: string;
  kind: string;
  holder: string;
  organization: string;
  contentHash: string;
  /** RFC 3339. */
  validFrom: string;
  /** Of its status and its time. */
  outcome: Outcome;
  /** Whether the key that issued it had the right to the kind then; absent when nobody could say. */
  issuerAuthorized?: boolean;
}

export type RegistryFact =
  | { state: 'known'; record: RegistryRecord }
  | { state: 'unknown' }
  | { state: 'unreachable' };

export interface Facts {
  presentation: Presentation;
  registry: RegistryFact;
  domain: SigningDomain;
  /** Unix seconds, the inspector's clock. */
  now: number;
}

/**
 * Makes every check and draws the conclusion (INSPECTION-1 to 3): one that failed makes `refused`, whatever else could not be
 * found out; otherwise one that could not be made makes `cannot-determine`; only when all have passed does the status decide.
 */
export async function judge(facts: Facts): Promise<Judgement> {
  const { presentation, registry } = facts;
  const results = new Map<CheckName, Check['result']>([['presentation-opened', 'passed']]);
  const made = (name: CheckName, holds: boolean | undefined): void => {
    results.set(name, holds === undefined ? 'unknown' : holds ? 'passed' : 'failed');
  };

  const bytes = bytesOf(presentation);
  const document = bytes && parseDocument(bytes);
  if (!document || !sameHex(document.id, presentation.certificateId)) {
    made('document-readable', false);
    return conclude(results, undefined, {});
  }
  made('document-readable', true);
  const hash = contentHash(bytes);
  const signer = await signerOf(facts, document.holder, hash);
  const age = facts.now - presentation.presentedAt;
  made('presented-by-holder', signer !== undefined && sameHex(signer, document.holder));
  made('presentation-fresh', age <= MAX_PRESENTATION_AGE_SECONDS && age >= -MAX_CLOCK_SKEW_SECONDS);

  made('certificate-known', registry.state === 'unreachable' ? undefined : registry.state === 'known');
  if (registry.state === 'known') {
    const { record } = registry;
    made('content-unaltered', sameHex(record.contentHash, hash));
    made('holder-matches', sameHex(record.holder, document.holder));
    made(
      'organization-matches',
      record.organization === document.issuer.organization && kindOfFormat(document.format) === record.kind,
    );
    made('issuer-authorized', record.issuerAuthorized);
    made('validity-begun', Date.parse(record.validFrom) <= facts.now * 1000);
    made('status-read', record.outcome === 'cannot-determine' ? undefined : true);
  }
  return conclude(results, registry.state === 'known' ? registry.record : undefined, { document, contentHash: hash });
}

function conclude(
  results: Map<CheckName, Check['result']>,
  record: RegistryRecord | undefined,
  shown: Pick<Judgement, 'document' | 'contentHash'>,
): Judgement {
  const checks = CHECKS.map((name) => ({ name, result: results.get(name) ?? 'unknown' }) satisfies Check);
  const failed = checks.find((check) => check.result === 'failed')?.name;
  if (failed !== undefined) return { outcome: 'refused', failed, checks, ...shown };
  const undetermined = record === undefined || checks.some((check) => check.result === 'unknown');
  return { outcome: undetermined ? 'cannot-determine' : record.outcome, checks, ...shown };
}

/** A presentation that could not be had or opened at all. */
export function refusedPresentation(): Judgement {
  return conclude(new Map([['presentation-opened', 'failed']]), undefined, {});
}

/** Nothing could be asked: the gateway itself did not answer. */
export function nothingKnown(): Judgement {
  return conclude(new Map(), undefined, {});
}

function bytesOf(presentation: Presentation): Uint8Array | undefined {
  try {
    return bytesFromBase64url(presentation.document);
  } catch {
    return undefined;
  }
}

async function signerOf(facts: Facts, holder: Address, hash: Hex): Promise<Address | undefined> {
  const { certificateId, presentedAt, nonce, signature } = facts.presentation;
  const typed = presentTypedData(facts.domain, { certificateId, holder, contentHash: hash, presentedAt, nonce });
  try {
    return await recoverTypedDataAddress({ ...typed, signature });
  } catch {
    return undefined;
  }
}
