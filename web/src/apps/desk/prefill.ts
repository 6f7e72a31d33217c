import type { Kind } from '../../api/types';
import { formOf, getAt, setAt, type FormNode, type Path } from '../../protocol/schema';

/**
 * What an application says already, in the places of the certificate that are named alike: the clerk checks it, and does
 * not type it again. `graduateName` is `graduate.name`; a name that stands alone matches if nothing else has it.
 */
export function prefill(kind: Kind, details: Record<string, unknown>): Record<string, unknown> {
  const answers = new Map<string, unknown>();
  const ambiguous = new Set<string>();
  for (const node of leaves(formOf(kind.applicationSchema, kind.applicationSchema, 'en'))) {
    const value = getAt(details, node.path);
    if (value === undefined) continue;
    const name = String(node.path.at(-1));
    if (answers.has(name)) ambiguous.add(name);
    answers.set(name, value);
  }
  for (const name of ambiguous) answers.delete(name);

  let subject: Record<string, unknown> = {};
  for (const node of leaves(formOf(kind.schema, kind.schema, 'en'))) {
    const value =
      getAt(details, node.path) ?? answers.get(camelCase(node.path)) ?? answers.get(String(node.path.at(-1)));
    if (value !== undefined) subject = setAt(subject, node.path, value);
  }
  return subject;
}

function leaves(nodes: FormNode[]): FormNode[] {
  return nodes.flatMap((node) => (node.node === 'group' ? leaves(node.children) : [node]));
}

function camelCase(path: Path): string {
  return path.map((name, at) => (at === 0 ? String(name) : String(name).charAt(0).toUpperCase() + String(name).slice(1))).join('');
}
