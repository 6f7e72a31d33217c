/** Contracts on their way: proposed, reviewed, deployed, released, withdrawn, each step signed by an operator. They are signed at the command line, and looked at here. */
import { useState, type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Contract, ContractStep } from '../../api/types';
import { Details, Identifier } from '../../components/Details';
import { SelectInput } from '../../components/fields';
import { formatMoment } from '../../components/format';
import { Await, Empty } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { PageHead } from '../../components/Shell';
import { useLoaded } from '../../components/use-loaded';
import { useLanguage, type TextKey } from '../../i18n/language';
import type { Watch } from './portal';
import { CONTRACT_TEXT } from './words';

const BADGE: Record<Contract['status'], string> = {
  proposed: 'suspended',
  approved: 'suspended',
  deployed: 'suspended',
  released: 'valid',
  rejected: 'revoked',
  withdrawn: 'revoked',
};

export function ContractsPage({ watch }: { watch: Watch }): ReactNode {
  const { t, optional } = useLanguage();
  const chains = watch.city.chains.chains.filter((chain) => chain.contracts.contractReleases !== undefined);
  const [chain, setChain] = useState(chains[0]?.name ?? 'main');
  const contracts = useLoaded(() => api.contracts(chain), chain);
  return (
    <>
      <PageHead title={t('portal.nav.contracts')} lead={t('contracts.lead')} />
      <Notice>
        <p>{t('contracts.signed')}</p>
      </Notice>
      <SelectInput
        label={t('start.chains.name')}
        value={chain}
        onChange={setChain}
        options={chains.map(({ name }) => ({ value: name, label: optional(`chain.${name}`) ?? name }))}
      />
      <Await of={contracts}>
        {(list) =>
          list.length === 0 ? (
            <Empty title={t('contracts.none')} />
          ) : (
            <ul className="cards">
              {/* The newest proposal first. */}
              {list.toReversed().map((contract) => (
                <ContractCard key={contract.release} contract={contract} />
              ))}
            </ul>
          )
        }
      </Await>
    </>
  );
}

function ContractCard({ contract }: { contract: Contract }): ReactNode {
  const { t } = useLanguage();
  const steps: [TextKey, ContractStep | undefined][] = [
    ['contracts.proposed', contract.proposed],
    [contract.status === 'rejected' ? 'contracts.rejected' : 'contracts.approved', contract.reviewed],
    ['contracts.deployed', contract.deployed],
    ['contracts.released', contract.released],
    ['contracts.withdrawn', contract.withdrawn],
  ];
  const taken = steps.flatMap(([key, step]): [string, ReactNode][] => (step === undefined ? [] : [[t(key), <Step key={key} step={step} />]]));
  return (
    <li className="card stack" data-release={contract.release}>
      <div className="page-head__row">
        <h2>{t('contracts.title', { name: contract.name, version: contract.version })}</h2>
        <span className={`badge badge--${BADGE[contract.status]}`}>{t(CONTRACT_TEXT[contract.status])}</span>
      </div>
      {contract.status === 'proposed' && <p>{t('contracts.waits')}</p>}
      <Details
        rows={[
          [t('contracts.release'), <Identifier key="release" value={contract.release} label={t('contracts.release')} />],
          [t('contracts.address'), <Identifier key="address" value={contract.address} label={t('contracts.address')} />],
          ...taken,
        ]}
      />
    </li>
  );
}

function Step({ step }: { step: ContractStep }): ReactNode {
  const { t, language } = useLanguage();
  return (
    <>
      {formatMoment(step.time, language)} · <Identifier value={step.operator} label={t('contracts.operator')} />
    </>
  );
}
