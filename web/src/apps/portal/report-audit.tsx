/** What an audit of a period finds: the journal computed anew, and everything that happened with the result of its verification. */
import type { ReactNode } from 'react';
import { api, type Session } from '../../api/client';
import type { DataAudit } from '../../api/types';
import { Await } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import type { Period } from './period';
import type { Watch } from './portal';
import { Sheet } from './sheet';
import { auditTables, failedOf, MAX_SHOWN_EVENTS, type Audit } from './tables';

/** Parts of the journal that one report recomputes at most: half a million operations each. */
export const MAX_PARTS = 20;

/** The journal from its beginning, part by part, until its end, a difference, or `MAX_PARTS`. */
export async function auditOf(ask: (from: number) => Promise<DataAudit>): Promise<DataAudit> {
  let whole = await ask(0);
  for (let part = 1; part < MAX_PARTS && !whole.complete && whole.difference === null; part += 1) {
    const next = await ask(whole.next);
    // Where nothing is gained there is nothing more.
    if (next.next <= whole.next && !next.complete) return { ...whole, difference: next.difference };
    whole = {
      ...next,
      from: whole.from,
      submissions: whole.submissions + next.submissions,
      operations: whole.operations + next.operations,
      blocks: whole.blocks + next.blocks,
      sequence: [...whole.sequence, ...next.sequence],
    };
  }
  return whole;
}

async function loaded(session: Session, period: Period): Promise<Audit> {
  const [data, { rows, more }] = await Promise.all([
    auditOf((from) => api.dataAudit(session, from)),
    api.events(session, { ...period }),
  ]);
  return { data, events: rows, more };
}

export function AuditPreview({ watch, period }: { watch: Watch; period: Period }): ReactNode {
  const { t } = useLanguage();
  const audit = useLoaded(() => watch.account.run((session) => loaded(session, period)), `${period.from} ${period.to}`);
  return (
    <Await of={audit}>
      {(value) => (
        <Sheet
          title={t('portal.report.audit')}
          name="chancery-audit"
          period={period}
          tables={auditTables(value, t)}
          whole={value}
          maxRows={MAX_SHOWN_EVENTS}
        >
          <Judgement audit={value} />
          {value.more && (
            <Notice tone="warning">
              <p>{t('portal.audit.more', { count: value.events.length })}</p>
            </Notice>
          )}
        </Sheet>
      )}
    </Await>
  );
}

function Judgement({ audit }: { audit: Audit }): ReactNode {
  const { t } = useLanguage();
  const { data, events } = audit;
  const failed = failedOf(events).length;
  if (data.difference !== null) {
    return (
      <Notice tone="danger" live="alert">
        <p>
          {t('portal.audit.different', { check: data.difference.check, place: data.difference.place })}{' '}
          <span lang="en">{data.difference.detail}</span>
        </p>
      </Notice>
    );
  }
  if (failed > 0) {
    return (
      <Notice tone="danger" live="alert">
        <p>{t('portal.audit.unverified', { count: failed })}</p>
      </Notice>
    );
  }
  return (
    <Notice tone={data.complete ? 'success' : 'warning'}>
      <p>{t(data.complete ? 'portal.audit.well' : 'portal.audit.part')}</p>
    </Notice>
  );
}
