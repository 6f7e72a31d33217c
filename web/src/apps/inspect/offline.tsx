/** Checking without a network: a file that the holder gives, against the city that this device trusts. */
import { useRef, useState, type ReactNode } from 'react';
import { Button } from '../../components/Button';
import { formatAge, formatMoment } from '../../components/format';
import { FileText, ShieldCheck, Wifi } from '../../components/icons';
import { Loading } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { SelectInput } from '../../components/fields';
import { useAction, useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import { examine, type OfflineFinding } from '../../offline/examining';
import { forget, isIntact, pin, readPinned, type PinnedTrust } from '../../offline/pinned';
import { keepPage } from '../../offline/register';
import { compare, trustOf, type CityTrust } from '../../offline/trust';
import type { City } from '../../session/use-city';
import { OfflineResult } from './offline-result';

/** Longest file that is looked at; the verifier's own bound is the one that names itself. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MINUTE = 60;
/** What an inspector may accept, in seconds. */
const AGES = [15 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE, 7 * 24 * 60 * MINUTE] as const;
const DEFAULT_AGE = AGES[2];
const ANY_AGE = 'any';
const KEPT = { kept: 'offline.kept', 'kept-loosely': 'offline.keptLoosely', 'open-only': 'offline.openOnly' } as const;

export function Offline({ city, isLoading = false }: { city: City | undefined; isLoading?: boolean }): ReactNode {
  const { t } = useLanguage();
  const [pinned, setPinned] = useState(readPinned);
  const [finding, setFinding] = useState<OfflineFinding>();
  const intact = useLoaded(async () => pinned === undefined || (await isIntact(pinned)), pinned?.fingerprint ?? '');
  const offered = useLoaded(
    async () => (city === undefined ? null : ((await trustOf(city.chains, city.kinds)) ?? 'unprovable')),
    city === undefined ? 'none' : 'city',
  );
  const shown = offered.value === 'unprovable' || offered.value === null ? undefined : offered.value;
  const found = pinned !== undefined && (shown !== undefined || offered.value === 'unprovable') ? compare(pinned, shown) : 'same';
  if (finding) return <OfflineResult finding={finding} kinds={pinned?.kinds ?? []} onNext={() => setFinding(undefined)} />;
  return (
    <>
      <PageHead title={t('offline.title')} lead={t('offline.lead')} />
      {found !== 'same' && <Differs found={found} shown={shown} />}
      {intact.loading && <Loading />}
      {intact.value === false && <Notice tone="danger" live="alert" title={t('offline.damaged.title')} />}
      {pinned === undefined ? (
        <Trusting offered={shown} isUnprovable={offered.value === 'unprovable'} isOnline={city !== undefined} isLoading={isLoading} onPinned={setPinned} />
      ) : (
        intact.value === true && <Choose trust={pinned} onFinding={setFinding} />
      )}
      {pinned !== undefined && (
        <Trusted
          pinned={pinned}
          onForget={() => {
            forget();
            setPinned(undefined);
          }}
        />
      )}
    </>
  );
}

/** What the city shows now is not what is trusted: chains that were added are told, anything else is a warning. */
function Differs({ found, shown }: { found: 'more' | 'other'; shown: CityTrust | undefined }): ReactNode {
  const { t } = useLanguage();
  const isMore = found === 'more';
  const text = shown ? 'offline.other.text' : 'offline.other.unprovable';
  return (
    <Notice tone={isMore ? 'info' : 'danger'} live={isMore ? 'status' : 'alert'} title={t(isMore ? 'offline.more.title' : 'offline.other.title')}>
      <p>{t(isMore ? 'offline.more.text' : text)}</p>
      {shown && <Fingerprint label={t('offline.other.shown')} value={shown.fingerprint} />}
    </Notice>
  );
}

/** Trust begins with a person who compares; nothing is trusted because it answered first. */
function Trusting(props: {
  offered: CityTrust | undefined;
  isUnprovable: boolean;
  isOnline: boolean;
  isLoading: boolean;
  onPinned: (pinned: PinnedTrust) => void;
}): ReactNode {
  const { t } = useLanguage();
  const { offered } = props;
  const [isForgotten, setForgotten] = useState(false);
  if (!props.isOnline && props.isLoading) return <Loading />;
  if (!props.isOnline) return <Notice tone="warning" title={t('offline.never.title')}><p>{t('offline.never.text')}</p></Notice>;
  if (props.isUnprovable) return <Notice tone="warning" title={t('offline.unprovable.title')} />;
  if (!offered) return <Loading />;
  const trust = (): void => {
    try {
      props.onPinned(pin(offered, new Date()));
    } catch {
      setForgotten(true);
    }
  };
  return (
    <section className="card stack" aria-labelledby="trust">
      <h2 id="trust">{t('offline.trust.title')}</h2>
      <p>{t('offline.trust.text')}</p>
      <Fingerprint label={t('offline.fingerprint')} value={offered.fingerprint} />
      <Button variant="primary" wide icon={ShieldCheck} onPress={trust}>
        {t('offline.trust.action')}
      </Button>
      {isForgotten && <Notice tone="danger" live="alert" title={t('offline.trust.failed')} />}
    </section>
  );
}

function Choose(props: { trust: PinnedTrust; onFinding: (finding: OfflineFinding) => void }): ReactNode {
  const { t } = useLanguage();
  const picker = useRef<HTMLInputElement>(null);
  const [age, setAge] = useState(String(DEFAULT_AGE));
  const label = useAgeLabel();
  const check = useAction(async (file: File) => {
    const bytes = new Uint8Array(await file.slice(0, MAX_FILE_BYTES).arrayBuffer());
    props.onFinding(await examine(bytes, props.trust, age === ANY_AGE ? undefined : Number(age), new Date()));
  });
  return (
    <section className="card stack" aria-label={t('offline.file.title')}>
      <SelectInput
        label={t('offline.age.label')}
        hint={t('offline.age.hint')}
        value={age}
        onChange={setAge}
        options={[...AGES.map((seconds) => ({ value: String(seconds), label: label(seconds) })), { value: ANY_AGE, label: t('offline.age.any') }]}
      />
      <input
        ref={picker}
        type="file"
        accept="application/json,.json"
        className="visually-hidden"
        tabIndex={-1}
        aria-label={t('offline.file.action')}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file) check.run(file);
          event.target.value = '';
        }}
      />
      <Button variant="primary" wide icon={FileText} busy={check.busy} onPress={() => picker.current?.click()}>
        {t('offline.file.action')}
      </Button>
      {check.error !== undefined && <Notice tone="danger" live="alert" title={t('offline.file.failed')} />}
    </section>
  );
}

function Trusted({ pinned, onForget }: { pinned: PinnedTrust; onForget: () => void }): ReactNode {
  const { t, language } = useLanguage();
  const kept = useLoaded(keepPage, 'page');
  const [isAsked, setAsked] = useState(false);
  return (
    <section className="card stack" aria-labelledby="trusted">
      <h2 id="trusted">{t('offline.trusted.title')}</h2>
      <Fingerprint label={t('offline.fingerprint')} value={pinned.fingerprint} />
      <p className="muted small">{t('offline.trusted.since', { moment: formatMoment(pinned.pinnedAt, language) })}</p>
      {kept.value !== undefined && (
        <p className="seat small" role="status" data-kept={kept.value}>
          <Wifi aria-hidden size={16} /> {t(KEPT[kept.value])}
        </p>
      )}
      {isAsked ? (
        <Notice tone="warning" title={t('offline.forget.title')}>
          <p>{t('offline.forget.text')}</p>
          <Button variant="danger" onPress={onForget}>
            {t('offline.forget.confirm')}
          </Button>
        </Notice>
      ) : (
        <Button variant="quiet" onPress={() => setAsked(true)}>
          {t('offline.forget.action')}
        </Button>
      )}
    </section>
  );
}

function Fingerprint({ label, value }: { label: string; value: string }): ReactNode {
  return (
    <p className="fingerprint">
      <span className="muted small">{label}</span>
      <code className="code break" data-testid="fingerprint">
        {value}
      </code>
    </p>
  );
}

function useAgeLabel(): (seconds: number) => string {
  const { t, language } = useLanguage();
  return (seconds) => t('offline.age.most', { age: formatAge(seconds, language) });
}
