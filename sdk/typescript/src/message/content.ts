/** What is inside: a subject, a media type and bytes. Nobody but sender and receiver sees any of it. */
import { base64urlOf, bytesOfBase64url, utf8Of } from '../encoding.js';
import { InputError } from '../errors.js';
import { FormError, membersAt } from '../light/json.js';
import { textAt } from '../data/statement.js';
import { MessageFailure } from './failure.js';
import { MAX_CONTENT_BYTES, MAX_SUBJECT_BYTES, MAX_TYPE_BYTES } from './limits.js';

export interface Content {
  /** At most 256 bytes of UTF-8. */
  readonly subject: string;
  /** Of the bytes; at most 127 bytes. */
  readonly mediaType: string;
  /** At most 384 KiB. */
  readonly bytes: Uint8Array;
}

/** As it is sealed. @throws InputError for what is too large */
export function plainOf(content: Content): Uint8Array {
  const fault = faultOf(content);
  if (fault !== undefined) throw new InputError(`${fault}: send less, or share a file`);
  const { subject, mediaType, bytes } = content;
  return utf8Of(JSON.stringify({ subject, mediaType, content: base64urlOf(bytes) }));
}

/** @throws MessageFailure with `content-readable` */
export function contentOf(plain: Uint8Array): Content {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
    const members = membersAt(JSON.parse(text), 'content', ['subject', 'mediaType', 'content']);
    const bytes = bytesOfBase64url(textAt(members.content, 'content'));
    if (bytes === undefined) throw new FormError('the sealed content is not base64url');
    const content = { subject: textAt(members.subject, 'subject'), mediaType: textAt(members.mediaType, 'mediaType'), bytes };
    const fault = faultOf(content);
    if (fault !== undefined) throw new FormError(fault);
    return content;
  } catch (cause) {
    if (cause instanceof FormError || cause instanceof SyntaxError || cause instanceof TypeError) {
      // What stands there is the sender's secret: no error repeats it.
      throw new MessageFailure('content-readable', 'what the sender has sealed is no content of a message');
    }
    throw cause;
  }
}

function faultOf({ subject, mediaType, bytes }: Content): string | undefined {
  const measured: [string, number, number][] = [
    ['subject', utf8Of(subject).length, MAX_SUBJECT_BYTES],
    ['media type', utf8Of(mediaType).length, MAX_TYPE_BYTES],
    ['content', bytes.length, MAX_CONTENT_BYTES],
  ];
  const tooLarge = measured.find(([, length, limit]) => length > limit);
  return tooLarge && `the ${tooLarge[0]} is longer than ${tooLarge[2]} bytes`;
}
