import { StrictMode, type ComponentType } from 'react';
import { createRoot } from 'react-dom/client';
import './styles/index.css';
import { loadTexts, initialLanguage, LanguageProvider } from './i18n/language';

/** Shows an app in the language of the person who opens it. */
export async function mount(App: ComponentType): Promise<void> {
  const host = document.getElementById('app');
  if (!host) throw new Error('the page has no element #app');
  const language = initialLanguage();
  const texts = await loadTexts(language);
  createRoot(host).render(
    <StrictMode>
      <LanguageProvider initial={{ language, texts }}>
        <App />
      </LanguageProvider>
    </StrictMode>,
  );
}
