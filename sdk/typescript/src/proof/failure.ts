/**
 * The checks of an operation's proof in their order (docs/specs/data.md, "The proof"); those of finality and inclusion have the names of `VerifyError`
 * when they fail.
 */
export const PROOF_CHECKS = [
  'file-readable',
  'operation-in-submission',
  'source-key',
  'source-signature',
  'submission-in-block',
  'block-final',
  'transaction-included',
  'root-recorded',
  'chain-matches',
] as const;
export type ProofCheck = (typeof PROOF_CHECKS)[number];

/** A proof was refused: the first check that failed, by name, and what it found. The operation is not shown to be what the file says. */
export class ProofFailure extends Error {
  override readonly name = 'ProofFailure';

  constructor(
    /** One of {@link PROOF_CHECKS}, or the name that a `VerifyError` has for it. */
    readonly check: string,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${check}: ${detail}`, options);
  }
}
