import type { ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import { sampleOf, type JsonSchema } from '../protocol/schema';
import type { City } from '../session/use-city';
import { Button } from './Button';
import { FileText } from './icons';

/** In a development city a form fills itself in, so that the whole story takes five minutes. Elsewhere there is no such button. */
export function SampleButton(props: {
  city: City;
  schema: JsonSchema;
  known: Record<string, string>;
  onFill: (sample: Record<string, unknown>) => void;
}): ReactNode {
  const { t, language } = useLanguage();
  if (!props.city.chains.development) return null;
  return (
    <Button
      icon={FileText}
      onPress={() => props.onFill(sampleOf(props.schema, language, props.known))}
    >
      {t('form.sample')}
    </Button>
  );
}
