/** Getting a code: camera, picture, or text. */
import { useRef, useState, type SubmitEvent, type ReactNode } from 'react';
import { Button } from '../../components/Button';
import { TextInput } from '../../components/fields';
import { Camera, ImageUp, X } from '../../components/icons';
import { Notice } from '../../components/Notice';
import { useLanguage, type TextKey } from '../../i18n/language';
import { parseCode, type PresentationCode } from '../../protocol/presentation';
import { codeInImage } from './decoding';
import { useCamera } from './use-camera';

export function Scan({ onCode }: { onCode: (code: PresentationCode) => void }): ReactNode {
  const { t } = useLanguage();
  const [filming, setFilming] = useState(false);
  const [problem, setProblem] = useState<TextKey>();
  const picker = useRef<HTMLInputElement>(null);

  const found = (text: string): void => {
    const code = parseCode(text);
    if (code) onCode(code);
    else setProblem('scan.foreign');
  };
  const readFile = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setProblem(undefined);
    const text = await codeInImage(file);
    if (text === undefined) setProblem('scan.noCode');
    else found(text);
  };
  return (
    <>
      <section className="card stack scan" aria-label={t('scan.title')}>
        {filming ? (
          <Film
            onText={(text) => {
              setFilming(false);
              found(text);
            }}
            onFailure={(key) => {
              setFilming(false);
              setProblem(key);
            }}
            onStop={() => setFilming(false)}
          />
        ) : (
          <>
            <div className="scan__frame" aria-hidden>
              <Camera size={48} strokeWidth={1.2} />
            </div>
            <Button
              variant="primary"
              wide
              icon={Camera}
              onPress={() => {
                setProblem(undefined);
                setFilming(true);
              }}
            >
              {t('scan.camera')}
            </Button>
          </>
        )}
        <input
          ref={picker}
          type="file"
          accept="image/*"
          className="visually-hidden"
          tabIndex={-1}
          aria-label={t('scan.file')}
          onChange={(event) => {
            void readFile(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
        <Button wide icon={ImageUp} onPress={() => picker.current?.click()}>
          {t('scan.file')}
        </Button>
        {problem && (
          <Notice tone="warning" live="alert" title={t(problem)}>
            <p>{t('scan.help')}</p>
          </Notice>
        )}
      </section>
      <Paste onCode={onCode} />
    </>
  );
}

function Film(props: {
  onText: (text: string) => void;
  onFailure: (key: TextKey) => void;
  onStop: () => void;
}): ReactNode {
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  useCamera(video, props);
  return (
    <>
      <div className="scan__frame scan__frame--live">
        <video ref={video} className="scan__video" muted playsInline aria-label={t('scan.live')} />
      </div>
      <p className="muted small center" role="status">
        {t('scan.aim')}
      </p>
      <Button wide icon={X} onPress={props.onStop}>
        {t('scan.stop')}
      </Button>
    </>
  );
}

function Paste({ onCode }: { onCode: (code: PresentationCode) => void }): ReactNode {
  const { t } = useLanguage();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const code = parseCode(text);
    setWrong(!code);
    if (code) onCode(code);
  };
  return (
    <details className="card disclosure">
      <summary>{t('scan.paste')}</summary>
      <form className="stack" onSubmit={submit} noValidate>
        <TextInput
          label={t('scan.paste.label')}
          hint={t('scan.paste.hint')}
          value={text}
          onChange={setText}
          mono
          autoComplete="off"
          error={wrong ? t('scan.foreign') : undefined}
        />
        <Button type="submit">{t('scan.paste.action')}</Button>
      </form>
    </details>
  );
}
