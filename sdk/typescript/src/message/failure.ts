/** Why a message is not sealed, not opened or not believed. Nothing of it was written or signed. */

/** What did not hold; those of keys follow `LookupError` in crates/messages, the rest `EnvelopeError` and `StatementError`. */
export type MessageCheck =
  | 'answer-readable'
  | 'statement-readable'
  | 'statement-signed'
  | 'genesis-named'
  | 'city-own'
  | 'acknowledgement-of-message'
  | 'envelope-of-deposit'
  | 'envelope-readable'
  | 'envelope-kept'
  | 'key-opens'
  | 'content-unaltered'
  | 'content-readable'
  | 'key-strong'
  | 'block-young'
  | 'state-proven'
  | 'key-of-organization'
  | 'receiver-named'
  | 'key-published';

/** Neither the gateway nor a node is believed: what they show was refused. */
export class MessageFailure extends Error {
  override readonly name = 'MessageFailure';

  constructor(
    readonly check: MessageCheck,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${check}: ${detail}`, options);
  }
}
