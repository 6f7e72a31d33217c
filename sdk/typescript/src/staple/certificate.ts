/** The certificate and its status, as far as its side chain shows them: the checks of C-API-5 in their order (crates/certificates/src/verify.rs). */
import { verifyBundle, type VerifiedBundle } from '../light/bundle.js';
import { bytesOf, hexOf, keccak, wordOf } from '../light/bytes.js';
import type { AccountState } from '../light/state.js';
import type { TrustedChain } from '../light/trust.js';
import { utf8Of } from '../encoding.js';
import type { Hex } from '../hex.js';
import { StapleFailure, require } from './failure.js';
import type { StapledFile } from './file.js';
import { issuedCertificate, type Issue, type IssuedCertificate } from './issue.js';
import { CERTIFICATE_REGISTRY, digestOfIssue, signerOf } from './signing.js';
import { secondsOf } from './times.js';
import { after, hashOf, inMapping, wordHex } from './words.js';

export type CertificateStatus = 'valid' | 'suspended' | 'revoked' | 'renewed';

/** What the side chain shows. Times are Unix seconds. */
export interface VerifiedCertificate {
  readonly issue: Issue;
  readonly issuerKey: Hex;
  readonly txHash: Hex;
  readonly blockNumber: bigint;
  readonly issuedAt: number;
  readonly status: CertificateStatus;
  /** The block that the status was proven at, and its time. */
  readonly statusBlock: bigint;
  readonly statusAt: number;
}

const STATUSES: readonly (CertificateStatus | undefined)[] = [undefined, 'valid', 'suspended', 'revoked', 'renewed'];
/** RFC 5280, section 5.3.1: the reasons that the registry writes. */
const REASONS = new Set([0n, 1n, 3n, 4n, 5n, 6n, 9n]);
/** RFC 3339 with whole seconds and a zone: an engine's own reader takes more, and each engine something else. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.0+)?(Z|[+-]\d\d:\d\d)$/;
const SIGNATURE_BYTES = 65;
const CERTIFICATES_SLOT = wordOf(0n);

export function verifyCertificate(file: StapledFile, chain: TrustedChain): VerifiedCertificate {
  const { proof, staple, presentation } = file;
  require('one-status', proof?.state === undefined, 'the file proves a status beside the one that is stapled to it');
  if (!proof) throw new StapleFailure('proof-present', 'the file has no proof');
  const proven = verifyBundle(chain, { ...proof, state: staple.status });
  const issued = issuedBy(proven, file.certificateId);
  const issuedAt = secondsOf(proven.header);
  checkMembers(file, issued, issuedAt);
  checkSignature(issued, chain);
  const { issue } = issued;
  if (presentation) {
    require('document-unaltered', hexOf(keccak(presentation.document)) === issue.contentHash, 'the document is not the one that was issued');
  }
  if (!proven.state) throw new StapleFailure('status-readable', 'the staple proves no status');
  const status = statusOf(proven.state.account, issued, issuedAt, chain);
  require('status-matches', file.status === undefined || file.status === status, `the file says ${file.status ?? ''}, proven is ${status}`);
  return {
    issue,
    issuerKey: issued.issuer,
    txHash: proven.transaction.transaction.hash,
    blockNumber: proven.header.number,
    issuedAt,
    status,
    statusBlock: proven.state.header.number,
    statusAt: secondsOf(proven.state.header),
  };
}

/** The event of the registry's own address in the proven receipt: an event of another contract proves nothing. */
function issuedBy({ receipt: { receipt } }: VerifiedBundle, id: Hex): IssuedCertificate {
  require('transaction-succeeded', receipt.status === 'succeeded', 'the transaction failed');
  const found = receipt.logs
    .filter((log) => log.address === CERTIFICATE_REGISTRY)
    .map(issuedCertificate)
    .find((issued) => issued?.issue.certificateId === id);
  if (!found) throw new StapleFailure('certificate-issued', `the transaction did not issue certificate ${id}`);
  return found;
}

function checkMembers(file: StapledFile, { issue, issuer }: IssuedCertificate, issuedAt: number): void {
  require('organization-matches', file.organization === issue.organization, 'issued by another organization');
  require('kind-matches', file.kind === issue.kind, 'issued as another kind');
  require('holder-matches', file.holder === undefined || file.holder === issue.holder, 'issued to somebody else');
  require('issuer-key-matches', file.issuerKey === undefined || file.issuerKey === issuer, 'signed by another key');
  require(
    'issued-at-matches',
    file.issuedAt === undefined || (MOMENT.test(file.issuedAt) && Date.parse(file.issuedAt) === issuedAt * 1000),
    'the file says another time than its block',
  );
  const sealed = hexOf(keccak(utf8Of(file.sealed)));
  require('sealed-unaltered', sealed === issue.sealedHash, `the sealed document hashes to ${sealed}`);
}

/** What the registry has checked, checked again without trusting its code. What a contract has signed (ERC-1271) only the registry could check. */
function checkSignature({ issue, issuer, digest, signature }: IssuedCertificate, chain: TrustedChain): void {
  const expected = digestOfIssue(chain.chainId, issue);
  require('digest-matches', hexOf(expected) === digest, 'the digest that was recorded is another');
  const signer = signature.length === SIGNATURE_BYTES ? signerOf(expected, signature) : issuer;
  require('issuer-signature', signer === issuer, `recorded as signed by ${issuer}`);
}

function statusOf(account: AccountState, issued: IssuedCertificate, issuedAt: number, chain: TrustedChain): CertificateStatus {
  require('status-of-registry', account.address === CERTIFICATE_REGISTRY, `the status proof is of ${account.address}`);
  const first = inMapping(bytesOf(issued.issue.certificateId), CERTIFICATES_SLOT);
  const valueAt = (slot: bigint): bigint | undefined => account.storage.find((entry) => entry.slot === slot)?.value;
  const word = valueAt(after(first, 0n));
  const commitment = valueAt(after(first, 1n));
  if (word === undefined || commitment === undefined) {
    throw new StapleFailure('status-of-certificate', 'the status proof is of another certificate');
  }
  const digest = digestOfIssue(chain.chainId, issued.issue);
  const expected = hexOf(hashOf(digest, wordOf(BigInt(issued.issuer)), wordOf(BigInt(issuedAt))));
  require('commitment-matches', wordHex(commitment) === expected, 'the registry is committed to another issue');
  const status = STATUSES[Number(word & 0xffn)];
  if (status === undefined || !REASONS.has((word >> 8n) & 0xffn)) {
    throw new StapleFailure('status-readable', 'the registry knows no such certificate');
  }
  return status;
}
