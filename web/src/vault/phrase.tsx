import { useState, type SubmitEvent, type ReactNode } from 'react';
import { Button } from '../components/Button';
import { CheckboxInput, TextInput } from '../components/fields';
import { Notice } from '../components/Notice';
import { useLanguage } from '../i18n/language';

/** Words that are asked for, so that a phrase that was only looked at is noticed. */
const CONFIRMED_WORDS = 3;

export function ShowPhrase(props: { phrase: string; onDone: () => void; onBack: () => void }): ReactNode {
  const { t } = useLanguage();
  const [written, setWritten] = useState(false);
  return (
    <section className="card stack" aria-labelledby="phrase-show">
      <h2 id="phrase-show">{t('vault.phrase.title')}</h2>
      <p>{t('vault.phrase.lead')}</p>
      <ol className="phrase" aria-label={t('vault.phrase.label')} lang="en" translate="no">
        {props.phrase.split(' ').map((word, at) => (
          <li key={`${at}-${word}`}>{word}</li>
        ))}
      </ol>
      <Notice tone="warning">
        <p>{t('vault.phrase.warning')}</p>
      </Notice>
      <CheckboxInput label={t('vault.phrase.written')} checked={written} onChange={setWritten} />
      <div className="buttons">
        <Button variant="primary" isDisabled={!written} onPress={props.onDone}>
          {t('action.continue')}
        </Button>
        <Button variant="quiet" onPress={props.onBack}>
          {t('action.back')}
        </Button>
      </div>
    </section>
  );
}

function pickPositions(count: number): number[] {
  const positions = Array.from({ length: count }, (_, at) => at);
  for (let at = positions.length - 1; at > 0; at -= 1) {
    const other = (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % (at + 1);
    [positions[at], positions[other]] = [positions[other] ?? 0, positions[at] ?? 0];
  }
  return positions.slice(0, CONFIRMED_WORDS).sort((left, right) => left - right);
}

export function ConfirmPhrase(props: { phrase: string; onDone: () => void; onBack: () => void }): ReactNode {
  const { t } = useLanguage();
  const words = props.phrase.split(' ');
  const [positions] = useState(() => pickPositions(words.length));
  const [answers, setAnswers] = useState<Record<number, string>>({});
  const [wrong, setWrong] = useState<number[]>([]);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const mistaken = positions.filter((at) => (answers[at] ?? '').trim().toLowerCase() !== words[at]);
    setWrong(mistaken);
    if (mistaken.length === 0) props.onDone();
  };
  return (
    <form className="card stack" onSubmit={submit} aria-labelledby="phrase-confirm" noValidate>
      <h2 id="phrase-confirm">{t('vault.confirm.title')}</h2>
      <p>{t('vault.confirm.lead')}</p>
      {positions.map((at) => (
        <TextInput
          key={at}
          label={t('vault.confirm.word', { number: at + 1 })}
          value={answers[at] ?? ''}
          onChange={(value) => setAnswers({ ...answers, [at]: value })}
          error={wrong.includes(at) ? t('vault.confirm.wrong') : undefined}
          autoComplete="off"
          mono
        />
      ))}
      <div className="buttons">
        <Button type="submit" variant="primary">
          {t('action.continue')}
        </Button>
        <Button variant="quiet" onPress={props.onBack}>
          {t('vault.confirm.again')}
        </Button>
      </div>
    </form>
  );
}
