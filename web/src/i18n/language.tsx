/** Texts in English and Chinese. The chosen language is remembered and stands in the document's `lang`. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type english from './en.json';

export type Language = 'en' | 'zh';
export type TextKey = keyof typeof english;
export type Texts = Record<TextKey, string>;
export type Parameters = Record<string, string | number>;
export type Translate = (key: TextKey, parameters?: Parameters) => string;

const STORAGE_KEY = 'chancery.language';
const DOCUMENT_LANGUAGE: Record<Language, string> = { en: 'en', zh: 'zh-Hans' };

export function initialLanguage(): Language {
  let remembered: string | null = null;
  try {
    remembered = localStorage.getItem(STORAGE_KEY);
  } catch {
    // Storage can be forbidden; the browser's preference is good enough.
  }
  if (remembered === 'en' || remembered === 'zh') return remembered;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export async function loadTexts(language: Language): Promise<Texts> {
  return language === 'zh' ? (await import('./zh.json')).default : (await import('./en.json')).default;
}

/** Replaces `{name}` by the parameter of that name. */
export function fill(text: string, parameters: Parameters = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters[name] ?? whole));
}

interface LanguageState {
  language: Language;
  t: Translate;
  /** For keys made of data, such as the code of a problem: `undefined` if there is no such text. */
  optional: (key: string, parameters?: Parameters) => string | undefined;
  setLanguage: (language: Language) => void;
}

const LanguageContext = createContext<LanguageState | undefined>(undefined);

export function LanguageProvider(props: {
  initial: { language: Language; texts: Texts };
  children: ReactNode;
}): ReactNode {
  const [{ language, texts }, setState] = useState(props.initial);

  useEffect(() => {
    document.documentElement.lang = DOCUMENT_LANGUAGE[language];
  }, [language]);

  const setLanguage = useCallback((next: Language) => {
    try {
      localStorage.setItem(STORAGE_KEY, next);
    } catch {
      // Not remembered, then.
    }
    void loadTexts(next).then((loaded) => setState({ language: next, texts: loaded }));
  }, []);

  const value = useMemo<LanguageState>(
    () => ({
      language,
      setLanguage,
      t: (key, parameters) => fill(texts[key], parameters),
      optional: (key, parameters) => {
        const text = (texts as Record<string, string | undefined>)[key];
        return text === undefined ? undefined : fill(text, parameters);
      },
    }),
    [language, texts, setLanguage],
  );
  return <LanguageContext value={value}>{props.children}</LanguageContext>;
}

export function useLanguage(): LanguageState {
  const state = useContext(LanguageContext);
  if (!state) throw new Error('useLanguage needs a LanguageProvider around it');
  return state;
}
