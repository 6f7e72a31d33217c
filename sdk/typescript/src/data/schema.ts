/**
 * JSON Schema 2020-12, as far as formats of data use it, for what is checked before it is sealed and by nobody after that (DATA-11). A keyword that is not known here is never
 * passed over: the schema is refused then, and whoever has a validator of their own gives that.
 */
import { InputError } from '../errors.js';

/** Most violations that are told. */
const MAX_VIOLATIONS = 20;
const MAX_DEPTH = 128;

/** Says nothing of what is valid. */
const ANNOTATIONS: readonly string[] = [
  '$schema', '$id', '$comment', '$defs', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'x-metadata',
];

const DATE = /^\d{4}-\d\d-\d\d$/;
// RFC 3339, 5.6, without leap seconds.
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

type Schema = Readonly<Record<string, unknown>>;

interface Check {
  readonly root: unknown;
  readonly violations: string[];
}

/** A rule that a value breaks; `undefined` when it keeps it. */
type Keyword = (rule: unknown, value: unknown, at: Place) => void;

interface Place {
  readonly check: Check;
  readonly schema: Schema;
  /** JSON Pointer into the value. */
  readonly path: string;
  readonly depth: number;
}

/** What a content breaks, as JSON pointers with the keyword; nothing of the content. @throws InputError for a schema that is not understood */
export function violationsOf(schema: unknown, value: unknown): readonly string[] {
  const check: Check = { root: schema, violations: [] };
  apply(schema, value, '', 0, check);
  return check.violations.slice(0, MAX_VIOLATIONS);
}

function apply(schema: unknown, value: unknown, path: string, depth: number, check: Check): void {
  if (depth > MAX_DEPTH) throw new InputError('the schema or the content is nested too deep');
  if (schema === true) return;
  if (schema === false) {
    check.violations.push(`${path}: false`);
    return;
  }
  if (!isObject(schema)) throw new InputError('the schema is not what a JSON Schema is');
  for (const [keyword, rule] of Object.entries(schema)) {
    if (ANNOTATIONS.includes(keyword)) continue;
    const applies = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (applies === undefined) throw new InputError(`the schema has the keyword ${JSON.stringify(keyword)}, which is not checked here: give a validator`);
    applies(rule, value, { check, schema, path, depth });
  }
}

function holds(schema: unknown, value: unknown, at: Place): boolean {
  const check: Check = { root: at.check.root, violations: [] };
  apply(schema, value, at.path, at.depth + 1, check);
  return check.violations.length === 0;
}

function within(schema: unknown, value: unknown, at: Place, name?: string | number): void {
  const path = name === undefined ? at.path : `${at.path}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  apply(schema, value, path, at.depth + 1, at.check);
}

/** A keyword that a value keeps or breaks as a whole. */
function rule(keyword: string, keeps: (rule: unknown, value: unknown, at: Place) => boolean): Keyword {
  return (given, value, at) => {
    if (!keeps(given, value, at)) at.check.violations.push(`${at.path}: ${keyword}`);
  };
}

const number = (keyword: string, keeps: (value: number, bound: number) => boolean): Keyword =>
  rule(keyword, (bound, value) => typeof value !== 'number' || keeps(value, numberOf(bound)));
const length = (keyword: string, keeps: (length: number, bound: number) => boolean, of: (value: unknown) => number | undefined): Keyword =>
  rule(keyword, (bound, value) => {
    const found = of(value);
    return found === undefined || keeps(found, numberOf(bound));
  });
const atLeast = (value: number, bound: number): boolean => value >= bound;
const atMost = (value: number, bound: number): boolean => value <= bound;
// Code points, as the specification counts.
const letters = (value: unknown): number | undefined => (typeof value === 'string' ? Array.from(value).length : undefined);
const items = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);
const members = (value: unknown): number | undefined => (isObject(value) ? Object.keys(value).length : undefined);

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: rule('type', (types, value) => (Array.isArray(types) ? types : [types]).some((type) => isOfType(type, value))),
  enum: rule('enum', (values, value) => listOf(values).some((one) => isSame(one, value))),
  const: rule('const', (one, value) => isSame(one, value)),
  minimum: number('minimum', atLeast),
  maximum: number('maximum', atMost),
  exclusiveMinimum: number('exclusiveMinimum', (value, bound) => value > bound),
  exclusiveMaximum: number('exclusiveMaximum', (value, bound) => value < bound),
  multipleOf: number('multipleOf', (value, bound) => Number.isInteger(value / bound)),
  minLength: length('minLength', atLeast, letters),
  maxLength: length('maxLength', atMost, letters),
  minItems: length('minItems', atLeast, items),
  maxItems: length('maxItems', atMost, items),
  minProperties: length('minProperties', atLeast, members),
  maxProperties: length('maxProperties', atMost, members),
  pattern: rule('pattern', (pattern, value) => typeof value !== 'string' || patternOf(pattern).test(value)),
  format: rule('format', (format, value) => typeof value !== 'string' || formatOf(format)(value)),
  uniqueItems: rule('uniqueItems', (isAsked, value) => isAsked !== true || !Array.isArray(value) || value.every((one, index) => value.findIndex((other) => isSame(one, other)) === index)),
  required: rule('required', (names, value) => !isObject(value) || listOf(names).every((name) => Object.hasOwn(value, name as string))),
  dependentRequired: rule('dependentRequired', (needs, value) =>
    !isObject(value) || Object.entries(objectOf(needs)).every(([name, others]) => !Object.hasOwn(value, name) || listOf(others).every((other) => Object.hasOwn(value, other as string)))),
  properties: (schemas, value, at) => {
    if (!isObject(value)) return;
    for (const [name, schema] of Object.entries(objectOf(schemas))) if (Object.hasOwn(value, name)) within(schema, value[name], at, name);
  },
  patternProperties: (schemas, value, at) => {
    if (!isObject(value)) return;
    for (const [pattern, schema] of Object.entries(objectOf(schemas))) {
      for (const [name, member] of Object.entries(value)) if (patternOf(pattern).test(name)) within(schema, member, at, name);
    }
  },
  additionalProperties: (schema, value, at) => {
    if (!isObject(value)) return;
    const known = Object.keys(objectOf(at.schema.properties ?? {}));
    const patterns = Object.keys(objectOf(at.schema.patternProperties ?? {})).map(patternOf);
    for (const [name, member] of Object.entries(value)) {
      if (!known.includes(name) && !patterns.some((pattern) => pattern.test(name))) within(schema, member, at, name);
    }
  },
  propertyNames: (schema, value, at) => {
    if (isObject(value)) for (const name of Object.keys(value)) within(schema, name, at);
  },
  prefixItems: (schemas, value, at) => {
    if (Array.isArray(value)) listOf(schemas).slice(0, value.length).forEach((schema, index) => within(schema, value[index], at, index));
  },
  items: (schema, value, at) => {
    const from = Array.isArray(at.schema.prefixItems) ? at.schema.prefixItems.length : 0;
    if (Array.isArray(value)) value.slice(from).forEach((item, index) => within(schema, item, at, from + index));
  },
  allOf: (schemas, value, at) => listOf(schemas).forEach((schema) => within(schema, value, at)),
  anyOf: rule('anyOf', (schemas, value, at) => listOf(schemas).some((schema) => holds(schema, value, at))),
  oneOf: rule('oneOf', (schemas, value, at) => listOf(schemas).filter((schema) => holds(schema, value, at)).length === 1),
  not: rule('not', (schema, value, at) => !holds(schema, value, at)),
  if: (schema, value, at) => {
    const branch = holds(schema, value, at) ? at.schema.then : at.schema.else;
    if (branch !== undefined) within(branch, value, at);
  },
  // With `if`, or without a meaning.
  then: () => undefined,
  else: () => undefined,
  $ref: (reference, value, at) => within(referred(reference, at.check.root), value, at),
};

function isOfType(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'boolean':
    case 'string':
    case 'number':
      return typeof value === type;
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    default:
      throw new InputError('the schema names a type that there is not');
  }
}

function isSame(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((one, index) => isSame(one, right[index]));
  if (!isObject(left) || !isObject(right)) return left === right;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => Object.hasOwn(right, name) && isSame(left[name], right[name]));
}

/** Within the schema alone, by a JSON Pointer (RFC 6901). */
function referred(reference: unknown, root: unknown): unknown {
  if (reference === '#') return root;
  if (typeof reference !== 'string' || !reference.startsWith('#/')) throw new InputError('the schema refers beyond itself: give a validator');
  let found = root;
  for (const part of reference.slice(2).split('/')) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if ((!isObject(found) && !Array.isArray(found)) || !Object.hasOwn(found, name)) throw new InputError('the schema refers to what is not in it');
    found = (found as Schema)[name];
  }
  return found;
}

/** The formats that are checked; any other is refused, since a gateway's validator may know it. */
function formatOf(format: unknown): (text: string) => boolean {
  const known: Readonly<Record<string, (text: string) => boolean>> = {
    date: (text) => DATE.test(text) && isDay(text),
    'date-time': (text) => DATE_TIME.test(text) && isDay(text.slice(0, 10)),
    uuid: (text) => UUID.test(text),
  };
  const found = typeof format === 'string' && Object.hasOwn(known, format) ? known[format] : undefined;
  if (found === undefined) throw new InputError(`the schema has the format ${JSON.stringify(format)}, which is not checked here: give a validator`);
  return found;
}

/** A day that the calendar has. */
function isDay(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}

function patternOf(pattern: unknown): RegExp {
  if (typeof pattern !== 'string') throw new InputError('the schema has a pattern that is no text');
  try {
    return new RegExp(pattern, 'u');
  } catch (cause) {
    throw new InputError('the schema has a pattern that is not understood here: give a validator', { cause });
  }
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Schema {
  if (!isObject(value)) throw new InputError('the schema is not what a JSON Schema is');
  return value;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new InputError('the schema is not what a JSON Schema is');
  return value as unknown[];
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new InputError('the schema is not what a JSON Schema is');
  return value;
}
