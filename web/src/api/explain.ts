/** Failures as people read them: what happened, and what to do. */
import type { TextKey, Translate } from '../i18n/language';
import { SealError } from '../protocol/sealing';
import { ProblemError, UnreachableError } from './client';
import type { Problem } from './types';

export interface Explanation {
  title: string;
  /** The gateway's own sentence, which is English in every language of the page. */
  detail?: string;
  remedy?: string;
  /** Set where the gateway's own words stand in for a text that this page does not have. */
  titleLanguage?: 'en';
  remedyLanguage?: 'en';
  tone: 'warning' | 'danger';
  /** Of the occurrence, for whoever runs the city. */
  reference?: string;
}

interface Words {
  t: Translate;
  optional: (key: string, parameters?: Record<string, string | number>) => string | undefined;
}

/** An error of this page's own, with a text for it. */
export class LocalError extends Error {
  constructor(readonly key: TextKey) {
    super(key);
    this.name = 'LocalError';
  }
}

/** Codes whose cause passes by itself. */
const TEMPORARY = new Set([
  'too-many-requests',
  'quota-exceeded',
  'entity-unavailable',
  'chain-unreachable',
  'right-not-shown',
  'person-undetermined',
  'database-unreachable',
  'session-expired',
  'mailbox-full',
  'journal-unavailable',
  'store-unavailable',
  'not-final-yet',
  'timed-out',
]);

function membersOf(problem: Problem): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(problem).flatMap(([name, value]) => {
      if (typeof value === 'string' || typeof value === 'number') return [[name, value]];
      return Array.isArray(value) ? [[name, value.join(', ')]] : [];
    }),
  );
}

export function explain(error: unknown, { t, optional }: Words): Explanation {
  if (error instanceof UnreachableError) {
    return { title: t('error.unreachable.title'), remedy: t('error.unreachable.remedy'), tone: 'warning' };
  }
  if (error instanceof LocalError) return { title: t(error.key), tone: 'warning' };
  if (error instanceof SealError) {
    return { title: t(`seal.${error.reason}`), remedy: t('seal.remedy'), tone: 'danger' };
  }
  if (error instanceof ProblemError) {
    const { problem } = error;
    const members = membersOf(problem);
    const title = optional(`problem.${problem.code}.title`, members);
    const remedy = optional(`problem.${problem.code}.remedy`, members);
    const explanation: Explanation = {
      title: title ?? problem.title,
      tone: TEMPORARY.has(problem.code) ? 'warning' : 'danger',
    };
    if (title === undefined) explanation.titleLanguage = 'en';
    // It names the particulars, so it is worth having in any language.
    if (problem.detail !== '') explanation.detail = problem.detail;
    const advice = remedy ?? problem.remedy;
    if (advice !== '') explanation.remedy = advice;
    if (remedy === undefined) explanation.remedyLanguage = 'en';
    if (problem.status >= 500 && problem.instance !== '') explanation.reference = problem.instance;
    return explanation;
  }
  return { title: t('error.unexpected.title'), remedy: t('error.unexpected.remedy'), tone: 'danger' };
}
