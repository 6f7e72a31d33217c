// @vitest-environment jsdom
// S-APP: the portal counts what the gateway counts, and every number of a picture stands in a table.
import { cleanup, configure, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActivityReport, Chain, DataAudit, OpenData, Quotas } from '../src/api/types';
import { alertsOf, OLD_ANCHOR_SECONDS } from '../src/apps/portal/alerts';
import { chartsOf } from '../src/apps/portal/charts';
import { counted, daysOf, MAX_SERIES, OTHERS } from '../src/apps/portal/counting';
import { csvCell, csvOf, OPEN_DATA_COLUMNS, openData } from '../src/apps/portal/csv';
import { Overview } from '../src/apps/portal/overview';
import { FeesPage } from '../src/apps/portal/fees';
import { amountOf, isCurrency, money } from '../src/apps/portal/money';
import { lastDays, periodOf } from '../src/apps/portal/period';
import { OrganizationsPage } from '../src/apps/portal/organizations';
import type { Watch } from '../src/apps/portal/portal';
import { boundOf, QuotasPage } from '../src/apps/portal/quotas';
import { auditOf, MAX_PARTS } from '../src/apps/portal/report-audit';
import { Reports } from '../src/apps/portal/reports';
import { UsagePreview } from '../src/apps/portal/report-usage';
import { ServicesPage } from '../src/apps/portal/services';
import { auditTables, billTables, usageTables } from '../src/apps/portal/tables';
import { barsOf, Chart } from '../src/components/Chart';
import { fill, LanguageProvider, type TextKey } from '../src/i18n/language';
import english from '../src/i18n/en.json';

// A machine that is shared by many is slow, and says nothing about the page.
configure({ asyncUtilTimeout: 15_000 });

const t = (key: TextKey, parameters?: Record<string, string | number>): string => fill(english[key], parameters);
const INSPECTOR = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
const SOURCE = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

const REPORT: ActivityReport = {
  from: '2026-11-20T00:00:00Z',
  to: '2026-11-23T00:00:00Z',
  madeAt: '2026-11-22T10:00:00Z',
  operations: [
    { day: '2026-11-20', format: 'reading/air-quality', source: SOURCE, count: 1461 },
    { day: '2026-11-20', format: 'reading/air-quality', source: INSPECTOR, count: 39 },
    { day: '2026-11-22', format: '=evil', source: SOURCE, count: 2 },
  ],
  certificates: [
    { day: '2026-11-20', kind: 'degree', change: 'issued', count: 12 },
    { day: '2026-11-21', kind: 'degree', change: 'revoked', count: 1 },
  ],
  standing: [
    { kind: 'degree', standing: 'valid', count: 11 },
    { kind: 'degree', standing: 'revoked', count: 1 },
  ],
  inspections: [{ day: '2026-11-21', kind: 'degree', outcome: 'valid', count: 7 }],
  inspectors: [{ inspector: INSPECTOR, organization: '11440300007542689X', count: 7 }],
  resources: 3,
  sharing: [{ day: '2026-11-22', resource: 'weather-daily', event: 'granted', count: 2 }],
  cut: [],
  restricted: [],
  aliases: [],
  more: false,
  unreachable: [],
};

/** Of the same period what everybody may have: fewer operations than an operator counts, no address, and no resource that not everybody may see. */
const OPEN: OpenData = {
  from: REPORT.from,
  to: REPORT.to,
  madeAt: REPORT.madeAt,
  whole: true,
  rows: [
    { day: '2026-11-20', topic: 'operations', name: 'reading/air-quality', event: 'accepted', count: 900 },
    { day: '2026-11-22', topic: 'sharing', name: 'weather-daily', event: 'granted', count: 2 },
  ],
};

const CHAIN: Chain = {
  name: 'degree',
  chainId: 7103,
  rpcUrl: '',
  genesisHash: '0x60',
  height: 42,
  kinds: ['degree'],
  contracts: {},
  anchors: [{ follows: 'main', height: 40, ageSeconds: 12, frozen: false }],
  consensus: {
    finalHeight: 42,
    epoch: 0,
    view: 50,
    waitingTransactions: 0,
    sick: false,
    findings: [],
    peers: [
      { organization: 'city 1', connected: true, blocksBehind: 0 },
      { organization: 'city 2', connected: true, blocksBehind: 3 },
    ],
  },
};

const NO_QUOTAS: Quotas = { nowMs: 0, dayEndsMs: 1, settings: [], changes: [], usage: [], leftOff: 0 };

function show(children: ReactNode): void {
  render(
    <LanguageProvider initial={{ language: 'en', texts: english }}>
      <main>{children}</main>
    </LanguageProvider>,
  );
}

/** Somebody who is signed in with these roles; whatever is asked, `fetch` answers. */
function watch(...roles: string[]): Watch {
  const account = {
    address: INSPECTOR,
    has: (role: string) => roles.includes(role),
    run: (call: (session: { token: string }) => unknown) => call({ token: 't' }),
  };
  return { account, city: { chains: { development: true, chains: [CHAIN] }, kinds: [] } } as unknown as Watch;
}

interface Asked {
  method: string;
  path: string;
  body: unknown;
}
let asked: Asked[];
let answers: Record<string, unknown>;

beforeEach(() => {
  asked = [];
  answers = {
    '/v1/chains': { development: true, chains: [CHAIN] },
    '/health': { status: 'ok', chains: {}, database: 'ok' },
    '/v1/quotas': NO_QUOTAS,
    '/v1/reports/activity': REPORT,
    '/v1/reports/open-data': OPEN,
  };
  vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
    asked.push({
      method: init.method ?? '',
      path: url.pathname + url.search,
      body: typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined,
    });
    const answer = answers[url.pathname];
    return Promise.resolve(new Response(JSON.stringify(answer ?? {}), { status: answer === undefined ? 404 : 200 }));
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function accessibilityProblems(): Promise<string[]> {
  // Colours need a layout, which only a browser has: web/e2e looks at them, and at whole pages.
  const found = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`);
}

describe('counting', () => {
  it('has every day of a period, also those on which nothing happened', () => {
    expect(daysOf(REPORT.from, REPORT.to)).toEqual(['2026-11-20', '2026-11-21', '2026-11-22']);
    expect(daysOf('2026-11-20T12:00:00Z', '2026-11-21T01:00:00Z')).toEqual(['2026-11-20', '2026-11-21']);
    expect(daysOf(REPORT.to, REPORT.from)).toEqual([]);
  });

  it('adds up what belongs together and loses nothing', () => {
    const rows = REPORT.operations.map((one) => ({ group: one.day, series: one.format, count: one.count }));
    const data = counted(rows, { groups: daysOf(REPORT.from, REPORT.to) });
    expect(data.series).toEqual(['reading/air-quality', '=evil']);
    expect(data.values).toEqual([[1500, 0], [0, 0], [0, 2]]);
  });

  it('puts what cannot be told apart any more into one series', () => {
    const rows = Array.from({ length: MAX_SERIES + 3 }, (_, at) => ({ group: 'g', series: `s${at}`, count: 10 - at }));
    const data = counted(rows);
    expect(data.series).toEqual(['s0', 's1', 's2', 's3', OTHERS]);
    expect(data.values).toEqual([[10, 9, 8, 7, 6 + 5 + 4 + 3]]);
  });

  it('takes whole days of UTC, and no more of them than the gateway', () => {
    expect(lastDays(7, Date.parse('2026-11-22T10:00:00Z'))).toEqual({ from: '2026-11-16T00:00:00Z', to: '2026-11-23T00:00:00Z' });
    expect(periodOf('2026-11-20', '2026-11-20')).toEqual({ from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' });
    expect(periodOf('2026-01-01', '2027-01-01')).toBeDefined();
    for (const [first, last] of [['2026-01-01', '2027-01-02'], ['2026-02-02', '2026-02-01'], ['', '2026-02-01'], ['2026-13-01', '2026-13-02']] as const) {
      expect(periodOf(first, last), `${first} ${last}`).toBeUndefined();
    }
  });
});

describe('a chart', () => {
  it('stacks its bars without overlap, the highest as high as the picture', () => {
    const { bars, highest } = barsOf([[3, 1], [0, 2], [0, 0]]);
    expect(highest).toBe(4);
    expect(bars.map((bar) => [bar.series, bar.y, bar.height])).toEqual([[0, 50, 150], [1, 0, 50], [1, 100, 100]]);
    expect(barsOf([]).bars).toEqual([]);
  });

  it('is one image with its sum in words, and has every number in a table', async () => {
    show(<Chart title="Things" axis="Day" groups={['Monday', 'Tuesday']} series={['red', 'blue']} values={[[1234, 5], [0, 7]]} />);
    const image = screen.getByRole('img');
    expect(image.getAttribute('aria-label')).toContain('1,246');
    const table = screen.getByRole('table', { hidden: true });
    const cells = within(table).getAllByRole('row', { hidden: true }).map((row) => [...row.children].map((cell) => cell.textContent));
    expect(cells).toEqual([['Day', 'red', 'blue'], ['Monday', '1,234', '5'], ['Tuesday', '0', '7']]);
    // The policy of the page allows no inline style.
    expect(document.querySelector('[style]')).toBeNull();
    expect(await accessibilityProblems()).toEqual([]);
  });

  it('is made of a report: each picture adds up to what was counted', () => {
    const charts = chartsOf(REPORT, t, (kind) => kind);
    const totals = charts.map((chart) => chart.values.flat().reduce((sum, value) => sum + value, 0));
    expect(totals).toEqual([1502, 1502, 12, 13, 7, 2]);
    expect(charts[2]?.series).toEqual(['Valid', 'Revoked']);
  });
});

describe('files', () => {
  it('are CSV that no spreadsheet takes for formulas', () => {
    expect([csvCell('a,"b"'), csvCell('=1+1'), csvCell('@a,b'), csvCell('plain'), csvCell(-3)]).toEqual(['"a,""b"""', `"'=1+1"`, `"'@a,b"`, '"plain"', '"-3"']);
    expect(csvOf(['a', 'b'], [['x', 1]])).toBe('\uFEFF"a","b"\r\n"x","1"\r\n');
  });

  // S-APP, M-SEC: a spreadsheet of a country with decimal commas reads `;` as the end of a cell, also inside of quotes.
  it('have no formula behind what a spreadsheet may take for the end of a cell', () => {
    const cells = [
      ['a;=1+1', "a;'=1+1"], ['a|@b', "a|'@b"], ['a\t-1', "a\t'-1"], ['a\n+1', "a\n'+1"], ['a\r\n=1', "a\r\n'=1"], ['; =1', ";' =1"], [';"=1"', `;'""=1""`],
      ['\u00A0=1', "'\u00A0=1"], ['＝1', "'＝1"], ['\t=1', "'\t'=1"], ['a;b=1', 'a;b=1'], ['[1,-2]', '[1,-2]'],
    ];
    for (const [text, neutral] of cells) expect(csvCell(text ?? ''), text).toBe(`"${neutral}"`);
  });

  // S-APP, S-DIR, M-PRIV
  it('of open data are the rows that the gateway publishes, with every number', () => {
    const rows = openData(OPEN);
    expect(JSON.stringify(rows)).not.toContain('0x');
    expect(rows).toEqual([
      ['2026-11-20', 'operations', 'reading/air-quality', 'accepted', 900],
      ['2026-11-22', 'sharing', 'weather-daily', 'granted', 2],
    ]);
  });

  it('have a table for each kind of number', () => {
    const tables = usageTables(REPORT, t, (kind) => kind);
    expect(tables.map((table) => [table.id, table.rows.length])).toEqual([['operations', 3], ['certificates', 2], ['standing', 2], ['inspections', 1], ['inspectors', 1], ['sharing', 1]]);
    for (const table of tables) for (const row of table.rows) expect(row.length, table.id).toBe(table.columns.length);
  });
});

describe('an audit', () => {
  const part = (from: number, next: number, more: Partial<DataAudit> = {}): DataAudit => ({
    from, next, complete: false, submissions: 1, operations: 10, blocks: 2, difference: null, sequence: [], ...more,
  });

  it('goes on part by part to the end, and adds up', async () => {
    const whole = await auditOf((from) => Promise.resolve(part(from, from + 5, { complete: from === 10 })));
    expect(whole).toMatchObject({ from: 0, next: 15, complete: true, operations: 30, submissions: 3 });
  });

  it('ends at the first difference, where nothing is gained, and after its bound', async () => {
    const difference = { check: 'leaf', place: 7, detail: 'd' };
    expect((await auditOf((from) => Promise.resolve(part(from, from + 5, from === 5 ? { difference } : {})))).difference).toEqual(difference);
    expect(await auditOf((from) => Promise.resolve(part(from, 5)))).toMatchObject({ complete: false, operations: 10 });
    let parts = 0;
    await auditOf((from) => Promise.resolve(part(from, from + ++parts)));
    expect(parts).toBe(MAX_PARTS);
  });

  it('tells what is proven from what only a journal says', () => {
    const event = (type: string, result?: 'verified' | 'failed') => ({ time: '', type, name: 'n', subject: 's', facts: '', ...(result && { verified: { result } }) });
    const tables = auditTables({ data: part(0, 1), events: [event('created', 'verified'), event('created', 'failed'), event('accessed')], more: false }, t);
    expect(tables[1]?.rows).toEqual([['Created', 1, 0, 1], ['Accessed', 0, 1, 0]]);
    expect(tables[2]?.rows.map((row) => row[5])).toEqual(['verified', 'does not verify', 'journal alone']);
  });
});

describe('alerts', () => {
  const alerts = (chain: Partial<Chain>): string[] =>
    alertsOf({ chains: [{ ...CHAIN, ...chain }] }, t, (name) => name).map((alert) => `${alert.tone}: ${alert.text}`);

  it('are none while everything is well', () => {
    expect(alerts({})).toEqual([]);
  });

  it('name what is wrong, and silence is wrong too', () => {
    expect(alerts({ height: null })).toEqual(['danger: degree does not answer.']);
    expect(alerts({ anchors: [{ follows: 'main', frozen: true }] })[0]).toMatch(/^danger: degree was shown two branches of main/);
    expect(alerts({ anchors: [{ follows: 'main', height: 1, ageSeconds: OLD_ANCHOR_SECONDS + 1, frozen: false }] })).toHaveLength(1);
    const gone = { finalHeight: 42, epoch: 0, view: 50, waitingTransactions: 0, sick: true, findings: ['no-quorum', 'from-the-future'], peers: [{ organization: 'city 2', connected: false }] };
    expect(alerts({ consensus: gone })).toEqual([
      'danger: degree: Too few validators are heard, so nothing becomes final.',
      'danger: degree: from-the-future',
      'warning: degree: no connection to city 2.',
    ]);
    const used = { ...NO_QUOTAS, usage: [{ subject: 'source:0x1', operations: 1, bytes: 1, minuteOperations: 1, usedUp: ['operationsPerDay'] }] };
    const known = { chains: [], health: { status: 'degraded' as const, chains: {}, database: 'unreachable' as const }, quotas: used, report: { ...REPORT, unreachable: ['degree'], cut: ['weather'] } };
    expect(alertsOf(known, t, (name) => name).map((alert) => alert.key)).toEqual(['database', 'uncounted degree', 'cut weather', 'quota source:0x1']);
  });
});

// C-FEE
describe('fees', () => {
  it('are written in hundredths, and what is no amount is none', () => {
    expect([money({ amount: 5, currency: 'CNY' }), money({ amount: 123_456, currency: 'EUR' })]).toEqual(['0.05 CNY', '1234.56 EUR']);
    expect(['0.5', '0.50', '12', '0', '1.234', '-1', '', '10000000.01'].map(amountOf)).toEqual([50, 50, 1200, 0, undefined, undefined, undefined, undefined]);
    expect(['CNY', 'cny', 'YUAN'].map(isCurrency)).toEqual([true, false, false]);
  });

  it('make a bill with a line for each price and inspector, and its sums', () => {
    const line = { inspector: INSPECTOR, organization: 'A', from: 'f', to: 't', count: 31, price: { amount: 50, currency: 'CNY' }, amount: 1550 } as const;
    const free = { inspector: INSPECTOR, organization: 'PUBLIC', from: 'f', to: 't', count: 4, amount: 0 } as const;
    const check = { ...line, count: 3, bytes: 2048, amount: 21 } as const;
    const bill = { from: '', to: '', madeAt: '', count: 35, lines: [line, free], checks: [check], totals: [{ currency: 'CNY', amount: 1550 }], unreachable: [] };
    const tables = billTables(bill, t);
    expect(tables[0]?.rows.map((row) => row.slice(4))).toEqual([[31, '0.50 CNY', '15.50 CNY'], [4, 'free', '0.00']]);
    expect(tables[1]?.rows).toEqual([['CNY', '15.50']]);
    expect(tables[2]?.rows.map((row) => row.slice(4))).toEqual([[3, 2048, '0.21 CNY']]);
  });

  it('are set by an operator after seeing what it does', async () => {
    answers['/v1/fees/prices'] = { prices: [], changes: [] };
    answers['/v1/fees/prices/organizations'] = { applied: false, effects: ['inspection by organizations: 0.50 CNY instead of no price'], recorded: [] };
    show(<FeesPage watch={watch('operator')} />);
    const user = userEvent.setup();
    await user.type(await screen.findByLabelText('Price'), '0.5');
    await user.click(screen.getByRole('button', { name: /^See what would change/ }));
    await screen.findByText('inspection by organizations: 0.50 CNY instead of no price');
    expect(asked.at(-1)).toEqual({ method: 'PUT', path: '/v1/fees/prices/organizations?check=true', body: { price: { amount: 50, currency: 'CNY' } } });
  });
});

describe('the pages', () => {
  it('show what the city does: pictures, chains with whoever runs them, and no inline style', async () => {
    show(<Overview watch={watch('supervisor')} />);
    await waitFor(() => expect(screen.getAllByRole('img')).toHaveLength(6));
    expect(screen.getByText('city 2: 3 blocks behind')).toBeTruthy();
    expect(screen.getByText('Nothing is wrong.')).toBeTruthy();
    expect(screen.getAllByText('1,502').length).toBeGreaterThan(0);
    expect(document.querySelector('[style]')).toBeNull();
  });

  it('make a report of the days that were chosen', async () => {
    show(<Reports watch={watch('operator')} />);
    const user = userEvent.setup();
    // Auditing is for supervisors.
    expect(within(screen.getByLabelText('Report')).getAllByRole('option')).toHaveLength(1);
    const [first, last] = [screen.getByLabelText<HTMLInputElement>('First day'), screen.getByLabelText<HTMLInputElement>('Last day')];
    await user.clear(first);
    await user.type(first, '2026-11-20');
    await user.clear(last);
    await user.type(last, '2026-11-22');
    await user.click(screen.getByRole('button', { name: 'Make the report' }));
    await screen.findByRole('heading', { name: 'Usage report' });
    expect(asked.at(-1)?.path).toBe('/v1/reports/activity?from=2026-11-20T00%3A00%3A00Z&to=2026-11-23T00%3A00%3A00Z');
    expect(screen.getByText(INSPECTOR, { exact: false, selector: 'th' })).toBeTruthy();
    expect(await accessibilityProblems()).toEqual([]);
  });

  // S-APP, M-PRIV: what is published is what the gateway publishes, not what whoever presses the button sees.
  it('publish open data as the gateway has them, and say when they are not whole', async () => {
    const written: string[] = [];
    vi.stubGlobal(
      'Blob',
      class {
        readonly size: number;

        constructor(parts: string[]) {
          this.size = written.push(...parts);
        }
      },
    );
    Object.assign(URL, { createObjectURL: () => 'blob:1', revokeObjectURL: () => undefined });
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    const period = { from: REPORT.from, to: REPORT.to };
    show(<UsagePreview watch={watch('operator')} period={period} />);
    const user = userEvent.setup();
    const button = await screen.findByRole('button', { name: /^Open data/ });
    await user.click(button);
    await waitFor(() => expect(written).toHaveLength(1));
    expect(asked.at(-1)?.path).toBe('/v1/reports/open-data?from=2026-11-20T00%3A00%3A00Z&to=2026-11-23T00%3A00%3A00Z&as=json');
    expect(written[0]).toBe(csvOf(OPEN_DATA_COLUMNS, openData(OPEN)));
    expect(screen.queryByText('Not everything could be counted: the file is not whole.')).toBeNull();
    answers['/v1/reports/open-data'] = { ...OPEN, whole: false };
    await user.click(button);
    await screen.findByText('Not everything could be counted: the file is not whole.');
    answers['/v1/reports/open-data'] = undefined;
    await user.click(button);
    await screen.findByRole('alert');
    expect(written).toHaveLength(2);
    click.mockRestore();
  });

  it('say what withdrawing a service would do before it is done', async () => {
    const service = { name: 'certificates.query', description: 'A certificate.', roles: [] };
    answers['/v1/services'] = { services: [service], withdrawn: [] };
    answers['/v1/services/certificates.query'] = { applied: false, effects: ['service certificates.query: withdrawn'], recorded: [] };
    show(<ServicesPage watch={watch('operator')} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /^Withdraw/ }));
    // What the gateway says itself is English, whatever the page speaks.
    expect((await screen.findByText('service certificates.query: withdrawn')).lang).toBe('en');
    expect(screen.getByText('A certificate.').lang).toBe('en');
    expect(asked.at(-1)).toEqual({ method: 'PUT', path: '/v1/services/certificates.query?check=true', body: { offered: false } });
    answers['/v1/services'] = { services: [], withdrawn: [service] };
    await user.click(screen.getByRole('button', { name: /^Do it/ }));
    await screen.findByRole('button', { name: /^Offer again/ });
    expect(asked.filter((one) => one.method === 'PUT').map((one) => one.path)).toEqual(['/v1/services/certificates.query?check=true', '/v1/services/certificates.query']);
    cleanup();
    show(<ServicesPage watch={watch('supervisor')} />);
    await screen.findByText('certificates.query');
    expect(screen.queryByRole('button', { name: /^Offer again/ })).toBeNull();
  });

  it('say what suspending an organization would do before it is done, and resume it', async () => {
    const organization = { code: 'OFFICE-1', name: 'Office (sample)', administrator: INSPECTOR, suspended: false, keys: [] };
    answers['/v1/organizations'] = { organizations: [organization] };
    answers['/v1/organizations/OFFICE-1/standing'] = { applied: false, effects: ['chain main: organization OFFICE-1 is suspended'], recorded: [] };
    show(<OrganizationsPage watch={watch('operator')} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /^Suspend/ }));
    await screen.findByText('chain main: organization OFFICE-1 is suspended');
    const path = '/v1/organizations/OFFICE-1/standing';
    expect(asked.at(-1)).toEqual({ method: 'PUT', path: `${path}?check=true`, body: { suspended: true } });
    answers['/v1/organizations'] = { organizations: [{ ...organization, suspended: true }] };
    await user.click(screen.getByRole('button', { name: /^Do it/ }));
    await user.click(await screen.findByRole('button', { name: /^Resume/ }));
    await screen.findByRole('status');
    expect(asked.filter((one) => one.method === 'PUT').map((one) => [one.path, one.body])).toEqual([
      [`${path}?check=true`, { suspended: true }],
      [path, { suspended: true }],
      [`${path}?check=true`, { suspended: false }],
    ]);
    cleanup();
    show(<OrganizationsPage watch={watch('supervisor')} />);
    await screen.findByText('OFFICE-1');
    expect(screen.queryByRole('button', { name: /^Resume/ })).toBeNull();
    expect(await accessibilityProblems()).toEqual([]);
  });

  it('ask for a quota with the bounds that are written, and leave out the others', async () => {
    answers['/v1/quotas/sources'] = { applied: false, effects: ['sources: 100 operations a day'], recorded: [] };
    show(<QuotasPage watch={watch('operator')} />);
    const user = userEvent.setup();
    await user.type(await screen.findByLabelText(/^Operations a day/), '100');
    await user.click(screen.getByRole('button', { name: /^See what would change/ }));
    await screen.findByText('sources: 100 operations a day');
    expect(asked.at(-1)).toEqual({ method: 'PUT', path: '/v1/quotas/sources?check=true', body: { operationsPerDay: 100 } });
    expect([boundOf(''), boundOf('0'), boundOf('1.5'), boundOf('-1'), boundOf('9'.repeat(16))]).toEqual([null, 0, undefined, undefined, undefined]);
  });
});
