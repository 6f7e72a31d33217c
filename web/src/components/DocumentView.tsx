/** A certificate as people read it: its members under the titles of the kind's schema. */
import type { ReactNode } from 'react';
import type { Kind } from '../api/types';
import { useLanguage } from '../i18n/language';
import type { CertificateDocument } from '../protocol/document';
import { formNode, formOf, getAt, pointerOf, type FormNode, type JsonSchema } from '../protocol/schema';
import { Details } from './Details';
import { formatDate } from './format';

export function DocumentView({ document, kind }: { document: CertificateDocument; kind: Kind | undefined }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <article className="document">
      <header className="document__head">
        <p className="document__issuer">{document.issuer.name}</p>
        <h2 className="document__title">{kind?.title[language] ?? document.format}</h2>
      </header>
      {kind ? (
        <SubjectView schema={kind.schema} value={document.subject} />
      ) : (
        <pre className="code" tabIndex={0}>{JSON.stringify(document.subject, null, 2)}</pre>
      )}
      <Details
        rows={[
          [t('certificate.validFrom'), formatDate(document.validFrom, language)],
          [
            t('certificate.validUntil'),
            document.validUntil === undefined ? t('certificate.withoutEnd') : formatDate(document.validUntil, language),
          ],
        ]}
      />
    </article>
  );
}

/** Data by its schema; members that are absent are left out. */
export function SubjectView({ schema, value }: { schema: JsonSchema; value: Record<string, unknown> }): ReactNode {
  const { language } = useLanguage();
  return <Nodes nodes={formOf(schema, schema, language)} schema={schema} value={value} />;
}

function Nodes(props: { nodes: FormNode[]; schema: JsonSchema; value: Record<string, unknown> }): ReactNode {
  const { t, language } = useLanguage();
  const { schema, value } = props;
  const present = props.nodes.filter((node) => getAt(value, node.path) !== undefined);
  const fields = present.filter((node) => node.node === 'field');
  return (
    <>
      {fields.length > 0 && (
        <Details rows={fields.map((node) => [node.title, textOf(getAt(value, node.path), node, t, language)])} />
      )}
      {present.map((node) => {
        if (node.node === 'field') return null;
        const children =
          node.node === 'group'
            ? node.children
            : entriesOf(getAt(value, node.path)).map((_, at) =>
                formNode(node.item, schema, language, {
                  path: [...node.path, at],
                  required: true,
                  fallbackTitle: String(at + 1),
                }),
              );
        return (
          <section key={pointerOf(node.path)} className="document__group">
            <h3>{node.title}</h3>
            <Nodes nodes={children} schema={schema} value={value} />
          </section>
        );
      })}
    </>
  );
}

function entriesOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(
  value: unknown,
  node: FormNode & { node: 'field' },
  t: ReturnType<typeof useLanguage>['t'],
  language: 'en' | 'zh',
): string {
  if (typeof value === 'boolean') return t(value ? 'form.yes' : 'form.no');
  if (typeof value !== 'string' && typeof value !== 'number') return JSON.stringify(value);
  if (node.input.type === 'choice') {
    return node.input.options.find((option) => option.value === value)?.label ?? String(value);
  }
  return node.input.type === 'date' && typeof value === 'string' ? formatDate(value, language) : String(value);
}
