/**
 * A kind's JSON Schema as a form, and the check of what was filled in. The validator interprets the schema (no generated
 * code), so it works under a content security policy without 'unsafe-eval'.
 */
import { Validator, type Schema } from '@cfworker/json-schema';

export type Language = 'en' | 'zh';

export type Path = readonly (string | number)[];

export type FieldInput =
  | { type: 'text' | 'date' | 'email'; maxLength?: number; multiline?: boolean }
  | { type: 'number'; integer: boolean }
  | { type: 'choice'; options: { value: string | number; label: string }[] }
  | { type: 'boolean' };

/** What a form shows for one member of the schema. */
export type FormNode =
  | {
      node: 'field';
      /** From the subject's root. */
      path: Path;
      title: string;
      description?: string;
      /** The schema's own sentence, where it has none in the language that was asked for. */
      untranslated?: string;
      required: boolean;
      input: FieldInput;
      example?: string;
    }
  | { node: 'group'; path: Path; title: string; required: boolean; children: FormNode[] }
  | { node: 'list'; path: Path; title: string; required: boolean; minItems: number; maxItems: number; item: JsonSchema };

export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  enum?: (string | number)[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  examples?: unknown[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  [extension: string]: unknown;
}

/** Texts in several languages stand beside the standard ones in members that validators ignore. */
function localized(schema: JsonSchema, member: 'title' | 'description', language: Language): string | undefined {
  const plural = schema[`x-${member}`] ?? schema[`x-${member}s`];
  if (typeof plural === 'object' && plural !== null) {
    const text = (plural as Record<string, unknown>)[language];
    if (typeof text === 'string') return text;
  }
  const suffixed = schema[`x-${member}-${language}`] ?? schema[`${member}-${language}`];
  if (typeof suffixed === 'string') return suffixed;
  const plain = schema[member];
  // A title in another language is better than none; a whole sentence is not.
  return typeof plain === 'string' && (member === 'title' || language === 'en') ? plain : undefined;
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.match(/^#\/\$defs\/(.+)$/)?.[1];
  const target = name === undefined ? undefined : root.$defs?.[name];
  if (target === undefined) return schema;
  const own = Object.fromEntries(Object.entries(schema).filter(([member]) => member !== '$ref'));
  return { ...target, ...own };
}

function typeOf(schema: JsonSchema): string {
  const declared = Array.isArray(schema.type) ? schema.type.find((type) => type !== 'null') : schema.type;
  return declared ?? (schema.properties ? 'object' : 'string');
}

function optionLabels(schema: JsonSchema, language: Language): Record<string, string> {
  const labels = schema['x-labels'] ?? schema['x-enum-titles'] ?? schema['x-enum'] ?? schema['x-enumTitles'];
  if (typeof labels !== 'object' || labels === null) return {};
  const record = labels as Record<string, unknown>;
  const inLanguage = record[language];
  if (typeof inLanguage === 'object' && inLanguage !== null) return inLanguage as Record<string, string>;
  return Object.fromEntries(
    Object.entries(record).flatMap(([value, label]) => {
      const text = typeof label === 'object' && label !== null ? (label as Record<string, unknown>)[language] : label;
      return typeof text === 'string' ? [[value, text]] : [];
    }),
  );
}

/** Texts that may be longer than this get several lines. */
const MULTILINE_CHARACTERS = 300;

function inputOf(schema: JsonSchema, language: Language): FieldInput {
  const type = typeOf(schema);
  if (schema.enum) {
    const labels = optionLabels(schema, language);
    return {
      type: 'choice',
      options: schema.enum.map((value) => ({ value, label: labels[String(value)] ?? String(value) })),
    };
  }
  if (type === 'boolean') return { type: 'boolean' };
  if (type === 'number' || type === 'integer') return { type: 'number', integer: type === 'integer' };
  return {
    type: schema.format === 'date' ? 'date' : schema.format === 'email' ? 'email' : 'text',
    ...(schema.maxLength !== undefined && {
      maxLength: schema.maxLength,
      multiline: schema.maxLength > MULTILINE_CHARACTERS,
    }),
  };
}

/** Deepest nesting that a form shows. */
const MAX_FORM_DEPTH = 6;
/** Most entries of a list that a form offers when the schema names no bound. */
const MAX_LIST_ITEMS = 20;

/** The form of one member. */
export function formNode(
  raw: JsonSchema,
  root: JsonSchema,
  language: Language,
  at: { path: Path; required: boolean; fallbackTitle: string },
): FormNode {
  const schema = resolve(raw, root);
  const title = localized(schema, 'title', language) ?? at.fallbackTitle;
  const { path, required } = at;
  if (typeOf(schema) === 'object' && path.length < MAX_FORM_DEPTH) {
    return { node: 'group', path, title, required, children: formOf(schema, root, language, path, required) };
  }
  if (typeOf(schema) === 'array' && schema.items) {
    const minItems = schema.minItems ?? 0;
    return { node: 'list', path, title, required, minItems, maxItems: schema.maxItems ?? MAX_LIST_ITEMS, item: schema.items };
  }
  const description = localized(schema, 'description', language);
  const example = schema.examples?.[0];
  return {
    node: 'field',
    path,
    title,
    required,
    input: inputOf(schema, language),
    ...(description !== undefined && { description }),
    ...(description === undefined && schema.description !== undefined && { untranslated: schema.description }),
    ...((typeof example === 'string' || typeof example === 'number') && { example: String(example) }),
  };
}

/** The form of an object's members; constants are not asked for. */
export function formOf(
  raw: JsonSchema,
  root: JsonSchema,
  language: Language,
  path: Path = [],
  /** Members of a group that may be left out may be left out with it. */
  groupRequired = true,
): FormNode[] {
  const schema = resolve(raw, root);
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    resolve(member, root).const === undefined
      ? [
          formNode(member, root, language, {
            path: [...path, name],
            required: groupRequired && (schema.required ?? []).includes(name),
            fallbackTitle: name,
          }),
        ]
      : [],
  );
}

/** The members that a schema fixes by `const`: a form need not ask for them. */
export function constantsOf(raw: JsonSchema, root: JsonSchema = raw): Record<string, unknown> {
  const schema = resolve(raw, root);
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
      const resolved = resolve(member, root);
      return resolved.const !== undefined && (schema.required ?? []).includes(name) ? [[name, resolved.const]] : [];
    }),
  );
}

/** Answers that a schema accepts, for trying things out in a development city; `known` answers are taken where names match. */
export function sampleOf(schema: JsonSchema, language: Language, known: Record<string, string>): Record<string, unknown> {
  return sample(schema, '', { root: schema, language, known }) as Record<string, unknown>;
}

function sample(
  raw: JsonSchema,
  name: string,
  from: { root: JsonSchema; language: Language; known: Record<string, string> },
): unknown {
  const schema = resolve(raw, from.root);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const given = from.known[name] ?? schema.examples?.[0];
  if (given !== undefined) return given;
  switch (typeOf(schema)) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([member]) => (schema.required ?? []).includes(member))
          .map(([member, inner]) => [member, sample(inner, member, from)]),
      );
    case 'array':
      return schema.items ? [sample(schema.items, name, from)] : [];
    case 'boolean':
      return true;
    case 'number':
    case 'integer':
      return schema.minimum ?? 1;
    default: {
      const text = localized(schema, 'title', from.language) ?? name;
      const marked = from.language === 'zh' ? `${text}（示例）` : `${text} (sample)`;
      return schema.format === 'date' ? '2000-01-31' : marked.slice(0, schema.maxLength);
    }
  }
}

export interface Violation {
  /** JSON pointer of the member. */
  pointer: string;
  keyword: string;
  message: string;
}

/** What is wrong with a value; empty if nothing. */
export function violations(schema: JsonSchema, value: unknown): Violation[] {
  const { errors } = new Validator(schema as Schema, '2020-12', false).validate(value);
  return errors
    .filter((error) => error.keyword !== 'properties' && error.keyword !== '$ref')
    .map((error) => ({
      pointer: requiredPointer(error.keyword, error.error, error.instanceLocation.replace(/^#/, '')),
      keyword: error.keyword,
      message: error.error,
    }));
}

/** A missing member is reported at its parent; a form wants it at the member. */
function requiredPointer(keyword: string, message: string, pointer: string): string {
  const name = keyword === 'required' ? /"([^"]+)"/.exec(message)?.[1] : undefined;
  return name === undefined ? pointer : `${pointer}/${name}`;
}

export function pointerOf(path: Path): string {
  return path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function getAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[name] : undefined),
    value,
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** A copy of `value` with the member at `path` set, or removed when `member` is undefined; objects left empty go as well. */
export function setAt(value: Record<string, unknown>, path: Path, member: unknown): Record<string, unknown> {
  return (put(value, path, member) ?? {}) as Record<string, unknown>;
}

function put(value: unknown, path: Path, member: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return member;
  if (typeof name === 'number') {
    const list = Array.isArray(value) ? [...(value as unknown[])] : [];
    // An entry of a list keeps its place while it is being filled in.
    list[name] = put(list[name], rest, member) ?? {};
    return list;
  }
  const copy = { ...(value as Record<string, unknown> | undefined) };
  const inner = put(copy[name], rest, member);
  if (isEmpty(inner)) return Object.fromEntries(Object.entries(copy).filter(([key]) => key !== name));
  copy[name] = inner;
  return copy;
}
