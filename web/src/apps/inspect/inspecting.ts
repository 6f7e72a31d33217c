/** From a code to a judgement: gather the facts, let the protocol judge, have it recorded. */
import { getAddress, type Hex } from 'viem';
import { api, ProblemError } from '../../api/client';
import { LocalError } from '../../api/explain';
import type { Certificate, Checked, Organization, Recorded, SealedCertificate } from '../../api/types';
import { kindOfFormat } from '../../protocol/document';
import { unixSeconds } from '../../protocol/encoding';
import { issuerAuthorized } from '../../protocol/issuer';
import { openPresentation, type Presentation, type PresentationCode } from '../../protocol/presentation';
import { digestOf, inspectTypedData, presentTypedData } from '../../protocol/typed-data';
import { judge, nothingKnown, refusedPresentation, type Judgement, type RegistryFact } from '../../protocol/verification';
import { domainOf, operationDeadline, type Account } from '../../session/account';
import type { City } from '../../session/use-city';

export interface Finding {
  judgement: Judgement;
  presentation?: Presentation;
  certificate?: Certificate;
  sealed?: SealedCertificate;
  organization?: Organization;
  at: Date;
}

/** Answers that say that something is not there; every other failure says nothing about it. */
function isAbsent(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 404;
}

export async function inspectCode(city: City, code: PresentationCode): Promise<Finding> {
  const at = new Date();
  let presentation: Presentation | undefined;
  try {
    const { ciphertext } = await api.presentation(code.id);
    presentation = await openPresentation(ciphertext, code.key);
  } catch (error) {
    return { judgement: isAbsent(error) ? refusedPresentation() : nothingKnown(), at };
  }
  if (!presentation || !city.chains.chains.some((chain) => chain.name === presentation.chain)) {
    return { judgement: refusedPresentation(), at };
  }
  const facts = await registryFacts(presentation.certificateId);
  const domain = domainOf(city.chains, presentation.chain);
  const judgement = await judge({ presentation, registry: facts.registry, domain, now: unixSeconds(at) });
  return { judgement, presentation, at, ...facts.found };
}

async function registryFacts(id: Hex): Promise<{
  registry: RegistryFact;
  found: Pick<Finding, 'certificate' | 'sealed' | 'organization'>;
}> {
  let certificate: Certificate;
  try {
    certificate = await api.certificate(id);
  } catch (error) {
    return { registry: { state: isAbsent(error) ? 'unknown' : 'unreachable' }, found: {} };
  }
  // Without these two, nobody can say whether the issuer had the right: not known is not the same as not authorized.
  const [sealed, organization] = await Promise.all([
    api.sealedCertificate(certificate).catch(() => undefined),
    api.organization(certificate.organization).catch(() => undefined),
  ]);
  const authorized =
    sealed && organization
      ? issuerAuthorized(organization, sealed.issuerKey, certificate.kind, sealed.issuedAt)
      : undefined;
  return {
    registry: {
      state: 'known',
      record: { ...certificate, ...(authorized !== undefined && { issuerAuthorized: authorized }) },
    },
    found: { certificate, ...(sealed && { sealed }), ...(organization && { organization }) },
  };
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
  const { judgement, presentation, certificate } = finding;
  const { document, contentHash } = judgement;
  if (!presentation || !document || !contentHash) throw new Error('there is nothing to record');
  const domain = domainOf(city.chains, presentation.chain);
  const { certificateId, presentedAt, nonce, signature } = presentation;
  const holder = getAddress(document.holder);
  const presentationHash = digestOf(
    presentTypedData(domain, { certificateId, holder, contentHash, presentedAt, nonce }),
  );
  const question = {
    address: holder,
    organization: document.issuer.organization,
    certificateId,
    kind: certificate?.kind ?? kindOfFormat(document.format) ?? presentation.chain,
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
