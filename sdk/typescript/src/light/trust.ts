/** A chain whose proofs can be verified, and the verification of its blocks. */
import type { Hex } from '../hex.js';
import {
  BLS_PUBLIC_KEY_BYTES,
  decodePublicKey,
  decodeSignature,
  isAggregateSignature,
  PointError,
  type PublicKeyPoint,
  type SignaturePoint,
} from './bls.js';
import { bytesOf, hexOf } from './bytes.js';
import { decodeCertificate, finalizeNamespace, MAX_VALIDATORS, quorum, type FinalityCertificate } from './certificate.js';
import { TrustError, VerifyError } from './error.js';
import { EXTRA_DATA_BYTES, validatorSetHash } from './extra-data.js';
import { checkHandover, malformed, MAX_HANDOVERS, nextEpochOf, type Handover } from './handover.js';
import { decodeHeader, FinalHeader } from './header.js';
import { FormError, hashAt, hexAt, listAt, membersAt, safeIntegerAt } from './json.js';
import { LinkedHeaders, type FinalityProof } from './linking.js';

/**
 * All that has to be known about a chain to verify its proofs. Where it comes from decides what a proof is worth: the genesis
 * file handed out by the consortium, or this repeated by somebody who is trusted.
 */
export interface ChainEssentials {
  /** EIP-155 chain id. */
  readonly chainId: number;
  /** Hash of the genesis header. */
  readonly genesisHash: Hex;
  /** Public keys of the validators (compressed G1), in the order of the set: the order of the signer bitmap. */
  readonly validators: readonly Hex[];
}

/** The validators of a chain from an epoch on, by their compressed keys. */
interface Era {
  readonly epoch: bigint;
  readonly validators: readonly Uint8Array[];
}

/** A chain whose proofs can be verified: checked essentials, and the validators that decide from some epoch on, with decoded keys. */
export class TrustedChain {
  readonly chainId: number;
  /** Hash of the genesis header. */
  readonly genesisHash: Hex;
  /** The first epoch that these validators decide; they do until they hand over. */
  readonly epoch: bigint;
  readonly #essentials: ChainEssentials;
  readonly #genesisKeys: readonly Uint8Array[];
  readonly #keys: readonly PublicKeyPoint[];
  readonly #namespace: Uint8Array;

  /**
   * Checks the essentials, which may be JSON from anywhere, and decodes the keys once. Throws `TrustError`.
   *
   * Proofs of possession of the keys are not here: they were verified when the genesis was made (FINALITY-8), and the genesis
   * hash stands for that. `era` is what {@link follow} found.
   */
  constructor(essentials: ChainEssentials, era?: Era) {
    const { chainId, genesisHash, validators } = readEssentials(essentials);
    this.chainId = chainId;
    this.genesisHash = genesisHash;
    const decide = era?.validators ?? validators;
    const found = decide.length;
    if (found < 1 || found > MAX_VALIDATORS) throw new TrustError('ValidatorCount', { found, limit: MAX_VALIDATORS });
    this.epoch = era?.epoch ?? 0n;
    this.#essentials = essentials;
    this.#genesisKeys = validators;
    this.#keys = decodeKeys(decide);
    this.#namespace = finalizeNamespace(chainId, genesisHash);
  }

  /**
   * Checks that a genesis header is this chain's and commits to these validators, so that a genesis file can be held against
   * a genesis hash (FINALITY-7). The genesis has no certificate: its hash is what is trusted. Throws `HeaderMalformed`,
   * `GenesisHashMismatch`, `GenesisValidatorsMismatch`.
   */
  verifyGenesis(headerRlp: Uint8Array): FinalHeader {
    const parsed = decodeHeader(headerRlp);
    if (parsed.hash !== this.genesisHash) {
      throw new VerifyError('GenesisHashMismatch', { expected: this.genesisHash, found: parsed.hash });
    }
    if (parsed.number !== 0n) throw new VerifyError('HeaderMalformed', { reason: 'GenesisNumber' });
    if (parsed.extraData.length !== EXTRA_DATA_BYTES) throw new VerifyError('HeaderMalformed', { reason: 'NotAHeader' });
    const header = hexOf(parsed.extraData);
    const keys = validatorSetHash(this.#genesisKeys);
    if (header !== keys) throw new VerifyError('GenesisValidatorsMismatch', { header, keys });
    return new FinalHeader(parsed, this.chainId, 0);
  }

  /**
   * Verifies that a block is final: its header leads, directly or through linking headers, to a block that a quorum of this
   * chain's validators signed (FINALITY-3 to FINALITY-6), or of those to whom it was handed over (FINALITY-10). Throws the check
   * that failed.
   */
  verifyFinality(proof: FinalityProof): FinalHeader {
    return this.followAll(proof.handovers).#verifyLinked(proof);
  }

  /** The chain under the next validators, if the evidence for them holds (FINALITY-10). Throws the check that failed. */
  follow(handover: Handover): TrustedChain {
    const { header, certificate, validators } = handover;
    const epoch = nextEpochOf(handover);
    checkHandover(this.#verifyLinked({ header, certificate, descendants: [], handovers: [] }), handover);
    try {
      return new TrustedChain(this.#essentials, { epoch, validators });
    } catch (error) {
      // The registry takes no key that is none, and none twice.
      if (error instanceof TrustError) throw malformed('KeysUnusable');
      throw error;
    }
  }

  /**
   * The chain under the validators that the last of these handovers names. Those that led to where this chain is already are left
   * out. Throws as {@link follow}, and `ProofTooLarge`.
   */
  followAll(handovers: readonly Handover[]): TrustedChain {
    const found = handovers.length;
    if (found > MAX_HANDOVERS) throw new VerifyError('ProofTooLarge', { found, limit: MAX_HANDOVERS });
    return handovers.reduce<TrustedChain>(
      (chain, handover) => (nextEpochOf(handover) > chain.epoch ? chain.follow(handover) : chain),
      this,
    );
  }

  #verifyLinked(proof: FinalityProof): FinalHeader {
    const linked = new LinkedHeaders(proof);
    const certificate = decodeCertificate(proof.certificate);
    linked.checkMatches(certificate);
    this.verifyCertificate(certificate);
    return linked.intoFinal(this.chainId);
  }

  /**
   * Verifies a certificate by itself: a quorum of this chain's validators signed this block hash in this round. What the block
   * is, the certificate does not say: see {@link verifyFinality}. Throws `EpochMismatch`, `UnknownValidator`, `BelowQuorum`,
   * `CertificateMalformed`, `FinalitySignature`.
   */
  verifyCertificate(certificate: FinalityCertificate): void {
    if (certificate.epoch < this.epoch) throw new VerifyError('EpochMismatch', { from: this.epoch, found: certificate.epoch });
    const expected = this.#keys.length;
    const found = certificate.validators;
    if (found !== expected) throw new VerifyError('UnknownValidator', { expected, found });
    const signers = certificate.signers.length;
    const needed = quorum(expected);
    if (signers < needed) throw new VerifyError('BelowQuorum', { signers, quorum: needed });
    const signature = readSignature(certificate.signature);
    const keys = certificate.signers.flatMap((index) => this.#keys[index] ?? []);
    if (!isAggregateSignature(keys, this.#signedBytes(certificate.message), signature)) {
      throw new VerifyError('FinalitySignature', {});
    }
  }

  /** FINALITY-1. A chain id has at most 16 digits, so the namespace's length is one byte as a varint. */
  #signedBytes(message: Uint8Array): Uint8Array {
    return Uint8Array.of(this.#namespace.length, ...this.#namespace, ...message);
  }
}

/** Reads what may be JSON from anywhere; how many keys there are, and whether they are keys, is not checked here. */
function readEssentials(value: unknown): { chainId: number; genesisHash: Hex; validators: Uint8Array[] } {
  try {
    const members = membersAt(value, 'essentials');
    return {
      chainId: safeIntegerAt(members.chainId, 'chainId'),
      genesisHash: hashAt(members.genesisHash, 'genesisHash'),
      validators: listAt(members.validators, 'validators', (key, at) => bytesOf(hexAt(key, at, BLS_PUBLIC_KEY_BYTES))),
    };
  } catch (error) {
    if (error instanceof FormError) throw new TrustError('EssentialsMalformed', { reason: error.message });
    throw error;
  }
}

function decodeKeys(validators: readonly Uint8Array[]): PublicKeyPoint[] {
  const seen = new Set<string>();
  return validators.map((bytes, index) => {
    const key = hexOf(bytes);
    if (seen.has(key)) throw new TrustError('DuplicateKey', { index });
    seen.add(key);
    try {
      return decodePublicKey(bytes);
    } catch (error) {
      if (error instanceof PointError) throw new TrustError('MalformedKey', { index, reason: error.fault });
      throw error;
    }
  });
}

function readSignature(bytes: Uint8Array): SignaturePoint {
  try {
    return decodeSignature(bytes);
  } catch (error) {
    if (error instanceof PointError) throw new VerifyError('CertificateMalformed', { reason: `Signature${error.fault}` });
    throw error;
  }
}
