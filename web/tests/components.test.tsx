// @vitest-environment jsdom
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { decodeQR } from 'qr/decode.js';
import { encodeQR } from 'qr';
import { useState, type ReactNode } from 'react';
import { afterEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../src/api/client';
import { Button } from '../src/components/Button';
import { DocumentView } from '../src/components/DocumentView';
import { ErrorNotice } from '../src/components/ErrorNotice';
import { QrCode } from '../src/components/QrCode';
import { SchemaForm } from '../src/components/SchemaForm';
import { Shell } from '../src/components/Shell';
import { StatusBadge } from '../src/components/StatusBadge';
import { LanguageProvider, type Language, type Texts } from '../src/i18n/language';
import english from '../src/i18n/en.json';
import chinese from '../src/i18n/zh.json';
import type { JsonSchema } from '../src/protocol/schema';
import type { Kind } from '../src/api/types';

const texts: Record<Language, Texts> = { en: english, zh: chinese };

function show(children: ReactNode, language: Language = 'en'): void {
  render(<LanguageProvider initial={{ language, texts: texts[language] }}>{children}</LanguageProvider>);
}

afterEach(() => {
  cleanup();
  localStorage.clear();
});

const SCHEMA: JsonSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', title: 'Name', 'x-title-zh': '姓名' },
    level: { type: 'string', title: 'Level', 'x-title-zh': '级别', enum: ['bachelor', 'master'], 'x-labels': { bachelor: { en: 'Bachelor', zh: '学士' }, master: { en: 'Master', zh: '硕士' } } },
    points: { type: 'number', title: 'Points', 'x-title-zh': '学分' },
    owners: { type: 'array', title: 'Owners', 'x-title-zh': '权利人', minItems: 1, items: { type: 'object', title: 'Owner', 'x-title-zh': '权利人', properties: { name: { type: 'string', title: 'Owner name', 'x-title-zh': '姓名' } }, required: ['name'] } },
  },
  required: ['name', 'level', 'owners'],
};

function Form({ onValue }: { onValue: (value: unknown) => void }): ReactNode {
  const [value, setValue] = useState<Record<string, unknown>>({});
  return (
    <SchemaForm
      schema={SCHEMA}
      value={value}
      onChange={(next) => {
        setValue(next);
        onValue(next);
      }}
      violations={[{ pointer: '/name', keyword: 'required', message: '' }]}
    />
  );
}

describe('a form made of a schema', () => {
  it('asks for each member under its title and gives back a value of the right types', async () => {
    let value: unknown;
    show(<Form onValue={(next) => (value = next)} />);
    const user = userEvent.setup();
    await user.type(screen.getByLabelText('Name'), 'Li Hua');
    await user.selectOptions(screen.getByLabelText('Level'), 'Master');
    await user.type(screen.getByLabelText(/^Points/), '12.5');
    await user.type(screen.getByLabelText('Owner name'), 'Zhao Lin');
    expect(value).toEqual({ name: 'Li Hua', level: 'master', points: 12.5, owners: [{ name: 'Zhao Lin' }] });
  });

  it('says beside the field what is wrong, in words that a screen reader ties to it', () => {
    show(<Form onValue={() => undefined} />);
    const field = screen.getByLabelText('Name');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    const described = field.getAttribute('aria-describedby') ?? '';
    expect(described.split(' ').map((id) => document.getElementById(id)?.textContent)).toContain('Please fill this in.');
  });

  it('speaks Chinese', () => {
    show(<Form onValue={() => undefined} />, 'zh');
    expect(screen.getByLabelText('级别').textContent).toContain('硕士');
  });

  it.each([
    ['en', 'Number of the certificate as printed on it (GB/T 36903, licence number).'],
    ['zh', '证照上印制的编号（GB/T 36903 所称证照编号）。'],
  ] as const)('ties a hint in the reader\'s language to its field: %s', (language, hint) => {
    const description = 'Number of the certificate as printed on it (GB/T 36903, licence number).';
    const schema = { properties: { number: { type: 'string', title: 'Number', 'x-title-zh': '编号', description } }, required: ['number'] };
    show(<SchemaForm schema={schema} value={{}} onChange={() => undefined} violations={[]} />, language);
    const described = screen.getByLabelText(language === 'zh' ? '编号' : 'Number').getAttribute('aria-describedby') ?? '';
    expect(described.split(' ').map((id) => document.getElementById(id)?.textContent)).toContain(hint);
  });
});

describe('an error', () => {
  const error = (code: string): ProblemError =>
    new ProblemError({ type: `/problems/${code}`, title: 'Its title.', status: 409, detail: 'a particular', instance: '', code, remedy: 'Its remedy.' });

  it('is told in Chinese, and the gateway\'s own sentence in it is marked as English', () => {
    show(<ErrorNotice error={error('already-decided')} />, 'zh');
    expect(screen.getByText('a particular').lang).toBe('en');
    expect(screen.getByText(chinese['problem.already-decided.title']).lang).toBe('');
    expect(screen.getByText(chinese['problem.already-decided.remedy']).lang).toBe('');
  });

  it('that this page has no text for is marked as English altogether', () => {
    show(<ErrorNotice error={error('from-the-future')} />, 'zh');
    for (const text of ['Its title.', 'Its remedy.', 'a particular']) expect(screen.getByText(text).lang, text).toBe('en');
  });
});

describe('a document', () => {
  it('is read under the titles of its kind', () => {
    const kind: Kind = { kind: 'degree', chain: 'degree', title: { en: 'Degree certificate', zh: '学位证书' }, version: 1, schema: SCHEMA, applicationSchema: {}, source: '' };
    show(
      <DocumentView
        kind={kind}
        document={{
          format: 'chancery/degree/1',
          id: '0x00',
          issuer: { organization: 'X', name: '大学' },
          holder: '0x00',
          validFrom: '2026-11-21T00:00:00Z',
          subject: { name: '李华', level: 'master', owners: [{ name: 'Zhao Lin' }] },
          salt: '',
        }}
      />,
      'zh',
    );
    expect(screen.getByRole('heading', { name: '学位证书' })).toBeTruthy();
    expect(screen.getByText('硕士')).toBeTruthy();
    expect(screen.getByText('Zhao Lin')).toBeTruthy();
    expect(screen.queryByText('学分')).toBeNull();
  });
});

describe('the shell', () => {
  it('switches the language, marks the document with it, and remembers', async () => {
    show(
      <Shell app="x" title="x">
        <StatusBadge standing="revoked" />
      </Shell>,
    );
    expect(document.documentElement.lang).toBe('en');
    expect(screen.getByText('Revoked')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: '中文' }));
    await waitFor(() => expect(document.documentElement.lang).toBe('zh-Hans'));
    expect(screen.getByText('已撤销')).toBeTruthy();
    expect(localStorage.getItem('chancery.language')).toBe('zh');
  });
});

describe('a busy button', () => {
  it('says so and does nothing', async () => {
    let pressed = 0;
    show(
      <Button busy onPress={() => (pressed += 1)}>
        Send
      </Button>,
    );
    const button = screen.getByRole('button');
    expect(button.textContent).toContain('working');
    await userEvent.click(button);
    expect(pressed).toBe(0);
  });
});

describe('a QR code', () => {
  const TEXT = `https://city.example/inspect#P.${'a'.repeat(22)}.${'B'.repeat(43)}`;

  it('has a name and a quiet zone', () => {
    show(<QrCode text={TEXT} label="QR code" />);
    const image = screen.getByRole('img', { name: 'QR code' });
    const path = image.querySelector('path')?.getAttribute('d') ?? '';
    expect(path.startsWith('M4 4h1v1h-1z')).toBe(true);
  });

  it('is small enough to scan from a phone, and reads back', () => {
    const rows = encodeQR(TEXT, 'raw', { ecc: 'medium', border: 4 });
    expect(rows.length).toBeLessThanOrEqual(57);
    const scale = 4;
    const size = rows.length * scale;
    const data = new Uint8ClampedArray(size * size * 4).fill(255);
    rows.forEach((row, y) =>
      row.forEach((dark, x) => {
        if (!dark) return;
        for (let dy = 0; dy < scale; dy += 1) {
          for (let dx = 0; dx < scale; dx += 1) {
            data.fill(0, ((y * scale + dy) * size + x * scale + dx) * 4, ((y * scale + dy) * size + x * scale + dx) * 4 + 3);
          }
        }
      }),
    );
    expect(decodeQR({ width: size, height: size, data }, { timeLimit: 5_000, effort: 4 })).toBe(TEXT);
  });
});
