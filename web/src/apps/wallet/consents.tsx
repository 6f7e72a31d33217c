/** What chains show of the wallet's owner, and what the owner agrees to (C-CHAINS): kinds of certificates, never their content. */
import { useId, useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { HolderKinds, ShownKind } from '../../api/types';
import { Button } from '../../components/Button';
import { CityNotice } from '../../components/CityNotice';
import { ErrorNotice } from '../../components/ErrorNotice';
import { SelectInput } from '../../components/fields';
import { formatDate, formatMoment } from '../../components/format';
import { BadgeCheck, Ban, Check, CircleHelp } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await, Empty } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { useAction, useLoaded } from '../../components/use-loaded';
import { href } from '../../components/use-route';
import { useLanguage } from '../../i18n/language';
import { examineShown, type ShownOf } from '../../offline/shown';
import { discloseTypedData } from '../../protocol/typed-data';
import type { OpenWallet } from './wallet';

const DAY_SECONDS = 24 * 3600;
/** For how many days an owner may agree here; a contract takes at most 366. */
const DURATIONS = ['30', '90', '365'] as const;

/** A kind that is not agreed to any more looks as if it never was. */
function isAgreed(shown: ShownKind, nowMs: number): boolean {
  return shown.agreedUntil !== undefined && Date.parse(shown.agreedUntil) > nowMs;
}

export function Consents({ wallet }: { wallet: OpenWallet }): ReactNode {
  const { t, optional } = useLanguage();
  const { chains } = wallet.city.chains;
  const [chain, setChain] = useState('main');
  const [done, setDone] = useState<string>();
  const found = useLoaded(
    async () => ({ ...(await api.holderKinds(chain, wallet.account.address)), nowMs: Date.now() }),
    chain,
  );
  const nameOf = (name: string): string => optional(`chain.${name}`) ?? name;
  return (
    <>
      <PageHead
        title={t('consents.title')}
        lead={t('consents.lead')}
        back={{ href: href('identity'), label: t('wallet.nav.identity') }}
      />
      <SelectInput
        label={t('consents.chain')}
        value={chain}
        onChange={(name) => {
          setDone(undefined);
          setChain(name);
        }}
        options={chains.map(({ name }) => ({ value: name, label: nameOf(name) }))}
      />
      {done !== undefined && (
        <Notice tone="success" live="status">
          <p>{done}</p>
        </Notice>
      )}
      <Await of={found}>
        {(answer) =>
          answer.kinds.length === 0 ? (
            <Empty title={t('consents.none')} />
          ) : (
            answer.kinds.map((shown) => (
              <ShownCard
                key={`${chain} ${shown.kind}`}
                wallet={wallet}
                of={answer}
                shown={shown}
                agreed={isAgreed(shown, answer.nowMs)}
                nowMs={answer.nowMs}
                chain={chain}
                onStart={() => setDone(undefined)}
                onDone={(block) => setDone(t('consents.done', { block, chain: nameOf(chain) }))}
                reload={found.reload}
              />
            ))
          )
        }
      </Await>
    </>
  );
}

function ShownCard(props: {
  wallet: OpenWallet;
  of: HolderKinds;
  shown: ShownKind;
  agreed: boolean;
  nowMs: number;
  /** The chain that was asked: what the answer says of itself is not believed. */
  chain: string;
  onStart: () => void;
  onDone: (block: number) => void;
  reload: () => void;
}): ReactNode {
  const { t, language } = useLanguage();
  const { wallet, of, shown, agreed } = props;
  const title = useKindTitle(wallet.city.kinds)(shown.kind);
  const heading = useId();
  const [days, setDays] = useState<string>(DURATIONS[0]);
  const sign = useAction(async (until: number) => {
    props.onStart();
    const { account, city } = wallet;
    const chain = city.chains.chains.find((one) => one.name === of.chain);
    if (chain === undefined) throw new Error(`the city has no chain '${of.chain}'`);
    const domain = { chainId: chain.chainId, verifyingContract: shown.contract };
    const consent = { holder: account.address, kind: shown.kind, until, nonce: shown.nextNonce };
    try {
      const signature = await account.signer.signTypedData(discloseTypedData(domain, consent));
      const body = { kind: shown.kind, until, nonce: shown.nextNonce, signature };
      const recorded = await account.run((session) => api.giveConsent(session, of.chain, body));
      props.onDone(recorded.blockNumber);
    } finally {
      // Also after a failure: another consent may have been sent meanwhile, and the next one needs its number.
      props.reload();
    }
  });
  return (
    <article className="card stack" aria-labelledby={heading}>
      <h2 id={heading}>{title}</h2>
      {agreed ? (
        <>
          <p>{t('consents.agreed', { date: formatDate(shown.agreedUntil ?? '', language) })}</p>
          <p className="muted small">
            {shown.held && shown.asOf !== undefined
              ? t('consents.held', { moment: formatMoment(shown.asOf, language) })
              : t('consents.pending')}
          </p>
          {shown.held && (
            <Proven city={wallet.city} of={{ chain: props.chain, holder: wallet.account.address }} shown={shown} nowMs={props.nowMs} />
          )}
          <p className="muted small">{t('consents.withdraw.text')}</p>
        </>
      ) : (
        <>
          <p>{t('consents.silent')}</p>
          <SelectInput
            label={t('consents.days')}
            value={days}
            onChange={setDays}
            options={DURATIONS.map((count) => ({ value: count, label: t('consents.duration', { count }) }))}
          />
        </>
      )}
      {sign.error !== undefined && <ErrorNotice error={sign.error} />}
      <div className="buttons">
        {agreed ? (
          <Button icon={Ban} busy={sign.busy} onPress={() => sign.run(0)}>
            {t('consents.withdraw')}
          </Button>
        ) : (
          <Button
            variant="primary"
            icon={Check}
            busy={sign.busy}
            onPress={() => sign.run(Math.floor(Date.now() / 1000) + Number(days) * DAY_SECONDS)}
          >
            {t('consents.give')}
          </Button>
        )}
      </div>
    </article>
  );
}

/** Whether that is proven here, in words and not by colour alone. */
function Proven(props: { city: OpenWallet['city']; of: ShownOf; shown: ShownKind; nowMs: number }): ReactNode {
  const { t, language } = useLanguage();
  const { city, of, shown, nowMs } = props;
  const { value: finding, error } = useLoaded(() => examineShown(city, of, shown, nowMs), `${of.chain} ${shown.kind} ${nowMs}`);
  if (error !== undefined) return <ErrorNotice error={error} />;
  if (finding === undefined) return null;
  if (finding.state === 'unproven') {
    return (
      <div className="stack" data-shown="unproven" data-check={finding.check}>
        <p>
          <span className="badge badge--suspended">
            <CircleHelp aria-hidden size={15} />
            {t('consents.unproven')}
          </span>
        </p>
        <p className="muted small">{t('consents.unproven.text', { check: finding.check })}</p>
      </div>
    );
  }
  const momentOf = (seconds: number): string => formatMoment(new Date(seconds * 1000).toISOString(), language);
  const { asOf, validUntil, agreedUntil } = finding.verified;
  const period =
    validUntil === undefined ? t('consents.period.unproven')
    : validUntil === 'unlimited' ? t('consents.period.unlimited')
    : t('consents.period.until', { moment: momentOf(validUntil) });
  return (
    <div className="stack" data-shown="proven">
      <p>
        <span className="badge badge--proven">
          <BadgeCheck aria-hidden size={15} />
          {t('consents.proven')}
        </span>
      </p>
      <p className="muted small">{t('consents.proven.text', { moment: momentOf(asOf), until: momentOf(agreedUntil), period })}</p>
      <CityNotice known={finding.known} />
    </div>
  );
}
