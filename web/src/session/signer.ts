/** Who signs: keys in this browser, public sample keys, or a wallet that the browser's owner has installed (EIP-1193). */
import { getAddress, type Address, type Hex, type TypedDataDefinition } from 'viem';
import type { Chain } from '../api/types';
import type { PersonKeys } from '../protocol/keys';

export interface Signer {
  kind: 'browser' | 'sample' | 'injected';
  address: Address;
  signMessage: (text: string) => Promise<Hex>;
  signTypedData: (data: TypedDataDefinition) => Promise<Hex>;
}

export function signerOfKeys(keys: PersonKeys, kind: 'browser' | 'sample'): Signer {
  return {
    kind,
    address: keys.account.address,
    signMessage: (message) => keys.account.signMessage({ message }),
    signTypedData: (data) => keys.account.signTypedData(data),
  };
}

interface InjectedProvider {
  request: (request: { method: string; params?: unknown[] }) => Promise<unknown>;
}

export function injectedProvider(): InjectedProvider | undefined {
  const candidate = (globalThis as { ethereum?: unknown }).ethereum;
  return typeof candidate === 'object' && candidate !== null && 'request' in candidate
    ? (candidate as InjectedProvider)
    : undefined;
}

/** EIP-1193: the chain is not known to the wallet. */
const UNRECOGNIZED_CHAIN = 4902;

/** Wallets sign typed data only for the chain that they are on. */
async function switchChain(provider: InjectedProvider, chainId: number, chains: Chain[]): Promise<void> {
  const hexId = `0x${chainId.toString(16)}`;
  if ((await provider.request({ method: 'eth_chainId' })) === hexId) return;
  try {
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: hexId }] });
  } catch (error) {
    const chain = chains.find((one) => one.chainId === chainId);
    if ((error as { code?: number }).code !== UNRECOGNIZED_CHAIN || chain === undefined) throw error;
    await provider.request({
      method: 'wallet_addEthereumChain',
      params: [
        {
          chainId: hexId,
          chainName: `Chancery ${chain.name}`,
          rpcUrls: [chain.rpcUrl],
          nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
        },
      ],
    });
  }
}

export async function injectedSigner(provider: InjectedProvider, chains: Chain[]): Promise<Signer> {
  const accounts = (await provider.request({ method: 'eth_requestAccounts' })) as string[];
  const first = accounts[0];
  if (first === undefined) throw new Error('the wallet offers no account');
  const address = getAddress(first);
  return {
    kind: 'injected',
    address,
    signMessage: async (text) => {
      const bytes = new TextEncoder().encode(text);
      const hex = `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
      return (await provider.request({ method: 'personal_sign', params: [hex, address] })) as Hex;
    },
    signTypedData: async (data) => {
      await switchChain(provider, Number(data.domain?.chainId), chains);
      const types = { EIP712Domain: DOMAIN_TYPE, ...data.types };
      const text = JSON.stringify({ ...data, types }, (_, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      );
      return (await provider.request({ method: 'eth_signTypedData_v4', params: [address, text] })) as Hex;
    },
  };
}

const DOMAIN_TYPE = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];
