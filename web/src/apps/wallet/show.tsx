/** Showing a certificate: a code that is good for two minutes and renews itself while it is shown. */
import { useEffect, useEffectEvent, useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import { Button } from '../../components/Button';
import { ErrorNotice } from '../../components/ErrorNotice';
import { CheckboxInput } from '../../components/fields';
import { Copy, RefreshCw } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await, Loading } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { QrCode } from '../../components/QrCode';
import { PageHead } from '../../components/Shell';
import { standingOf, StatusBadge } from '../../components/StatusBadge';
import { useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { unixSeconds } from '../../protocol/encoding';
import { codeText, makePresentation, PRESENTATION_LIFETIME_SECONDS } from '../../protocol/presentation';
import { domainOf } from '../../session/account';
import { Carry } from './carry';
import { receive, type Holding } from './holding';
import type { OpenWallet } from './wallet';

/** Codes that are made without anybody asking for another; then the holder has to. */
const MAX_RENEWALS = 5;

export function ShowPage({ wallet, id }: { wallet: OpenWallet; id: string }): ReactNode {
  const { t } = useLanguage();
  const kindTitle = useKindTitle(wallet.city.kinds);
  const holding = useLoaded(async () => receive(wallet, await api.certificate(id)), id);
  return (
    <>
      <PageHead title={t('show.title')} back={{ href: href('certificates', id), label: t('certificate.title') }} />
      <Await of={holding}>
        {(value) => (
          <>
            <section className="card show" aria-label={kindTitle(value.certificate.kind)}>
              <div className="row row--between">
                <p className="show__kind">{kindTitle(value.certificate.kind)}</p>
                <StatusBadge standing={standingOf(value.certificate)} />
              </div>
              <Code wallet={wallet} holding={value} />
            </section>
            <Carry wallet={wallet} holding={value} />
          </>
        )}
      </Await>
    </>
  );
}

interface ShownCode {
  text: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

async function makeCode(wallet: OpenWallet, holding: Holding, once: boolean): Promise<ShownCode> {
  const { certificate, document, bytes } = holding;
  const now = new Date();
  const { ciphertext, key } = await makePresentation({
    domain: domainOf(wallet.city.chains, certificate.chain),
    chain: certificate.chain,
    document,
    bytes,
    now: unixSeconds(now),
    sign: (data) => wallet.account.signer.signTypedData(data),
  });
  const expiresAt = now.getTime() + PRESENTATION_LIFETIME_SECONDS * 1000;
  const { id } = await wallet.account.run((session) => api.present(session, ciphertext, new Date(expiresAt), once));
  return { text: codeText(location.origin, { id, key }), expiresAt };
}

function Code({ wallet, holding }: { wallet: OpenWallet; holding: Holding }): ReactNode {
  const { t } = useLanguage();
  const [code, setCode] = useState<ShownCode>();
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  const [secondsLeft, setSecondsLeft] = useState(PRESENTATION_LIFETIME_SECONDS);
  const [copied, setCopied] = useState(false);
  // Whoever photographs a code that is for one check has nothing when it was checked.
  const [isOnce, setOnce] = useState(true);
  const paused = turn > MAX_RENEWALS;

  const make = useEffectEvent(() => makeCode(wallet, holding, isOnce));
  useEffect(() => {
    if (paused) return;
    let current = true;
    make().then(
      (made) => {
        if (!current) return;
        setCode(made);
        setCopied(false);
        setError(undefined);
      },
      (failure: unknown) => {
        if (current) setError(failure);
      },
    );
    return () => {
      current = false;
    };
  }, [turn, paused]);

  useEffect(() => {
    if (!code) return;
    const tick = setInterval(() => {
      const left = Math.max(0, Math.ceil((code.expiresAt - Date.now()) / 1000));
      setSecondsLeft(left);
      if (left === 0) {
        setCode(undefined);
        setTurn((before) => before + 1);
      }
    }, 500);
    return () => clearInterval(tick);
  }, [code]);

  const again = (): void => {
    setError(undefined);
    setCode(undefined);
    setTurn((before) => (before > MAX_RENEWALS ? 0 : before + 1));
  };
  if (error !== undefined) return <ErrorNotice error={error} retry={again} />;
  if (paused) {
    return (
      <Notice tone="info" title={t('show.paused')}>
        <Button variant="primary" icon={RefreshCw} onPress={again}>
          {t('show.again')}
        </Button>
      </Notice>
    );
  }
  if (!code) return <Loading text={t('show.making')} />;
  const shown = Math.min(secondsLeft, PRESENTATION_LIFETIME_SECONDS);
  return (
    <div className="show__code">
      <QrCode text={code.text} label={t('show.qr')} />
      <div className="show__time">
        <progress
          className="countdown"
          max={PRESENTATION_LIFETIME_SECONDS}
          value={shown}
          aria-label={t('show.remaining')}
        />
        <p className="small">{t('show.seconds', { seconds: shown })}</p>
      </div>
      <p className="muted small">{t('show.explain')}</p>
      <div className="buttons buttons--center">
        <Button
          icon={Copy}
          onPress={() => {
            void navigator.clipboard.writeText(code.text).then(() => setCopied(true));
          }}
        >
          {copied ? t('action.copied') : t('show.copy')}
        </Button>
        <Button icon={RefreshCw} onPress={again}>
          {t('show.again')}
        </Button>
      </div>
      <CheckboxInput
        label={t('show.once')}
        checked={isOnce}
        onChange={(checked) => {
          setOnce(checked);
          again();
        }}
      />
      <details className="disclosure">
        <summary>{t('show.asText')}</summary>
        <code className="code break" data-testid="presentation-code">
          {code.text}
        </code>
      </details>
    </div>
  );
}
