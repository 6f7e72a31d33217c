/**
 * Stacked bars. The picture is one image for assistive technology, with its sum in words; every number stands in a table below it. What is written stands
 * beside the picture and not in it, so that it stays readable on a phone.
 */
import { useId, type ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import { DataTable, type Cell, type Column } from './DataTable';
import { formatNumber } from './format';

/** Of the picture; it is stretched to the place that there is. */
const WIDTH = 1000;
const HEIGHT = 200;
/** Part of a group's width that stays free. */
const GAP = 0.2;
/** Groups whose names all fit below the picture. */
const MAX_NAMED_GROUPS = 7;

export interface ChartProps {
  title: string;
  /** What stands on the axis: heading of the table's first column. */
  axis: string;
  groups: string[];
  series: string[];
  /** By group, then by series. */
  values: number[][];
}

interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  series: number;
}

/** Where the bars stand: each group's series on top of one another, the highest group as high as the picture. */
export function barsOf(values: number[][]): { bars: Bar[]; highest: number } {
  const highest = Math.max(0, ...values.map((group) => group.reduce((total, value) => total + value, 0)));
  const step = WIDTH / Math.max(values.length, 1);
  const bars: Bar[] = [];
  values.forEach((group, at) => {
    let top = HEIGHT;
    group.forEach((value, series) => {
      if (value <= 0 || highest === 0) return;
      const height = (value / highest) * HEIGHT;
      top -= height;
      bars.push({ x: (at + GAP / 2) * step, y: top, width: step * (1 - GAP), height, series });
    });
  });
  return { bars, highest };
}

export function Chart({ title, axis, groups, series, values }: ChartProps): ReactNode {
  const { t, language } = useLanguage();
  const id = useId();
  const { bars, highest } = barsOf(values);
  const total = values.flat().reduce((sum, value) => sum + value, 0);
  const named = groups.length <= MAX_NAMED_GROUPS ? groups : [groups[0] ?? '', groups.at(-1) ?? ''];
  const columns: Column[] = [{ label: axis }, ...series.map((label) => ({ label, number: true }))];
  const rows: Cell[][] = groups.map((group, at) => [group, ...(values[at] ?? [])]);
  return (
    <figure className="card chart" aria-labelledby={`${id}-title`}>
      <figcaption className="chart__head">
        <h3 id={`${id}-title`}>{title}</h3>
        <p className="chart__total">{formatNumber(total, language)}</p>
      </figcaption>
      {total === 0 ? (
        <p className="muted">{t('chart.nothing')}</p>
      ) : (
        <>
          <ul className="chart__legend">
            {series.map((label, at) => (
              <li key={label}>
                <svg aria-hidden="true" className="chart__key" viewBox="0 0 10 10">
                  <rect className={`chart__bar chart__bar--${at}`} width="10" height="10" />
                </svg>
                {label}
              </li>
            ))}
          </ul>
          <p className="chart__highest" aria-hidden="true">
            {formatNumber(highest, language)}
          </p>
          <svg
            className="chart__picture"
            role="img"
            aria-label={t('chart.summary', {
              title,
              total: formatNumber(total, language),
              first: groups[0] ?? '',
              last: groups.at(-1) ?? '',
              highest: formatNumber(highest, language),
            })}
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
          >
            {bars.map((bar) => (
              <rect
                key={`${bar.x}-${bar.series}`}
                className={`chart__bar chart__bar--${bar.series}`}
                x={bar.x}
                y={bar.y}
                width={bar.width}
                height={bar.height}
              />
            ))}
          </svg>
          <p className={`chart__axis chart__axis--${named.length}`} aria-hidden="true">
            {named.map((group) => (
              <span key={group}>{group}</span>
            ))}
          </p>
        </>
      )}
      {total > 0 && (
        <details className="chart__numbers">
          <summary>
            {t('chart.table')}
            <span className="visually-hidden">: {title}</span>
          </summary>
          <DataTable label={title} columns={columns} rows={rows} />
        </details>
      )}
    </figure>
  );
}
