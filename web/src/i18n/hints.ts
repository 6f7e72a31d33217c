/**
 * Chinese hints of the forms, by the English sentence in a kind's schema. They stand here and not in the schemas, because the hash of a schema is on the
 * chain. A sentence that a schema changes loses its translation, so that no hint says what the schema does not.
 */
const CHINESE = new Map([
  ['Number of the certificate as printed on it (GB/T 36903, licence number).', '证照上印制的编号（GB/T 36903 所称证照编号）。'],
  [
    'Root 1.2.156.3005.2, licence type, issuing authority, serial number, version, check character (GB/T 36904).',
    '依次为根代码 1.2.156.3005.2、证照类型代码、颁发机构代码、流水号、版本号和校验位（GB/T 36904）。',
  ],
  [
    'Unified social credit code (GB 32100): 18 characters, the last one a check character.',
    '统一社会信用代码（GB 32100）：共 18 位，最后一位为校验码。',
  ],
]);

/** Every English sentence that has a Chinese one. */
export const TRANSLATED_HINTS: readonly string[] = [...CHINESE.keys()];

/** The Chinese hint for a schema's English one; `undefined` if there is none. */
export function chineseHint(english: string): string | undefined {
  return CHINESE.get(english);
}
