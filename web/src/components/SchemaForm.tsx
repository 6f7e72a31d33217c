/** A form made of a JSON Schema: what an office asks for is data, not code. */
import type { ReactNode } from 'react';
import { chineseHint } from '../i18n/hints';
import { useLanguage } from '../i18n/language';
import { formNode, formOf, getAt, pointerOf, setAt, type FormNode, type JsonSchema, type Path, type Violation } from '../protocol/schema';
import { Button } from './Button';
import { CheckboxInput, SelectInput, TextInput } from './fields';
import { Plus, X } from './icons';

interface SchemaFormProps {
  schema: JsonSchema;
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
  violations: Violation[];
}

export function SchemaForm(props: SchemaFormProps): ReactNode {
  const { language } = useLanguage();
  return (
    <div className="form-grid">
      {formOf(props.schema, props.schema, language).map((node) => (
        <Node key={pointerOf(node.path)} node={node} {...props} />
      ))}
    </div>
  );
}

function Node(props: SchemaFormProps & { node: FormNode }): ReactNode {
  const { node } = props;
  switch (node.node) {
    case 'field':
      return <FieldNode {...props} node={node} />;
    case 'group':
      return (
        <fieldset className="fieldset form-grid">
          <legend>{node.title}</legend>
          {node.children.map((child) => (
            <Node key={pointerOf(child.path)} {...props} node={child} />
          ))}
        </fieldset>
      );
    case 'list':
      return <ListNode {...props} node={node} />;
  }
}

function ListNode(props: SchemaFormProps & { node: FormNode & { node: 'list' } }): ReactNode {
  const { t, language } = useLanguage();
  const { node, schema, value, onChange } = props;
  const present = getAt(value, node.path);
  const entries: unknown[] = Array.isArray(present) ? present : [];
  const shown = Math.max(entries.length, node.minItems);
  const replace = (list: unknown[]): void => onChange(setAt(value, node.path, list));
  return (
    <fieldset className="fieldset stack">
      <legend>{node.title}</legend>
      {Array.from({ length: shown }, (_, at) => (
        <div key={at} className="list-entry form-grid">
          <Node
            {...props}
            node={formNode(node.item, schema, language, {
              path: [...node.path, at],
              required: true,
              fallbackTitle: t('form.entry', { number: at + 1 }),
            })}
          />
          {shown > node.minItems && (
            <Button variant="quiet" icon={X} onPress={() => replace(entries.filter((_, other) => other !== at))}>
              {t('form.removeEntry', { number: at + 1 })}
            </Button>
          )}
        </div>
      ))}
      {shown < node.maxItems && (
        <Button icon={Plus} onPress={() => replace([...entries, {}])}>
          {t('form.addEntry', { title: node.title })}
        </Button>
      )}
    </fieldset>
  );
}

function FieldNode(props: SchemaFormProps & { node: FormNode & { node: 'field' } }): ReactNode {
  const { t, language } = useLanguage();
  const { node, value, onChange } = props;
  const current = getAt(value, node.path);
  const set = (member: unknown): void => onChange(setAt(value, node.path, member));
  const error = useViolation(props.violations, node.path);
  const translated = language === 'zh' && node.untranslated !== undefined ? chineseHint(node.untranslated) : undefined;
  const hint =
    node.description ?? translated ?? (node.example === undefined ? undefined : t('form.example', { example: node.example }));
  const text = typeof current === 'string' || typeof current === 'number' ? String(current) : '';
  const name = node.path.join('.');
  const shared = { label: node.title, hint, error, required: node.required, name };
  switch (node.input.type) {
    case 'boolean':
      return <CheckboxInput label={node.title} checked={current === true} onChange={(on) => set(on ? true : undefined)} />;
    case 'choice': {
      const { options } = node.input;
      return (
        <SelectInput
          {...shared}
          value={text}
          placeholder={t('form.choose')}
          options={options.map((option) => ({ value: String(option.value), label: option.label }))}
          onChange={(chosen) => set(options.find((option) => String(option.value) === chosen)?.value)}
        />
      );
    }
    case 'number':
      return (
        <TextInput
          {...shared}
          value={text}
          inputMode={node.input.integer ? 'numeric' : 'decimal'}
          onChange={(typed) => set(numberOrText(typed))}
        />
      );
    default:
      return (
        <TextInput
          {...shared}
          value={text}
          type={node.input.type}
          multiline={node.input.multiline ?? false}
          {...(node.input.maxLength !== undefined && { maxLength: node.input.maxLength })}
          onChange={(typed) => set(typed === '' ? undefined : typed)}
        />
      );
  }
}

/** What is not a number stays what was typed, so that the check can say so. */
function numberOrText(typed: string): number | string | undefined {
  if (typed.trim() === '') return undefined;
  const value = Number(typed);
  return Number.isFinite(value) && !typed.endsWith('.') ? value : typed;
}

const KEYWORD_TEXT = {
  required: 'form.error.required',
  pattern: 'form.error.pattern',
  format: 'form.error.format',
  minLength: 'form.error.short',
  maxLength: 'form.error.long',
  minimum: 'form.error.range',
  maximum: 'form.error.range',
  exclusiveMinimum: 'form.error.range',
  type: 'form.error.type',
  enum: 'form.error.choice',
} as const;

function useViolation(violations: Violation[], path: Path): string | undefined {
  const { t } = useLanguage();
  const found = violations.find((violation) => violation.pointer === pointerOf(path));
  if (!found) return undefined;
  const key = found.keyword in KEYWORD_TEXT ? KEYWORD_TEXT[found.keyword as keyof typeof KEYWORD_TEXT] : 'form.error.other';
  return t(key);
}
