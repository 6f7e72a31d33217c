/** Making a certificate: document, seal, signature, submission (C-API-2). */
import type { Address, Hex } from 'viem';
import { getAddress } from 'viem';
import { api, rfc3339 } from '../../api/client';
import type { Issued } from '../../api/types';
import { buildDocument, contentHash, newCertificateId } from '../../protocol/document';
import { unixSeconds } from '../../protocol/encoding';
import { seal, sealedHash } from '../../protocol/sealing';
import { issueTypedData } from '../../protocol/typed-data';
import { domainOf, operationDeadline } from '../../session/account';
import type { Desk } from './desk';

export interface NewCertificate {
  kind: string;
  holder: string;
  subject: Record<string, unknown>;
  validFrom: Date;
  /** Absent: without end. */
  validUntil?: Date;
  /** The certificate that this one renews. */
  previous?: Hex;
  /** The application that this one answers. */
  application?: string;
}

/**
 * Issues to a confirmed person. The document leaves this page only sealed to the holder's key.
 * @throws ProblemError `unknown-address` when the holder is not confirmed, and whatever the gateway refuses
 */
export async function issueCertificate(desk: Desk, input: NewCertificate): Promise<Issued> {
  const { account, city, organization } = desk;
  if (!organization) throw new Error('this key belongs to no organization');
  const kind = city.kinds.find((one) => one.kind === input.kind);
  if (!kind) throw new Error(`the city has no kind '${input.kind}'`);
  const holder: Address = getAddress(input.holder);
  const { encryptionKey } = await api.publicKey(holder);

  const certificateId = newCertificateId();
  const { bytes } = buildDocument({
    kind: input.kind,
    id: certificateId,
    issuer: { organization: organization.code, name: organization.name },
    holder,
    validFrom: rfc3339(input.validFrom),
    ...(input.validUntil && { validUntil: rfc3339(input.validUntil) }),
    ...(input.previous && { previous: input.previous }),
    subject: input.subject,
  });
  const sealed = await seal(bytes, encryptionKey.jwk);
  const operation = {
    certificateId,
    kind: input.kind,
    organization: organization.code,
    holder,
    contentHash: contentHash(bytes),
    validFrom: unixSeconds(input.validFrom),
    validUntil: input.validUntil ? unixSeconds(input.validUntil) : 0,
    ...(input.previous && { previous: input.previous }),
    deadline: operationDeadline(),
  };
  const signature = await account.signer.signTypedData(
    issueTypedData(domainOf(city.chains, kind.chain), { ...operation, sealedHash: sealedHash(sealed) }),
  );
  return account.run((session) =>
    api.issue(session, {
      ...operation,
      sealed,
      signature,
      ...(input.application !== undefined && { application: input.application }),
    }),
  );
}
