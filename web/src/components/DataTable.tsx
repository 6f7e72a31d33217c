/** A table of numbers and names: rows are cards on a phone. */
import type { ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import { formatNumber } from './format';

export type Cell = string | number;

export interface Column {
  label: string;
  number?: boolean;
}

export function DataTable(props: { label: string; columns: Column[]; rows: Cell[][] }): ReactNode {
  const { language } = useLanguage();
  const { label, columns, rows } = props;
  const said = (cell: Cell): string => (typeof cell === 'number' ? formatNumber(cell, language) : cell);
  return (
    <div className="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="table table--stack">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.label} scope="col" {...(column.number && { className: 'number' })}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={`${at}-${String(row[0])}`}>
              {row.map((cell, place) => {
                const column = columns[place];
                return place === 0 ? (
                  <th key="first" scope="row" className="data-table__name">
                    {said(cell)}
                  </th>
                ) : (
                  <td key={column?.label} data-label={column?.label} {...(column?.number && { className: 'number' })}>
                    {said(cell)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
