/** What was used in a period. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import { Button } from '../../components/Button';
import { downloadText } from '../../components/download';
import { ErrorNotice } from '../../components/ErrorNotice';
import { Download } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { useAction, useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import { csvOf, OPEN_DATA_COLUMNS, openData } from './csv';
import type { Period } from './period';
import type { Watch } from './portal';
import { fileName, Sheet } from './sheet';
import { usageTables } from './tables';

export function UsagePreview({ watch, period }: { watch: Watch; period: Period }): ReactNode {
  const { t } = useLanguage();
  const kindTitle = useKindTitle(watch.city.kinds);
  const report = useLoaded(() => watch.account.run((session) => api.activityReport(session, { ...period })), `${period.from} ${period.to}`);
  const [partial, setPartial] = useState(false);
  // Not out of the report: it counts what an operator sees, and what is published is what everybody may have.
  const publishing = useAction(async () => {
    const open = await watch.account.run((session) => api.openData(session, { ...period }));
    setPartial(!open.whole);
    downloadText(`${fileName('chancery-open-data', period)}.csv`, csvOf(OPEN_DATA_COLUMNS, openData(open)), 'text/csv;charset=utf-8');
  });
  return (
    <Await of={report}>
      {(value) => (
        <Sheet
          title={t('portal.report.usage')}
          name="chancery-usage"
          period={period}
          tables={usageTables(value, t, kindTitle)}
          whole={value}
          actions={
            <Button icon={Download} busy={publishing.busy} onPress={() => publishing.run()}>
              {t('portal.openData')}
            </Button>
          }
        >
          {publishing.error !== undefined && <ErrorNotice error={publishing.error} />}
          {partial && (
            <Notice tone="warning" live="status">
              <p>{t('portal.openData.partial')}</p>
            </Notice>
          )}
          {value.unreachable.length > 0 && (
            <Notice tone="warning">
              <p>{t('portal.report.incomplete', { chains: value.unreachable.join(', ') })}</p>
            </Notice>
          )}
          {value.cut.length > 0 && (
            <Notice tone="warning">
              <p>{t('portal.report.cut', { resources: value.cut.join(', ') })}</p>
            </Notice>
          )}
          {value.more && (
            <Notice tone="warning">
              <p>{t('portal.report.uncounted')}</p>
            </Notice>
          )}
          {value.aliases.length > 0 && (
            <Notice tone="info">
              <p>{t('portal.report.aliases', { names: value.aliases.map(({ resource, of }) => `${resource} (${of})`).join(', ') })}</p>
            </Notice>
          )}
        </Sheet>
      )}
    </Await>
  );
}
