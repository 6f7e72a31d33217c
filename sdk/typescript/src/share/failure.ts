/** Why a shared file is not given. Nothing of it was. */

/** What did not hold; the names follow `ReleaseError` in crates/sharing. */
export type ShareCheck =
  | 'answer-readable'
  | 'sealed-key-granted'
  | 'grant-final'
  | 'grant-in-force'
  | 'block-young'
  | 'state-proven'
  | 'version-published'
  | 'key-opens'
  | 'file-published'
  | 'file-opens';

/** Neither the owner's service nor a node is believed: what they say was refused. */
export class ShareFailure extends Error {
  override readonly name = 'ShareFailure';

  constructor(
    readonly check: ShareCheck,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${check}: ${detail}`, options);
  }
}
