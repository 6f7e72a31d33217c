/** What was used in a period. */
import type { ReactNode } from 'react';
import { api } from '../../api/client';
import { Button } from '../../components/Button';
import { downloadText } from '../../components/download';
import { Download } from '../../components/icons';
import { useKindTitle } from '../../components/kind';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { useLoaded } from '../../components/use-loaded';
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
            <Button
              icon={Download}
              onPress={() =>
                downloadText(
                  `${fileName('chancery-open-data', period)}.csv`,
                  csvOf(OPEN_DATA_COLUMNS, openData(value)),
                  'text/csv;charset=utf-8',
                )
              }
            >
              {t('portal.openData')}
            </Button>
          }
        >
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
              <p>{t('portal.report.more')}</p>
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
