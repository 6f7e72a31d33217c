/** Saving a certificate for an inspector who has no network. */
import { useState, type ReactNode } from 'react';
import { Button } from '../../components/Button';
import { download } from '../../components/download';
import { ErrorNotice } from '../../components/ErrorNotice';
import { Download } from '../../components/icons';
import { Notice } from '../../components/Notice';
import { useAction } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import { carry } from './carrying';
import type { Holding } from './holding';
import type { OpenWallet } from './wallet';

export function Carry({ wallet, holding }: { wallet: OpenWallet; holding: Holding }): ReactNode {
  const { t } = useLanguage();
  const [isSaved, setSaved] = useState(false);
  const save = useAction(async () => {
    download(`chancery-${holding.certificate.kind}-presentation.json`, await carry(wallet, holding));
    setSaved(true);
  });
  return (
    <section className="card stack" aria-labelledby="carry">
      <h2 id="carry">{t('carry.title')}</h2>
      <p>{t('carry.text')}</p>
      <Notice tone="warning" title={t('carry.clear')} />
      <Button icon={Download} busy={save.busy} onPress={() => save.run()}>
        {t('carry.action')}
      </Button>
      {save.busy && <p className="muted small" role="status">{t('carry.waiting')}</p>}
      {save.error !== undefined && <ErrorNotice error={save.error} retry={() => save.run()} />}
      {isSaved && !save.busy && save.error === undefined && <Notice tone="success" live="status" title={t('carry.saved')} />}
    </section>
  );
}
