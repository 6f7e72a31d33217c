import { api } from '../api/client';
import type { Chains, Kind } from '../api/types';
import { useLoaded, type Loaded } from '../components/use-loaded';

export interface City {
  chains: Chains;
  kinds: Kind[];
}

/** What every app needs before it can do anything: the chains and the kinds of certificates. */
export function useCity(): Loaded<City> {
  return useLoaded(async () => {
    const [chains, kinds] = await Promise.all([api.chains(), api.kinds()]);
    return { chains, kinds };
  }, 'city');
}
