/** Tables as text: CSV (RFC 4180) that a spreadsheet does not read as formulas, and the numbers that everybody may have. */
import type { ActivityReport } from '../../api/types';
import type { Cell, Column } from '../../components/DataTable';

export interface Table {
  /** In names of files: letters and dashes. */
  id: string;
  title: string;
  columns: Column[];
  rows: Cell[][];
}

/**
 * A place at which a spreadsheet may begin a cell with a formula: the beginning, or behind what it may take for the end of a cell when it guesses or takes its country's. It finds those inside of
 * quotes too: the quotes of a second cell of ours are for it in the middle of the first. Blanks and quotes before the sign are taken off by some.
 */
const FORMULA = /(?<=^|[;|\t\r\n])(?=(?:"|(?![\t\r\n])\s)*[=+\-@\t\r＝＋－＠])/g;

/** Always quoted; a formula gets an apostrophe before it, as in the gateway's own CSV. */
export function csvCell(cell: Cell): string {
  const text = typeof cell === 'number' ? String(cell) : cell.replaceAll(FORMULA, "'");
  return `"${text.replaceAll('"', '""')}"`;
}

/** With a byte order mark, without which spreadsheets misread Chinese. */
export function csvOf(columns: string[], rows: Cell[][]): string {
  return `\uFEFF${[columns, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

export function csvOfTable(table: Table): string {
  return csvOf(
    table.columns.map((column) => column.label),
    table.rows,
  );
}

export const OPEN_DATA_COLUMNS = ['day', 'topic', 'name', 'event', 'count'];

/**
 * Open data: what was counted, without any address, and without resources that not everybody may see. Names of members are those of the interface, in every language.
 */
export function openData(report: ActivityReport): Cell[][] {
  const restricted = new Set(report.restricted);
  const open = report.sharing.filter(({ resource }) => !restricted.has(resource));
  const operations = new Map<string, [string, string, number]>();
  for (const { day, format, count } of report.operations) {
    const before = operations.get(`${day} ${format}`);
    operations.set(`${day} ${format}`, [day, format, (before?.[2] ?? 0) + count]);
  }
  return [
    ...[...operations.values()].map(([day, format, count]): Cell[] => [day, 'operations', format, 'accepted', count]),
    ...report.certificates.map(({ day, kind, change, count }): Cell[] => [day, 'certificates', kind, change, count]),
    ...report.standing.map(({ kind, standing, count }): Cell[] => [report.to.slice(0, 10), 'standing', kind, standing, count]),
    ...report.inspections.map(({ day, kind, outcome, count }): Cell[] => [day, 'inspections', kind, outcome, count]),
    ...open.map(({ day, resource, event, count }): Cell[] => [day, 'sharing', resource, event, count]),
  ];
}
