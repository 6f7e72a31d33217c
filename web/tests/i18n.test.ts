import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill } from '../src/i18n/language';
import english from '../src/i18n/en.json';
import chinese from '../src/i18n/zh.json';

const parameters = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [readFileSync(path, 'utf8')] : [];
  });
}

describe('texts', () => {
  it('exist in both languages', () => {
    expect(Object.keys(chinese)).toEqual(Object.keys(english));
  });

  it('take the same parameters in both languages', () => {
    for (const [key, text] of Object.entries(english)) {
      expect(parameters(chinese[key as keyof typeof chinese]), key).toEqual(parameters(text));
    }
  });

  it('are translated: Chinese texts are not the English ones', () => {
    const same = Object.entries(english).filter(
      ([key, text]) => text !== '' && /[a-z]/.test(text) && chinese[key as keyof typeof chinese] === text,
    );
    expect(same.map(([key]) => key)).toEqual(['brand']);
  });

  it('are all used by some page, or belong to a family that data chooses from', () => {
    const code = sources('src').join('\n');
    const families = /^(problem|chain|event|outcome|standing|refused|check|receipt|reason|change|seal|registration\.status|application\.status|signIn\.sample|start\.how|alliance\.(?:connection|step|state|status|outcome|missing|fault|proposed|said|why)|start\.tour|form\.error)\./;
    const unused = Object.keys(english).filter((key) => !families.test(key) && !code.includes(`'${key}'`) && !code.includes(`"${key}"`));
    expect(unused).toEqual([]);
  });

  it('say what happened and what to do for every problem that the gateway publishes, and for no other', () => {
    const published = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as {
      components: { examples: Record<string, { value: { code: string } }> };
    };
    const codes = Object.values(published.components.examples).map((example) => example.value.code);
    const expected = codes.flatMap((code) => [`problem.${code}.remedy`, `problem.${code}.title`]).sort();
    for (const texts of [english, chinese] as Record<string, string>[]) {
      const present = Object.keys(texts).filter((key) => key.startsWith('problem.') && texts[key] !== '');
      expect(present.sort()).toEqual(expected);
    }
  });

  it('are filled with parameters, and a missing one stays visible', () => {
    expect(fill('{name} in block {block}', { name: 'Li Hua' })).toBe('Li Hua in block {block}');
  });
});
