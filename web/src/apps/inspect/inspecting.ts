/** From a code to a judgement: gather the facts, have the chains prove them, let the protocol judge, have it recorded. */
import { getAddress, type Hex } from 'viem';
import { api, ProblemError } from '../../api/client';
import { LocalError } from '../../api/explain';
import type { Checked, Recorded } from '../../api/types';
import { prove, type Proof, type Word } from '../../offline/proving';
import { kindOfFormat } from '../../protocol/document';
import { unixSeconds } from '../../protocol/encoding';
import { issuerAuthorized } from '../../protocol/issuer';
import { openPresentation, type Presentation, type PresentationCode } from '../../protocol/presentation';
import { CERTIFICATE_REGISTRY, digestOf, inspectTypedData, presentTypedData, type SigningDomain } from '../../protocol/typed-data';
import { judge, nothingKnown, refusedPresentation, type Judgement, type RegistryFact } from '../../protocol/verification';
import { domainOf, operationDeadline, type Account } from '../../session/account';
import type { City } from '../../session/use-city';
import type { ProvenStanding } from '../../staple';

export interface Finding {
  judgement: Judgement;
  presentation?: Presentation;
  /** What the chains prove of the certificate; absent where there is nothing to ask about. */
  proof?: Proof;
  /** Of the certificate's chain: what its holder has signed for. */
  domain?: SigningDomain;
  /** Openings of the code before this one. */
  openings?: { readonly before: number; readonly lastAt?: string };
  /** The code was for one check, and was opened then. RFC 3339. */
  spentAt?: string;
  at: Date;
}

/** The last second of year 9999: later ones have no date that people write. */
const LAST_SECOND = 253_402_300_799;

/** Answers that say that something is not there; every other failure says nothing about it. */
function isAbsent(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 404;
}

interface Opened {
  readonly presentation: Presentation | undefined;
  readonly openings: NonNullable<Finding['openings']>;
}

/** What the last code opened, as long as it is looked at: one that is for one check is not asked for again. */
let opened: { readonly key: string; readonly content: Promise<Opened> } | undefined;

function open({ id, key }: PresentationCode): Promise<Opened> {
  if (opened?.key !== key) {
    const content = fetchOpened(id, key);
    const own = { key, content };
    opened = own;
    content.catch(() => {
      if (opened === own) opened = undefined;
    });
  }
  return opened.content;
}

async function fetchOpened(id: string, key: string): Promise<Opened> {
  const { ciphertext, openedBefore = 0, lastOpenedAt } = await api.presentation(id);
  const openings = { before: openedBefore, ...(lastOpenedAt !== undefined && { lastAt: lastOpenedAt }) };
  return { presentation: await openPresentation(ciphertext, key), openings };
}

/** Nothing of what a code opened is kept when the next one is scanned. */
export function forgetOpened(): void {
  opened = undefined;
}

/** When a code that is for one check was opened, where that is why it does not open. */
function spentAtOf(error: unknown): string | undefined {
  const at = error instanceof ProblemError ? error.problem.openedAt : undefined;
  return typeof at === 'string' ? at : undefined;
}

export async function inspectCode(city: City, code: PresentationCode): Promise<Finding> {
  const at = new Date();
  let content: Opened;
  try {
    content = await open(code);
  } catch (error) {
    const spentAt = spentAtOf(error);
    return { judgement: isAbsent(error) ? refusedPresentation() : nothingKnown(), at, ...(spentAt !== undefined && { spentAt }) };
  }
  const { presentation, openings } = content;
  if (!presentation || !city.chains.chains.some((chain) => chain.name === presentation.chain)) {
    return { judgement: refusedPresentation(), at, openings };
  }
  const word = wordOf(presentation.certificateId);
  const proof = await prove(city, presentation.certificateId, word);
  // What is proven says which chain it is of; without a proof there is the gateway's word alone, and it decides nothing but refusals.
  const domain =
    proof.state === 'proven'
      ? { chainId: proof.standing.chainId, verifyingContract: CERTIFICATE_REGISTRY }
      : domainOf(city.chains, presentation.chain);
  const judgement = await judge({ presentation, registry: registryFact(proof, await word), domain, now: unixSeconds(at) });
  return { judgement, presentation, proof, domain, openings, at };
}

/** Never fails: what the gateway does not say is its silence. */
function wordOf(id: Hex): Promise<Word> {
  return api.certificate(id).catch((error: unknown) => (isAbsent(error) ? 'absent' : 'silent'));
}

/** What the registry has, as the chains prove it. That it has nothing no chain proves here: there the gateway's word stands, and is shown as that. */
function registryFact(proof: Proof, word: Word): RegistryFact {
  if (proof.state === 'proven') return { state: 'known', record: recordOf(proof.standing) };
  return { state: word === 'absent' && proof.state === 'unproven' && proof.group === 'absent' ? 'unknown' : 'unreachable' };
}

function recordOf({ outcome, certificate: { issue } }: ProvenStanding): Extract<RegistryFact, { state: 'known' }>['record'] {
  const { certificateId, kind, holder, organization, contentHash } = issue;
  const validFrom = new Date(Math.min(Number(issue.validFrom), LAST_SECOND) * 1000).toISOString();
  // Its issuer's right is proven by the same proof, or there would be none.
  return { certificateId, kind, holder, organization, contentHash, validFrom, outcome, issuerAuthorized: true };
}

/** The gateway finds something else than this page did. */
export class Disagreement extends Error {
  constructor(readonly checked: Checked) {
    super(`the gateway finds ${checked.outcome}`);
    this.name = 'Disagreement';
  }
}

/** The organization under which this key may record inspections at present. */
async function organizationOfInspector(account: Account): Promise<string> {
  const organizations = await api.organizations();
  const now = new Date().toISOString();
  const found = organizations.find((one) => issuerAuthorized(one, account.address, 'inspection', now));
  if (!found) throw new LocalError('inspect.noRole.title');
  return found.code;
}

/**
 * Records the inspection with the inspector's signature (C-API-3).
 * @throws Disagreement when the gateway's own checks find another outcome; nothing is recorded then
 */
export async function recordInspection(city: City, account: Account, finding: Finding): Promise<Recorded & Checked> {
  const { judgement, presentation, proof } = finding;
  const { document, contentHash } = judgement;
  if (!presentation || !document || !contentHash) throw new Error('there is nothing to record');
  const domain = finding.domain ?? domainOf(city.chains, presentation.chain);
  const { certificateId, presentedAt, nonce, signature } = presentation;
  const holder = getAddress(document.holder);
  const presentationHash = digestOf(
    presentTypedData(domain, { certificateId, holder, contentHash, presentedAt, nonce }),
  );
  const question = {
    address: holder,
    organization: document.issuer.organization,
    certificateId,
    kind: (proof?.state === 'proven' ? proof.standing.certificate.issue.kind : kindOfFormat(document.format)) ?? presentation.chain,
    contentHash,
    presentation: { presentedAt, nonce, signature },
    presentationHash,
  };
  const inspectingOrganization = await organizationOfInspector(account);
  const checked = await account.run((session) => api.check(session, question));
  if (checked.outcome !== judgement.outcome) throw new Disagreement(checked);
  const deadline = operationDeadline();
  const signed = await account.signer.signTypedData(
    inspectTypedData(domain, {
      certificateId,
      holder,
      organization: inspectingOrganization,
      presentationHash,
      outcome: judgement.outcome,
      deadline,
    }),
  );
  return account.run((session) =>
    api.inspect(session, { ...question, inspectingOrganization, outcome: judgement.outcome, deadline, signature: signed }),
  );
}
