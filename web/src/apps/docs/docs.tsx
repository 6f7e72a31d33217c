/** The REST interface, readable: rendered from /openapi.json, which the gateway makes of its own code. */
import { useMemo, useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import { LinkButton } from '../../components/Button';
import { TextInput } from '../../components/fields';
import { Download } from '../../components/icons';
import { Await, Empty } from '../../components/Loading';
import { PageHead, Shell } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage } from '../../i18n/language';
import { operationsOf, type OpenApi, type Operation } from './openapi';
import { OperationView } from './operation';

export default function DocsPage(): ReactNode {
  const { t } = useLanguage();
  const document = useLoaded(async () => (await api.openapi()) as OpenApi, 'openapi');
  return (
    <Shell app={t('docs.title')} title={t('docs.title')}>
      <PageHead
        title={t('docs.title')}
        lead={t('docs.lead')}
        actions={
          <LinkButton href="/openapi.json" icon={Download}>
            openapi.json
          </LinkButton>
        }
      />
      <Await of={document}>{(value) => <Reference document={value} />}</Await>
    </Shell>
  );
}

function Reference({ document }: { document: OpenApi }): ReactNode {
  const { t } = useLanguage();
  const [search, setSearch] = useState('');
  const operations = useMemo(() => operationsOf(document), [document]);
  const needle = search.trim().toLowerCase();
  const found = operations.filter(({ method, path, operation }) =>
    `${method} ${path} ${operation.summary ?? ''} ${operation.description ?? ''}`.toLowerCase().includes(needle),
  );
  const tags = groupByTag(found);
  return (
    <div className="reference">
      <nav className="reference__index" aria-label={t('docs.index')}>
        <TextInput label={t('docs.search')} type="search" required value={search} onChange={setSearch} />
        {tags.map(([tag, list]) => (
          <div key={tag}>
            <p className="reference__tag">{tag}</p>
            <ul>
              {list.map((one) => (
                <li key={one.id}>
                  <a href={`#${one.id}`}>
                    <span className={`method method--${one.method}`}>{one.method.toUpperCase()}</span>
                    <span className="reference__path">{one.path}</span>
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className="reference__body">
        <p className="muted small" lang="en">
          {document.info.title} {document.info.version} · OpenAPI {document.openapi}
        </p>
        {document.info.description !== undefined && <p lang="en">{document.info.description}</p>}
        {found.length === 0 && <Empty title={t('docs.none')} />}
        {tags.map(([tag, list]) => (
          <section key={tag} aria-labelledby={`tag-${tag}`}>
            <h2 id={`tag-${tag}`} className="reference__heading">
              {tag}
            </h2>
            {list.map((one) => (
              <OperationView key={one.id} item={one} document={document} />
            ))}
          </section>
        ))}
      </div>
    </div>
  );
}

function groupByTag(operations: Operation[]): [string, Operation[]][] {
  const groups = new Map<string, Operation[]>();
  for (const one of operations) groups.set(one.tag, [...(groups.get(one.tag) ?? []), one]);
  return [...groups];
}
