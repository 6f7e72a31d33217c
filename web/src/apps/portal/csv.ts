/** Tables as text: CSV (RFC 4180) that a spreadsheet does not read as formulas, and the numbers that everybody may have. */
import type { OpenData } from '../../api/types';
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

/** Open data as the gateway publishes them: none of the counts of a report, which are those that whoever made it sees. Names of members are those of the interface, in every language. */
export function openData({ rows }: OpenData): Cell[][] {
  return rows.map(({ day, topic, name, event, count }) => [day, topic, name, event, count]);
}
