/**
 * Which chains a city says it has, as somebody decides whether to trust them: what is verified without a network is verified against them. Pure, but for loading
 * the verifier.
 */
import type { Chains, Kind } from '../api/types';
import type { ChainEssentials } from '../staple';

/** The registry of identities stands on the main chain alone (docs/specs/encodings.md). */
const IDENTITY_REGISTRY = '0xc4a0000000000000000000000000000000000003';

/** The chains of one city, by their genesis. */
export interface CityTrust {
  /** 32 hexadecimal digits in groups of four: what people compare. */
  readonly fingerprint: string;
  /** Chain id of the main chain, which says who may issue what. */
  readonly authority: number;
  readonly chains: readonly ChainEssentials[];
  /** Titles and schemas, to show what was verified; nothing is decided by them. */
  readonly kinds: readonly Kind[];
}

/** What a city answers, read strictly; `undefined` where it has chains that nobody can verify (no finality certificates) or no main chain. */
export async function trustOf({ chains }: Chains, kinds: readonly Kind[]): Promise<CityTrust | undefined> {
  const { essentialsOf, trustFingerprint } = await import('../staple');
  const authorities = chains.filter((chain) => holdsIdentities(chain.genesis));
  const [authority] = authorities;
  const proven = chains.filter((chain) => chain.genesis !== undefined && chain.genesis !== null);
  if (!authority || authorities.length > 1 || proven.length !== chains.length) return undefined;
  try {
    const essentials = proven.map((chain) => essentialsOf(chain.genesis, chain.genesisHash));
    return { fingerprint: trustFingerprint(authority.chainId, essentials), authority: authority.chainId, chains: essentials, kinds };
  } catch {
    // A genesis that cannot be read cannot be trusted either.
    return undefined;
  }
}

function holdsIdentities(genesis: unknown): boolean {
  const predeploys = (genesis as { predeploys?: unknown } | null | undefined)?.predeploys;
  return (
    Array.isArray(predeploys) &&
    predeploys.some((one: { address?: unknown } | null) => typeof one?.address === 'string' && one.address.toLowerCase() === IDENTITY_REGISTRY)
  );
}

/**
 * What a city shows now beside what is trusted: the same; everything that is trusted, unchanged, and more chains; or something else.
 * @param offered `undefined` where what it shows cannot be verified
 */
export function compare(pinned: CityTrust, offered: CityTrust | undefined): 'same' | 'more' | 'other' {
  if (!offered || offered.authority !== pinned.authority) return 'other';
  const isUnchanged = pinned.chains.every((chain) => {
    const now = offered.chains.find(({ chainId }) => chainId === chain.chainId);
    return now !== undefined && textOf(now) === textOf(chain);
  });
  if (!isUnchanged) return 'other';
  return offered.chains.length > pinned.chains.length ? 'more' : 'same';
}

function textOf({ chainId, genesisHash, validators }: ChainEssentials): string {
  return JSON.stringify([chainId, genesisHash, validators]).toLowerCase();
}
