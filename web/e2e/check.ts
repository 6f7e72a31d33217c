import { expect } from 'vitest';
import { accessibilityProblems, overflow, screenshot, SIZES, type Person, type Size } from './browser';
import { speak } from './people';

const LANGUAGES = { en: 'English', zh: '中文' } as const;

/**
 * The page as it stands, in both languages and at both sizes: axe-core finds nothing, nothing sticks out, `lang` is right.
 * Leaves the page in English and at the size it had. Soft: one run names everything that is wrong, page by page.
 */
export async function examine(person: Person, name: string): Promise<void> {
  for (const [language, label] of Object.entries(LANGUAGES)) {
    await speak(person, label);
    await atBothSizes(person, `${name}-${language}`);
  }
  await speak(person, LANGUAGES.en);
  expect.soft(person.complaints, `${person.name} at ${name}`).toEqual([]);
}

/** The same for an open dialog, behind which the language cannot be changed. */
export async function examineDialog(person: Person, name: string): Promise<void> {
  await atBothSizes(person, name);
  expect.soft(person.complaints, `${person.name} at ${name}`).toEqual([]);
}

async function atBothSizes({ page }: Person, name: string): Promise<void> {
  const before = page.viewportSize() ?? SIZES.desktop;
  for (const [size, viewport] of Object.entries(SIZES) as [Size, (typeof SIZES)[Size]][]) {
    await page.setViewportSize(viewport);
    const where = `${name}-${size}`;
    await screenshot(page, where);
    expect.soft(await accessibilityProblems(page), where).toEqual([]);
    expect.soft(await overflow(page), `${where} scrolls sideways`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize(before);
}
