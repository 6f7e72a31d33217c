/** DATA-11, M-SEC: contents that are sealed by whoever submits and opened by whoever is named. The vectors are those of crates/messages. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Client, EncryptionPublicKey, InputError, MessageKey, openContent, ProofFailure, sealContent, SealFailure, signSubmission, SourceKey, TrustedChain, type ChainEssentials, type Operation, type SealContext } from '../src/index.js';
import { violationsOf } from '../src/data/schema.js';
import { statementAt } from '../src/data/statement.js';
import { gatewayThat, json, ports } from './gateway.js';

interface Vector {
  secret: string;
  context: SealContext;
  plain: string;
  content: unknown;
}

const secretOf = (byte: number): MessageKey => new MessageKey(new Uint8Array(32).fill(byte));
const context: SealContext = { chainId: 7100, format: 'health/finding', formatVersion: 1, source: `0x${'01'.repeat(20)}` };
const finding = { diagnosis: 'influenza' };
const schema = { type: 'object', required: ['diagnosis'], additionalProperties: false, properties: { diagnosis: { type: 'string', minLength: 3 } } };

async function checkOf(attempt: Promise<unknown>): Promise<string | undefined> {
  const failure: unknown = await attempt.catch((error: unknown) => error);
  return failure instanceof SealFailure ? failure.check : undefined;
}

describe('a sealed content', () => {
  it('of the shared vector is opened', async () => {
    const vector = JSON.parse(readFileSync(new URL('../../../crates/messages/vectors/content-by-typescript.json', import.meta.url), 'utf8')) as Vector;
    const opened = await openContent(vector.content, vector.context, new MessageKey(`0x${vector.secret}`));
    expect(JSON.stringify(opened)).toBe(vector.plain);
  });

  it('is opened by each of its readers, for its source and format, and by nobody else', async () => {
    const sealed = await sealContent(finding, context, [secretOf(1).publicKey, secretOf(2).publicKey, secretOf(1).publicKey]);
    expect(sealed.recipients).toHaveLength(2);
    expect(JSON.stringify(sealed)).not.toContain('influenza');
    for (const byte of [1, 2]) expect(await openContent(sealed, context, secretOf(byte))).toEqual(finding);
    expect(await checkOf(openContent(sealed, context, secretOf(3)))).toBe('key-opens');
    for (const other of [{ chainId: 1 }, { format: 'health/other' }, { formatVersion: 2 }, { source: `0x${'02'.repeat(20)}` as const }]) {
      expect(await checkOf(openContent(sealed, { ...context, ...other }, secretOf(1)))).toBe('context-own');
    }
    const flipped = { ...sealed, tag: sealed.tag.startsWith('A') ? `B${sealed.tag.slice(1)}` : `A${sealed.tag.slice(1)}` };
    expect(await checkOf(openContent(flipped, context, secretOf(1)))).toBe('content-unaltered');
    for (const wrong of [finding, 'a.b.c', { ...sealed, note: 1 }, { ...sealed, recipients: [] }, { ...sealed, iv: 'AA' }]) {
      expect(await checkOf(openContent(wrong, context, secretOf(1)))).toBe('content-sealed');
    }
  });

  it('is sealed to somebody, whose key protects it', async () => {
    await expect(sealContent(finding, context, [])).rejects.toThrow(InputError);
    expect(await checkOf(sealContent(finding, context, [new EncryptionPublicKey(new Uint8Array(32))]))).toBe('key-strong');
  });
});

describe('what is proven before it is opened', () => {
  it('is what the source has signed, and nothing that somebody else has sealed in its name', async () => {
    const vectors = JSON.parse(readFileSync(new URL('../../../crates/data/vectors/operation-proof.json', import.meta.url), 'utf8')) as { chain: ChainEssentials; proof: { operation: string } };
    const answer = { proof: vectors.proof };
    const { url } = await gatewayThat((response) => json(response, answer.proof));
    const client = new Client({ gateway: url, ports: ports().ports });
    const found = { at: { place: 1, index: 0 }, digest: `0x${'00'.repeat(32)}`, operation: vectors.proof.operation } as const;
    const open = (): Promise<unknown> => client.openProven(found, secretOf(1), new TrustedChain(vectors.chain));
    // Genuine, and in clear.
    expect(await checkOf(open())).toBe('content-sealed');
    // Genuine, and of another operation than was found.
    const other = client.openProven({ ...found, operation: '{"time":1}' }, secretOf(1), new TrustedChain(vectors.chain));
    await expect(other).rejects.toThrow('another operation');
    const content = await sealContent(finding, context, [secretOf(1).publicKey]);
    answer.proof = { ...vectors.proof, operation: JSON.stringify({ time: 1, content }) };
    await expect(open()).rejects.toThrow(ProofFailure);
  });
});

describe('a submission of a sealed format', () => {
  const key = SourceKey.generate('EdDSA');
  const terms = { format: 'health/finding', formatVersion: 1, control: { access: 'restricted', retentionDays: 30, basis: 'consent', readers: [`0x${'0a'.repeat(20)}`] } } as const;
  const city = async (sealed = true): Promise<{ client: Client; asked: { path: string; body: string }[] }> => {
    const { url, asked } = await gatewayThat((response, { path }) => {
      if (path === '/v1/chains') json(response, { chains: [{ name: 'main', chainId: 7100 }] });
      else json(response, { format: 'health/finding', version: 1, chain: 'main', sealed, schema });
    });
    return { client: new Client({ gateway: url, ports: ports().ports }), asked };
  };

  it('leaves sealed to its readers, who open what was found of it', async () => {
    const { client, asked } = await city();
    const signed = await client.sign(key, [{ time: 1, subject: 'case 7', content: finding }], { ...terms, sealTo: [secretOf(1).publicKey] });
    expect(signed.body).not.toContain('influenza');
    expect(signed.statement.control.readers).toEqual(terms.control.readers);
    const [operation] = (JSON.parse(signed.body) as { operations: unknown[] }).operations;
    const found = { operation: JSON.stringify(operation), format: 'health/finding', formatVersion: 1, source: key.source };
    expect(await client.open(found, secretOf(1))).toEqual(finding);
    expect(await checkOf(client.open(found, secretOf(2)))).toBe('key-opens');
    await client.sign(key, [{ time: 1, content: finding }], { ...terms, sealTo: [secretOf(1).publicKey] });
    expect(asked.filter(({ path }) => path === '/v1/formats/health%2Ffinding')).toHaveLength(1);
  });

  it('that breaks the format, says something in clear or is of another version does not leave', async () => {
    const { client } = await city();
    const sealTo = [secretOf(1).publicKey];
    const refused = (operation: Operation, more: object = {}): Promise<string> =>
      client.sign(key, [operation], { ...terms, sealTo, ...more }).then(String, (error: unknown) => (error instanceof InputError ? error.message : String(error)));
    expect(await refused({ time: 1, content: { diagnosis: 'secret', note: 'x' } })).toContain('/note');
    expect(await refused({ time: 1, content: { diagnosis: 7 } })).not.toContain('7');
    expect(await refused({ time: 1, description: 'flu', content: finding })).toContain('description');
    expect(await refused({ time: 1, content: finding }, { formatVersion: 2 })).toContain('version 1');
    expect(await refused({ time: 1, content: finding }, { validate: () => ['/diagnosis: mine'] })).toContain('mine');
    expect(() => signSubmission(key, [{ time: 1, content: finding }], { ...terms, sealTo } as typeof terms, 7100, 1)).toThrow(InputError);
    const open = await city(false);
    await expect(open.client.sign(key, [{ time: 1, content: finding }], { ...terms, sealTo })).rejects.toThrow('not sealed');
  });

  it('names readers of restricted data alone', () => {
    const signed = (control: object): object => signSubmission(key, [{ time: 1, content: 1 }], { ...terms, control: { ...terms.control, ...control } }, 7100, 1).statement;
    expect(statementAt(JSON.parse(JSON.stringify(signed({})))).control).toEqual(terms.control);
    for (const control of [{ access: 'public' }, { readers: ['anybody'] }, { readers: Array(17).fill('organization:CLINIC') }]) {
      expect(() => signed(control), JSON.stringify(control)).toThrow(InputError);
    }
    expect(signed({ readers: ['organization:CLINIC'] })).toMatchObject({ control: { readers: ['organization:CLINIC'] } });
  });
});

describe('a schema', () => {
  it('says what a content breaks, and where', () => {
    const of = (more: object, value: unknown): readonly string[] => violationsOf(more, value);
    expect(of(schema, finding)).toEqual([]);
    expect(of(schema, {})).toEqual([': required']);
    expect(of(schema, { diagnosis: 'x', 'a/b': 1 })).toEqual(['/a~1b: false', '/diagnosis: minLength']);
    expect(of({ $defs: { n: { type: 'integer', minimum: 1 } }, items: { $ref: '#/$defs/n' } }, [1, 0, 1.5])).toEqual(['/1: minimum', '/2: type']);
    expect(of({ oneOf: [{ type: 'number' }, { const: 1 }] }, 1)).toEqual([': oneOf']);
    expect(of({ if: { required: ['a'] }, then: { required: ['b'] }, else: false }, { a: 1 })).toEqual([': required']);
    expect(of({ prefixItems: [true], items: false }, [1, 2])).toEqual(['/1: false']);
    expect(of({ patternProperties: { '^x': { type: 'null' } }, additionalProperties: false }, { xa: 1, b: 1 })).toEqual(['/xa: type', '/b: false']);
    expect(of({ uniqueItems: true }, [{ a: 1 }, { a: 1 }])).toEqual([': uniqueItems']);
    expect(of({ format: 'date' }, '2026-02-30')).toEqual([': format']);
    expect(of({ format: 'date-time' }, '2026-02-28T10:00:00Z')).toEqual([]);
  });

  it('with what is not checked here is refused, not passed over', () => {
    for (const strange of [{ unevaluatedProperties: false }, { format: 'email' }, { $ref: 'https://example.org' }, { $ref: '#/$defs/none' }, { type: 'text' }, { pattern: '(' }]) {
      expect(() => violationsOf(strange, 'x'), JSON.stringify(strange)).toThrow(InputError);
    }
    expect(() => violationsOf({ $ref: '#' }, 1)).toThrow(InputError);
  });
});
