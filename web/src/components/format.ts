/** Moments and places as the reader's language writes them. */
import type { Language } from '../i18n/language';

const LOCALE: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' };

/** A day; a date without a time is that day everywhere. */
export function formatDate(text: string, language: Language): string {
  const dateOnly = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text;
  return new Intl.DateTimeFormat(LOCALE[language], {
    dateStyle: 'long',
    ...(dateOnly && { timeZone: 'UTC' }),
  }).format(moment);
}

export function formatMoment(text: string, language: Language): string {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text;
  return new Intl.DateTimeFormat(LOCALE[language], { dateStyle: 'medium', timeStyle: 'short' }).format(moment);
}

export function formatNumber(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALE[language]).format(value);
}

/** ISO 3166-1 alpha-2. */
const COUNTRIES =
  'AD AE AF AG AI AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MO MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PS PT PW PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VN VU WS YE ZA ZM ZW'.split(
    ' ',
  );

export function countries(language: Language): { value: string; label: string }[] {
  const names = new Intl.DisplayNames(LOCALE[language], { type: 'region' });
  return COUNTRIES.map((code) => ({ value: code, label: names.of(code) ?? code })).sort((left, right) =>
    left.label.localeCompare(right.label, LOCALE[language]),
  );
}

export function countryName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames(LOCALE[language], { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How old something is, in the unit in which people think. */
export function formatAge(seconds: number, language: Language): string {
  const said = (value: number, unit: 'second' | 'minute' | 'hour' | 'day'): string =>
    new Intl.NumberFormat(LOCALE[language], { style: 'unit', unit, unitDisplay: 'long' }).format(Math.floor(value));
  if (seconds < 2 * MINUTE) return said(seconds, 'second');
  if (seconds < 2 * HOUR) return said(seconds / MINUTE, 'minute');
  return seconds < 2 * DAY ? said(seconds / HOUR, 'hour') : said(seconds / DAY, 'day');
}
