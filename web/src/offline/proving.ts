/** What a certificate amounts to now, proven by the chains that this browser knows: the gateway is asked, and not believed (docs/specs/stapled.md, "With a network"). */
import { ProblemError } from '../api/client';
import type { Certificate } from '../api/types';
import type { City } from '../session/use-city';
import type { ProvenStanding } from '../staple';
import { stapled } from '../staple/asking';
import { groupOf, type RefusalGroup } from './examining';
import { knownCity, type KnownCity } from './known';

/** Why nothing is proven, in the groups in which people read it: those of a file, and what only a network brings. */
export type UnprovenGroup = RefusalGroup | 'old' | 'contradicted' | 'asked' | 'absent' | 'damaged' | 'unprovable';

export type Proof =
  | { readonly state: 'proven'; readonly standing: ProvenStanding; readonly organizationName?: string; readonly known: KnownCity }
  | { readonly state: 'unproven'; readonly check: string; readonly detail: string; readonly group: UnprovenGroup; readonly known?: KnownCity }
  /** Nobody answered: that says nothing, not even against the gateway. */
  | { readonly state: 'silent'; readonly known?: KnownCity };

/** What the gateway says of the certificate: its record, that there is none, or nothing. */
export type Word = Certificate | 'absent' | 'silent';

/** Checks that a network brings: the rest is named as for a file. */
const GROUPS: Partial<Record<string, UnprovenGroup>> = {
  'proof-fresh': 'old',
  'gateway-agrees': 'contradicted',
  'certificate-asked': 'asked',
  'proof-present': 'absent',
};

/** Answers that say that there is no proof; every other failure is silence. */
const REFUSING = 500;

export async function prove(city: City, id: string, asked: Promise<Word>): Promise<Proof> {
  const known = await knownCity(city, new Date());
  if (typeof known === 'string') return unproven(known === 'damaged' ? 'trust-intact' : 'city-provable', '', known);
  let file: Record<string, unknown>;
  try {
    file = await stapled(id);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status >= REFUSING) return { state: 'silent', known };
    return unproven('proof-present', error.problem.code, 'absent', known);
  }
  return verify(file, id, await asked, known);
}

async function verify(file: Record<string, unknown>, id: string, word: Word, known: KnownCity): Promise<Proof> {
  const { checkWord, StapleFailure, verifyOnline } = await import('../staple');
  try {
    const standing = verifyOnline(known.trust, JSON.stringify(file), id, Math.floor(Date.now() / 1000));
    if (word === 'absent') return unproven('gateway-agrees', 'the gateway says that there is none', 'contradicted', known);
    if (word !== 'silent') checkWord(word, standing);
    const { organizationName } = file;
    return { state: 'proven', standing, known, ...(typeof organizationName === 'string' && { organizationName }) };
  } catch (error) {
    if (!(error instanceof StapleFailure)) throw error;
    return unproven(error.check, error.detail, GROUPS[error.check] ?? groupOf(error.check), known);
  }
}

function unproven(check: string, detail: string, group: UnprovenGroup, known?: KnownCity): Proof {
  return { state: 'unproven', check, detail, group, ...(known && { known }) };
}
