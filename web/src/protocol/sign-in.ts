/** EIP-4361: the message with which an address signs in at this gateway. */
import type { Address } from 'viem';
import { createSiweMessage } from 'viem/siwe';

/** The gateway accepts a message for five minutes. */
const MESSAGE_LIFETIME_MS = 5 * 60 * 1000;

export function signInMessage(input: {
  address: Address;
  chainId: number;
  nonce: string;
  /** `https://city.example`: scheme, host, port. */
  origin: string;
  now: Date;
}): string {
  return createSiweMessage({
    address: input.address,
    chainId: input.chainId,
    domain: new URL(input.origin).host,
    uri: input.origin,
    nonce: input.nonce,
    version: '1',
    statement: 'Sign in to Chancery. This costs nothing and changes nothing.',
    issuedAt: input.now,
    expirationTime: new Date(input.now.getTime() + MESSAGE_LIFETIME_MS),
  });
}
