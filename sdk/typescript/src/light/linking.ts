/** A block's evidence: its header, the headers that link it to the one that was certified, and what ties both together. */
import type { Hex } from '../hex.js';
import type { FinalityCertificate } from './certificate.js';
import { VerifyError } from './error.js';
import type { ConsensusContext } from './extra-data.js';
import type { Handover } from './handover.js';
import { contextOf, decodeHeader, FinalHeader, type ParsedHeader } from './header.js';

/** Most headers that may lie between a block and the descendant whose certificate finalised it. */
export const MAX_LINKING_HEADERS = 1024;

/** The evidence that a block is final; `chancery_getFinality` gives it, see `readFinalityProof`. */
export interface FinalityProof {
  /** RLP of the block's header. */
  readonly header: Uint8Array;
  /** Encoded certificate of the block, or of the last linking header. */
  readonly certificate: Uint8Array;
  /** RLP of the linking headers, ascending; empty if the certificate is the block's own. */
  readonly descendants: readonly Uint8Array[];
  /** The changes of the validator set between the set that is trusted and that of the certificate's epoch, oldest first. */
  readonly handovers: readonly Handover[];
}

/** A header with the headers that link it to the one that was certified. */
export class LinkedHeaders {
  readonly #first: ParsedHeader;
  readonly #firstContext: ConsensusContext;
  readonly #lastHash: Hex;
  readonly #lastContext: ConsensusContext;

  /**
   * Decodes the headers and checks that each follows the one before it (FINALITY-6). Throws `TooManyHeaders`,
   * `HeaderMalformed`, `HeaderLinkBroken`.
   */
  constructor(proof: FinalityProof) {
    const found = proof.descendants.length;
    if (found > MAX_LINKING_HEADERS) throw new VerifyError('TooManyHeaders', { found, limit: MAX_LINKING_HEADERS });
    this.#first = decodeHeader(proof.header);
    this.#firstContext = contextOf(this.#first);
    let last = this.#first;
    let lastContext = this.#firstContext;
    proof.descendants.forEach((rlp, position) => {
      const next = decodeHeader(rlp);
      if (next.parentHash !== last.hash || next.number !== last.number + 1n) {
        throw new VerifyError('HeaderLinkBroken', { position });
      }
      lastContext = contextOf(next);
      last = next;
    });
    this.#lastHash = last.hash;
    this.#lastContext = lastContext;
  }

  /**
   * Checks that the certificate is for the last header (FINALITY-3) and in a round that its `extraData` allows
   * (FINALITY-5). Throws `HeaderHashMismatch`, `RoundMismatch`.
   */
  checkMatches(certificate: FinalityCertificate): void {
    const { epoch, view, parentView } = this.#lastContext;
    if (certificate.blockHash !== this.#lastHash) {
      throw new VerifyError('HeaderHashMismatch', { certificate: certificate.blockHash, header: this.#lastHash });
    }
    if (certificate.epoch !== epoch) throw new VerifyError('RoundMismatch', { reason: 'OtherEpoch' });
    if (certificate.view < view) throw new VerifyError('RoundMismatch', { reason: 'FinalBeforeProposed' });
    if (certificate.view === view && certificate.parentView !== parentView) {
      throw new VerifyError('RoundMismatch', { reason: 'OtherParentView' });
    }
  }

  /** The first header, which the caller has proven final. */
  intoFinal(chainId: number): FinalHeader {
    return new FinalHeader(this.#first, chainId, this.#firstContext.millisecond);
  }
}
