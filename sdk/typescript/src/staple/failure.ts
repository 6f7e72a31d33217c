/** A stapled certificate was refused: the first check that failed, by name, and what it found. The names are those of crates/certificates. */
export class StapleFailure extends Error {
  override readonly name = 'StapleFailure';

  constructor(
    /** The name of the check (docs/specs/stapled.md), or the one that a `VerifyError` has for it. */
    readonly check: string,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${check}: ${detail}`, options);
  }
}

export function require(check: string, holds: boolean, detail: string): asserts holds {
  if (!holds) throw new StapleFailure(check, detail);
}
