import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Kind } from '../src/api/types';
import { prefill } from '../src/apps/desk/prefill';
import { chineseHint, TRANSLATED_HINTS } from '../src/i18n/hints';
import { formOf, getAt, sampleOf, setAt, violations, type FormNode, type JsonSchema } from '../src/protocol/schema';

const KINDS = ['marriage', 'real-estate', 'degree', 'business-licence', 'health-licence'];
const read = (name: string): JsonSchema =>
  JSON.parse(readFileSync(new URL(`../../crates/certificates/schemas/${name}.json`, import.meta.url), 'utf8')) as JsonSchema;
const kindOf = (kind: string): Kind => ({
  kind,
  chain: kind,
  title: { en: kind, zh: kind },
  version: 1,
  schema: read(kind),
  applicationSchema: read(`${kind}.application`),
  source: '',
});

const titles = (nodes: FormNode[]): string[] =>
  nodes.flatMap((node) => [node.title, ...(node.node === 'group' ? titles(node.children) : [])]);

/** Every sentence that explains a member of a schema, lists' entries included. */
const hints = (schema: JsonSchema): string[] =>
  Object.values({ ...schema.properties, ...(schema.items && { items: schema.items }) }).flatMap((member) => [
    ...(member.description === undefined ? [] : [member.description]),
    ...hints(member),
  ]);

describe.each(KINDS)('the forms of %s', (name) => {
  const kind = kindOf(name);

  it('have a title in each language for every field', () => {
    for (const schema of [kind.schema, kind.applicationSchema]) {
      for (const title of titles(formOf(schema, schema, 'zh'))) expect(title).toMatch(/[一-龥]/u);
      for (const title of titles(formOf(schema, schema, 'en'))) expect(title).toMatch(/^[A-Z]/);
    }
  });

  it('have a Chinese hint for every field that has an English one', () => {
    expect(hints(kind.schema).length).toBeGreaterThan(0);
    for (const hint of [...hints(kind.schema), ...hints(kind.applicationSchema)]) expect(chineseHint(hint), hint).toMatch(/[一-龥]/u);
  });

  it('accept the sample answers of a development city', () => {
    for (const schema of [kind.schema, kind.applicationSchema]) {
      for (const language of ['en', 'zh'] as const) expect(violations(schema, sampleOf(schema, language, {}))).toEqual([]);
    }
  });

  it('accept the sample certificates', () => {
    expect(violations(kind.schema, read(`samples/${name}`))).toEqual([]);
  });

  it('name each required member that is missing', () => {
    const missing = violations(kind.schema, {}).map((violation) => violation.pointer);
    for (const member of kind.schema.required ?? []) expect(missing).toContain(`/${member}`);
  });
});

describe('Chinese hints', () => {
  it('belong to a sentence of some schema', () => {
    const present = KINDS.flatMap((name) => [...hints(read(name)), ...hints(read(`${name}.application`))]);
    expect(TRANSLATED_HINTS.filter((hint) => !present.includes(hint))).toEqual([]);
  });
});

describe('a certificate prepared from an application', () => {
  it('takes over what is named alike, and nothing that is ambiguous', () => {
    const degree = prefill(kindOf('degree'), { studentNumber: '7', graduateName: 'Li Hua', birthDate: '1990-01-01', level: 'master' });
    expect(degree).toEqual({ graduate: { name: 'Li Hua', studentNumber: '7', birthDate: '1990-01-01' }, level: 'master' });
    const spouses = { first: { name: 'Li Hua', birthDate: '1990-01-01' }, second: { name: 'Zhao Lin', birthDate: '1991-01-01' } };
    expect(prefill(kindOf('marriage'), { spouses, place: 'Shenzhen' })).toEqual({ spouses });
    expect(prefill(kindOf('real-estate'), { owners: [{ name: 'Li Hua', documentNumber: '1' }] })).toEqual({
      owners: [{ name: 'Li Hua', documentNumber: '1' }],
    });
  });
});

describe('values by path', () => {
  it('are set without touching the original, and leave no empty objects', () => {
    const before = { a: { b: 1 } };
    const after = setAt(before, ['a', 'c'], 2);
    expect(before).toEqual({ a: { b: 1 } });
    expect(after).toEqual({ a: { b: 1, c: 2 } });
    expect(setAt(setAt(after, ['a', 'b'], undefined), ['a', 'c'], undefined)).toEqual({});
    expect(setAt({}, ['list', 1, 'name'], 'x')).toEqual({ list: [undefined, { name: 'x' }] });
    expect(getAt({ list: [{ name: 'x' }] }, ['list', 0, 'name'])).toBe('x');
    expect(getAt(undefined, ['a'])).toBeUndefined();
  });
});
