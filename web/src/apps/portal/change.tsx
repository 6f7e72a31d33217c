/** A change of the configuration: first what it would do, as the city says, then, if the operator still wants it, done. */
import { useState, type ReactNode } from 'react';
import type { Changed } from '../../api/types';
import { Button } from '../../components/Button';
import { ErrorNotice } from '../../components/ErrorNotice';
import { Notice } from '../../components/Notice';
import { useAction } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';

export function ChangeButton(props: {
  label: string;
  /** What it is about, for whoever does not see the row. */
  about: string;
  ask: (check: boolean) => Promise<Changed>;
  onDone: () => void;
}): ReactNode {
  const { t } = useLanguage();
  const [effects, setEffects] = useState<string[]>();
  const change = useAction(async (check: boolean) => {
    const changed = await props.ask(check);
    if (check) {
      setEffects(changed.effects);
    } else {
      setEffects(undefined);
      props.onDone();
    }
  });
  const dismiss = (): void => {
    setEffects(undefined);
    change.clear();
  };
  return (
    <div className="stack change">
      {change.error !== undefined && <ErrorNotice error={change.error} />}
      {effects === undefined ? (
        <Button busy={change.busy} onPress={() => change.run(true)}>
          {props.label}
          <span className="visually-hidden">: {props.about}</span>
        </Button>
      ) : (
        <Notice tone="info" live="status" title={t('effects.would')}>
          <ul>
            {effects.length === 0 && <li>{t('effects.nothing')}</li>}
            {effects.map((effect) => (
              <li key={effect} lang="en">
                {effect}
              </li>
            ))}
          </ul>
          <div className="buttons">
            {effects.length > 0 && (
              <Button variant="primary" busy={change.busy} onPress={() => change.run(false)}>
                {t('effects.apply')}
                <span className="visually-hidden">: {props.about}</span>
              </Button>
            )}
            <Button onPress={dismiss}>{t('action.cancel')}</Button>
          </div>
        </Notice>
      )}
    </div>
  );
}
