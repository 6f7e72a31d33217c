/** A report as it is looked at and printed: a head with its period, tables, and the ways to take it along. */
import { useState, type ReactNode } from 'react';
import { Button } from '../../components/Button';
import { DataTable } from '../../components/DataTable';
import { download, downloadText } from '../../components/download';
import { formatMoment } from '../../components/format';
import { Download, Printer } from '../../components/icons';
import { useLanguage } from '../../i18n/language';
import { csvOfTable, type Table } from './csv';
import type { Period } from './period';

const CSV = 'text/csv;charset=utf-8';

export interface SheetProps {
  title: string;
  /** Begins the names of its files. */
  name: string;
  period: Period;
  tables: Table[];
  /** What the file of JSON holds. */
  whole: unknown;
  /** Rows that are shown of a table at most; files have all. */
  maxRows?: number;
  /** More files, beside that of JSON and one of CSV for each table. */
  actions?: ReactNode;
  children?: ReactNode;
}

export function Sheet(props: SheetProps): ReactNode {
  const { t, language } = useLanguage();
  const { title, period, tables } = props;
  const [made] = useState(() => new Date().toISOString());
  const file = (id: string, ending: string): string => `${fileName(props.name, period)}${id}.${ending}`;
  return (
    <article className="sheet stack" aria-labelledby="sheet">
      <h2 id="sheet">{title}</h2>
      <p className="muted">
        {t('portal.report.period', {
          from: period.from.slice(0, 10),
          until: lastDayOf(period),
          made: formatMoment(made, language),
        })}
      </p>
      <div className="buttons no-print">
        <Button icon={Printer} onPress={() => print()}>
          {t('portal.print')}
        </Button>
        <Button icon={Download} onPress={() => download(file('', 'json'), props.whole)}>
          {t('portal.json')}
        </Button>
        {props.actions}
      </div>
      {props.children}
      {tables.map((table) => (
        <div key={table.id} className="stack sheet__part">
          <div className="page-head__row">
            <h3>{table.title}</h3>
            {table.rows.length > 0 && (
              <span className="no-print">
                <Button icon={Download} onPress={() => downloadText(file(`-${table.id}`, 'csv'), csvOfTable(table), CSV)}>
                  CSV<span className="visually-hidden">: {table.title}</span>
                </Button>
              </span>
            )}
          </div>
          {table.rows.length === 0 ? (
            <p className="muted">{t('chart.nothing')}</p>
          ) : (
            <DataTable label={table.title} columns={table.columns} rows={table.rows.slice(0, props.maxRows)} />
          )}
          {props.maxRows !== undefined && table.rows.length > props.maxRows && (
            <p className="muted">{t('portal.report.more', { shown: props.maxRows, all: table.rows.length })}</p>
          )}
        </div>
      ))}
    </article>
  );
}

export function fileName(name: string, period: Period): string {
  return `${name}-${period.from.slice(0, 10)}-${lastDayOf(period)}`;
}

function lastDayOf(period: Period): string {
  return new Date(Date.parse(period.to) - 1).toISOString().slice(0, 10);
}
