/**
 * What has to be known about a chain to verify its proofs: the hash of its genesis, 32 bytes from whoever is trusted. Everything else may come from
 * anybody and is checked against it.
 */
import type { Hex } from './hex.js';
import { hexAt, listAt, membersAt, safeIntegerAt, FormError } from './light/json.js';
import { TrustError } from './light/error.js';
import { TrustedChain, type ChainEssentials } from './light/trust.js';

/** The members of a genesis file that are looked at; it may be JSON from anywhere. @throws TrustError with `EssentialsMalformed` */
export function essentialsOf(genesis: unknown, genesisHash: Hex): ChainEssentials {
  try {
    const { chainId, validators } = membersAt(genesis, 'genesis');
    const key = (validator: unknown, at: string): Hex => hexAt(membersAt(validator, at).blsPublicKey, `${at}.blsPublicKey`);
    return { chainId: safeIntegerAt(chainId, 'chainId'), genesisHash, validators: listAt(validators, 'validators', key) };
  } catch (error) {
    if (error instanceof FormError) throw new TrustError('EssentialsMalformed', { reason: error.message });
    throw error;
  }
}

/**
 * A chain by the hash of its genesis alone: the header (RLP) has that hash and commits to the validators that the file names (FINALITY-7). That the
 * rest of the file makes this genesis is not looked at: proofs do not depend on it.
 * @throws TrustError, or VerifyError with `GenesisHashMismatch`, `GenesisValidatorsMismatch` or `HeaderMalformed`
 */
export function trustedChain(genesisHash: Hex, genesis: unknown, header: Uint8Array): { chain: TrustedChain; essentials: ChainEssentials } {
  const essentials = essentialsOf(genesis, genesisHash);
  const chain = new TrustedChain(essentials);
  chain.verifyGenesis(header);
  return { chain, essentials };
}
