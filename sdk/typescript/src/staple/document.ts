/** The document that a holder shows: what people read has to be what the chain has (STAPLE-11; crates/certificates/src/document.rs). */
import { addressAt, FormError, hashAt, membersAt, type Members } from '../light/json.js';
import { bytesOfBase64url } from '../encoding.js';
import { textAt } from '../data/statement.js';
import type { Hex } from '../hex.js';
import { StapleFailure, require } from './failure.js';
import type { Issue } from './issue.js';

/** Largest document in bytes. */
const MAX_DOCUMENT_BYTES = 40 * 1024;
const SALT_BYTES = 16;
const MEMBERS = ['format', 'id', 'issuer', 'holder', 'validFrom', 'validUntil', 'previous', 'subject', 'salt'] as const;
const CHECK = 'document-matches';

/** A document whose identifier, holder, organization and kind are those of the issue. Its validity is the issue's, whatever it says of it. */
export interface ShownDocument {
  /** `chancery/<kind>/1`. */
  readonly format: string;
  readonly id: Hex;
  readonly issuer: { readonly organization: string; readonly name: string };
  readonly holder: Hex;
  readonly previous?: Hex;
  readonly subject: Readonly<Record<string, unknown>>;
  readonly salt: string;
}

/** Reads the document and holds it against the issue. @throws StapleFailure with `document-matches` */
export function shownDocument(bytes: Uint8Array, issue: Issue): ShownDocument {
  const document = read(bytes);
  const same = (member: string, holds: boolean): void => require(CHECK, holds, `the document's ${member} is another than was issued`);
  same('id', document.id === issue.certificateId);
  same('holder', document.holder === issue.holder);
  same('issuer.organization', document.issuer.organization === issue.organization);
  same('format', document.format === `chancery/${issue.kind}/1`);
  return document;
}

function read(bytes: Uint8Array): ShownDocument {
  require(CHECK, bytes.length <= MAX_DOCUMENT_BYTES, `the document has more than ${MAX_DOCUMENT_BYTES} bytes`);
  try {
    return documentAt(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)));
  } catch (error) {
    if (error instanceof FormError) throw new StapleFailure(CHECK, error.message, { cause: error });
    if (error instanceof StapleFailure) throw error;
    throw new StapleFailure(CHECK, 'the document is not JSON in UTF-8', { cause: error });
  }
}

function documentAt(value: unknown): ShownDocument {
  const members = membersAt(value, 'document', MEMBERS);
  const issuer = membersAt(members.issuer, 'document.issuer', ['organization', 'name']);
  for (const name of ['validFrom', 'validUntil'] as const) if (isThere(members, name)) textAt(members[name], `document.${name}`);
  const salt = textAt(members.salt, 'document.salt');
  require(CHECK, (bytesOfBase64url(salt)?.length ?? 0) >= SALT_BYTES, `the document needs a salt of ${SALT_BYTES} random bytes`);
  return {
    format: textAt(members.format, 'document.format'),
    id: hashAt(members.id, 'document.id'),
    issuer: { organization: textAt(issuer.organization, 'document.issuer.organization'), name: textAt(issuer.name, 'document.issuer.name') },
    holder: addressAt(members.holder, 'document.holder'),
    ...(isThere(members, 'previous') && { previous: hashAt(members.previous, 'document.previous') }),
    subject: { ...membersAt(members.subject, 'document.subject') },
    salt,
  };
}

function isThere(members: Members, name: string): boolean {
  return members[name] !== undefined && members[name] !== null;
}
