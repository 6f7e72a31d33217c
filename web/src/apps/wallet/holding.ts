/** A certificate as its holder has it: opened on the device, and checked before it is believed. */
import { api } from '../../api/client';
import type { Certificate, SealedCertificate } from '../../api/types';
import { contentHash, parseDocument, type CertificateDocument } from '../../protocol/document';
import { sameHex } from '../../protocol/encoding';
import { sealedHash, unseal } from '../../protocol/sealing';
import { issuerAuthorized } from '../../protocol/issuer';
import type { OpenWallet } from './wallet';

export interface ReceiptCheck {
  name: 'sealed' | 'content' | 'holder' | 'issuer';
  passed: boolean;
}

export interface Holding {
  certificate: Certificate;
  sealed: SealedCertificate;
  document: CertificateDocument;
  bytes: Uint8Array;
  checks: ReceiptCheck[];
}

/**
 * Fetches, opens and checks a certificate (C-API-5).
 * @throws SealError if it is not sealed to this wallet; ProblemError and UnreachableError of the gateway
 */
export async function receive(wallet: OpenWallet, certificate: Certificate): Promise<Holding> {
  const sealed = await api.sealedCertificate(certificate);
  const [bytes, organization] = await Promise.all([
    unseal(sealed.sealed, wallet.keys),
    api.organization(certificate.organization),
  ]);
  const document = parseDocument(bytes);
  if (!document) throw new Error('the sealed content is no certificate document');
  const checks: ReceiptCheck[] = [
    { name: 'sealed', passed: sameHex(sealedHash(sealed.sealed), certificate.sealedHash) },
    { name: 'content', passed: sameHex(contentHash(bytes), certificate.contentHash) },
    { name: 'holder', passed: sameHex(document.holder, wallet.account.address) },
    {
      name: 'issuer',
      passed:
        document.issuer.organization === certificate.organization &&
        issuerAuthorized(organization, sealed.issuerKey, certificate.kind, sealed.issuedAt),
    },
  ];
  return { certificate, sealed, document, bytes, checks };
}

export function isGenuine(holding: Holding): boolean {
  return holding.checks.every((check) => check.passed);
}
