/**
 * A person's public keys go to the main chain as ERC-1056 attributes that the person has signed, so that nobody else can
 * publish keys in its name (`setAttributeSigned`).
 */
import { concatHex, encodePacked, keccak256, type Address, type Hex } from 'viem';
import { bytes32FromAscii, hexFromBytes } from './encoding';
import type { PersonKeys } from './keys';
import { DID_REGISTRY } from './typed-data';

export const SIGNING_KEY_ATTRIBUTE = 'did/pub/Secp256k1/veriKey/hex';
export const ENCRYPTION_KEY_ATTRIBUTE = 'did/pub/X25519/enc/hex';
/** How long the published keys stand: ten years. */
export const ATTRIBUTE_VALIDITY_SECONDS = 10 * 365 * 24 * 3600;

export interface SignedAttribute {
  name: string;
  value: Hex;
  /** Seconds from the block that records it. */
  validity: number;
  signature: Hex;
}

/** ERC-1056: keccak256(0x19 00 registry nonce identity "setAttribute" name value validity). */
export function attributeDigest(
  identity: Address,
  nonce: number,
  attribute: { name: string; value: Hex; validity: number },
): Hex {
  const head = concatHex(['0x1900', DID_REGISTRY]);
  const rest = encodePacked(
    ['uint256', 'address', 'string', 'bytes32', 'bytes', 'uint256'],
    [
      BigInt(nonce),
      identity,
      'setAttribute',
      bytes32FromAscii(attribute.name),
      attribute.value,
      BigInt(attribute.validity),
    ],
  );
  return keccak256(concatHex([head, rest]));
}

/** Both keys of a person, signed in the order in which the registry counts them. `firstNonce` is 0 for a new identity. */
export async function signedKeyAttributes(keys: PersonKeys, firstNonce = 0): Promise<SignedAttribute[]> {
  const values: [string, Hex][] = [
    [SIGNING_KEY_ATTRIBUTE, keys.publicKey],
    [ENCRYPTION_KEY_ATTRIBUTE, hexFromBytes(keys.encryption.publicBytes)],
  ];
  return Promise.all(
    values.map(async ([name, value], at) => {
      const attribute = { name, value, validity: ATTRIBUTE_VALIDITY_SECONDS };
      const hash = attributeDigest(keys.account.address, firstNonce + at, attribute);
      return { ...attribute, signature: await keys.account.sign({ hash }) };
    }),
  );
}
