/** Operations of a sealed format on their way out: checked against its schema, then sealed. What is refused has not left. */
import { InputError } from '../errors.js';
import type { Address } from '../hex.js';
import { FormError, membersAt, safeIntegerAt } from '../light/json.js';
import type { Operation } from './operation.js';
import { violationsOf } from './schema.js';
import { sealContent, type SealContext } from './sealed.js';
import { textAt } from './statement.js';
import type { SealingTerms } from './submission.js';

/** What a gateway says of a format in force. */
export interface FormatInForce {
  readonly format: string;
  readonly version: number;
  readonly sealed: boolean;
  readonly schema: unknown;
}

/** Reads the gateway's answer; `undefined` when it is none. */
export function formatOf(value: unknown): FormatInForce | undefined {
  try {
    const { format, version, sealed, schema } = membersAt(value, 'format');
    if (typeof sealed !== 'boolean') return undefined;
    return { format: textAt(format, 'format'), version: safeIntegerAt(version, 'version'), sealed, schema };
  } catch (error) {
    if (error instanceof FormError) return undefined;
    throw error;
  }
}

/** @throws InputError for a content that breaks the format, a description, and terms of another format or version */
export async function sealOperations(
  operations: readonly Operation[],
  terms: SealingTerms,
  format: FormatInForce,
  chainId: number,
  source: Address,
): Promise<Operation[]> {
  const { sealTo = [], validate = (content) => violationsOf(format.schema, content) } = terms;
  if (!format.sealed) throw new InputError(`${terms.format} is not sealed: its content is submitted in clear`);
  if (format.version !== terms.formatVersion || format.format !== terms.format) {
    throw new InputError(`version ${format.version} of ${format.format} is in force, not ${terms.formatVersion} of ${terms.format}`);
  }
  const context: SealContext = { chainId, format: format.format, formatVersion: format.version, source };
  const sealed: Operation[] = [];
  for (const [index, operation] of operations.entries()) {
    if (operation.description !== undefined) throw new InputError(`operations[${index}]: a description stands in clear: put it into the content`);
    if (operation.contentHash !== undefined) {
      sealed.push(operation);
      continue;
    }
    const violations = validate(operation.content);
    if (violations.length > 0) throw new InputError(`operations[${index}]: the content breaks its format: ${violations.join(', ')}`);
    sealed.push({ ...operation, content: await sealContent(operation.content, context, sealTo) });
  }
  return sealed;
}
