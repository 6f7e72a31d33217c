/**
 * The public keys of a development city (docs/decisions/0006): everybody knows them, so they prove nothing. They are
 * offered only where the gateway says that the city is one.
 */
import { keysFromPhrase, type PersonKeys } from './keys';

const PUBLIC_DEVELOPMENT_PHRASE = 'test test test test test test test test test test test junk';

export const SAMPLE_ROLES = {
  operator: 0,
  marriage: 1,
  'real-estate': 2,
  degree: 3,
  'business-licence': 4,
  'health-licence': 5,
  registrar: 6,
  inspector: 7,
  supervisor: 8,
} as const;
export type SampleRole = keyof typeof SAMPLE_ROLES;

export const SAMPLE_OFFICES = [
  'marriage',
  'real-estate',
  'degree',
  'business-licence',
  'health-licence',
] as const satisfies readonly SampleRole[];

export function sampleKeys(role: SampleRole): PersonKeys {
  return keysFromPhrase(PUBLIC_DEVELOPMENT_PHRASE, SAMPLE_ROLES[role]);
}
