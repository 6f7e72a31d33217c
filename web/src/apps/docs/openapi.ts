/** The little of OpenAPI 3.1 that a reader needs. */
export interface SchemaObject {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  items?: SchemaObject;
  properties?: Record<string, SchemaObject>;
  required?: string[];
  oneOf?: SchemaObject[];
  anyOf?: SchemaObject[];
  allOf?: SchemaObject[];
  example?: unknown;
  examples?: unknown[];
  const?: unknown;
  [more: string]: unknown;
}

export interface MediaObject {
  schema?: SchemaObject;
  example?: unknown;
}

export interface ParameterObject {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: SchemaObject;
}

export interface OperationObject {
  tags?: string[];
  summary?: string;
  description?: string;
  operationId?: string;
  parameters?: ParameterObject[];
  requestBody?: { description?: string; required?: boolean; content: Record<string, MediaObject> };
  responses?: Record<string, { description?: string; content?: Record<string, MediaObject>; $ref?: string }>;
  security?: Record<string, string[]>[];
}

export interface OpenApi {
  openapi: string;
  info: { title: string; version: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, OperationObject>>;
  components?: { schemas?: Record<string, SchemaObject>; responses?: Record<string, { description?: string; content?: Record<string, MediaObject> }> };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

export interface Operation {
  id: string;
  method: string;
  path: string;
  tag: string;
  operation: OperationObject;
}

export function operationsOf(api: OpenApi): Operation[] {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      return [{ id: `${method}-${path.replace(/[^a-z0-9]+/gi, '-')}`, method, path, tag: operation.tags?.[0] ?? 'other', operation }];
    }),
  );
}

export function resolveSchema(schema: SchemaObject, api: OpenApi): { schema: SchemaObject; name?: string } {
  const name = schema.$ref?.match(/^#\/components\/schemas\/(.+)$/)?.[1];
  const target = name === undefined ? undefined : api.components?.schemas?.[name];
  return target && name !== undefined ? { schema: target, name } : { schema };
}

/** Deepest nesting of an example. */
const MAX_EXAMPLE_DEPTH = 6;

/** An example made of the examples of the members, as the code declares them. */
export function exampleOf(raw: SchemaObject, api: OpenApi, depth = 0): unknown {
  const { schema } = resolveSchema(raw, api);
  if (schema.example !== undefined) return schema.example;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (depth > MAX_EXAMPLE_DEPTH) return null;
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, api, depth + 1))) as unknown;
  }
  const choice = (schema.oneOf ?? schema.anyOf)?.find((one) => one.type !== 'null');
  if (choice) return exampleOf(choice, api, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  if (schema.properties) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, member]) => [name, exampleOf(member, api, depth + 1)]),
    );
  }
  switch (type) {
    case 'array':
      return schema.items ? [exampleOf(schema.items, api, depth + 1)] : [];
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return true;
    case 'object':
      return {};
    default:
      return schema.format === 'date-time' ? '2026-11-21T08:00:00Z' : '…';
  }
}

export function typeName(raw: SchemaObject, api: OpenApi): string {
  const { schema, name } = resolveSchema(raw, api);
  const choice = schema.oneOf ?? schema.anyOf;
  if (choice) return choice.map((one) => typeName(one, api)).filter((one) => one !== 'null').join(' | ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type ?? name ?? 'any']).filter((one) => one !== 'null');
  if (types[0] === 'array' && schema.items) return `${typeName(schema.items, api)}[]`;
  const plain = types.join(' | ');
  return schema.format === undefined ? plain : `${plain} (${schema.format})`;
}
