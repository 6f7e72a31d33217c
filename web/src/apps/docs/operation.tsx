import { useState, type ReactNode } from 'react';
import { useLanguage } from '../../i18n/language';
import { exampleOf, resolveSchema, typeName, type MediaObject, type OpenApi, type Operation, type SchemaObject } from './openapi';

export function OperationView({ item, document }: { item: Operation; document: OpenApi }): ReactNode {
  const { t } = useLanguage();
  const { operation } = item;
  const body = operation.requestBody?.content;
  return (
    <article className="card operation stack" id={item.id}>
      <h3 className="operation__head">
        <span className={`method method--${item.method}`}>{item.method.toUpperCase()}</span>
        <code>{item.path}</code>
      </h3>
      {/* What the gateway says of itself is English in every language. */}
      <div lang="en">
        {operation.summary !== undefined && <p>{operation.summary}</p>}
        {operation.description !== undefined && operation.description !== operation.summary && (
          <p className="muted">{operation.description}</p>
        )}
      </div>
      {(operation.parameters ?? []).length > 0 && (
        <div role="group" aria-label={t('docs.parameters')}>
          <h4>{t('docs.parameters')}</h4>
          <dl className="members">
            {operation.parameters?.map((parameter) => (
              <div key={`${parameter.in}-${parameter.name}`}>
                <dt>
                  <code>{parameter.name}</code> <span className="muted small">{parameter.in}</span>{' '}
                  {parameter.required && <span className="small">{t('docs.required')}</span>}
                </dt>
                <dd lang="en">
                  {parameter.schema && <code className="small">{typeName(parameter.schema, document)}</code>}{' '}
                  {parameter.description}
                </dd>
              </div>
            ))}
          </dl>
        </div>
      )}
      {body && (
        <div role="group" aria-label={t('docs.request')}>
          <h4>{t('docs.request')}</h4>
          <Media content={body} document={document} name={`${item.id}-request`} />
        </div>
      )}
      <div role="group" aria-label={t('docs.responses')}>
        <h4>{t('docs.responses')}</h4>
        {Object.entries(operation.responses ?? {}).map(([status, raw]) => {
          const name = raw.$ref?.match(/^#\/components\/responses\/(.+)$/)?.[1];
          const response = (name === undefined ? undefined : document.components?.responses?.[name]) ?? raw;
          return (
            <div key={status} className="response">
              <p>
                <span className={`status status--${status[0]}`}>{status}</span>{' '}
                <span lang="en">{response.description}</span>
              </p>
              {response.content && status.startsWith('2') && (
                <Media content={response.content} document={document} name={`${item.id}-${status}`} />
              )}
            </div>
          );
        })}
      </div>
    </article>
  );
}

function Media(props: { content: Record<string, MediaObject>; document: OpenApi; name: string }): ReactNode {
  const { t } = useLanguage();
  // There are hundreds of them, and few are ever opened: what is in one is made when it is.
  const [open, setOpen] = useState(false);
  const [type, media] = Object.entries(props.content)[0] ?? [];
  if (type === undefined || !media?.schema) return null;
  return (
    <details className="disclosure" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t('docs.shape')} <span className="muted small">{type}</span>
      </summary>
      {open && <Shape media={media} schema={media.schema} document={props.document} name={props.name} />}
    </details>
  );
}

function Shape(props: { media: MediaObject; schema: SchemaObject; document: OpenApi; name: string }): ReactNode {
  const { t } = useLanguage();
  const example = props.media.example ?? exampleOf(props.schema, props.document);
  return (
    <>
      <Members schema={props.schema} document={props.document} />
      <p className="small muted">{t('docs.example')}</p>
      <pre className="code" tabIndex={0} role="region" aria-label={`${t('docs.example')} ${props.name}`}>
        {typeof example === 'string' ? example : JSON.stringify(example, null, 2)}
      </pre>
    </>
  );
}

function Members({ schema: raw, document }: { schema: SchemaObject; document: OpenApi }): ReactNode {
  const { t } = useLanguage();
  const { schema } = resolveSchema(raw, document);
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return null;
  return (
    <dl className="members">
      {properties.map(([name, member]) => {
        const { schema: resolved } = resolveSchema(member, document);
        return (
          <div key={name}>
            <dt>
              <code>{name}</code> {(schema.required ?? []).includes(name) && <span className="small">{t('docs.required')}</span>}
            </dt>
            <dd lang="en">
              <code className="small">{typeName(member, document)}</code> {member.description ?? resolved.description}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
