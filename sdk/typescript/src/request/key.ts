/** An Ethereum key that signs requests. */
import { secp256k1 } from '@noble/curves/secp256k1';
import { keccak_256 } from '@noble/hashes/sha3';
import { bytesOfHex, hexOfBytes, utf8Of } from '../encoding.js';
import { InputError } from '../errors.js';
import type { Address } from '../hex.js';
import { signedTransaction, type LegacyTransaction } from './transaction.js';

const ADDRESS_BYTES = 20;
/** What is added to the recovery bit (EIP-191 signatures end with 27 or 28). */
const RECOVERY_OFFSET = 27;

/** The secret stays in this object: it is no enumerable member, and no method gives it. */
export class EthereumKey {
  readonly #secret: Uint8Array;
  /** Lower case. */
  readonly address: Address;

  /** @param secret 32 bytes, or their `0x` hexadecimal @throws InputError for bytes that are no scalar of the curve */
  constructor(secret: Uint8Array | string) {
    const bytes = typeof secret === 'string' ? bytesOfHex(secret) : secret.slice();
    if (bytes === undefined || !secp256k1.utils.isValidPrivateKey(bytes)) {
      throw new InputError('a key is 32 bytes, not zero and below the order of secp256k1, or 0x and their 64 digits');
    }
    this.#secret = bytes;
    const point = secp256k1.getPublicKey(bytes, false);
    this.address = hexOfBytes(keccak_256(point.subarray(1)).subarray(-ADDRESS_BYTES));
  }

  /** A transaction of this key's account, ready to be sent. */
  signTransaction(transaction: LegacyTransaction): Uint8Array {
    return signedTransaction(transaction, (digest) => secp256k1.sign(digest, this.#secret));
  }

  /** EIP-191, version 0x45 (`personal_sign`): r, s, v in 65 bytes. */
  signMessage(message: string): Uint8Array {
    const bytes = utf8Of(message);
    const prefix = utf8Of(`\u0019Ethereum Signed Message:\n${bytes.length}`);
    return this.signDigest(keccak_256(Uint8Array.of(...prefix, ...bytes)));
  }

  /** Of 32 bytes that are a hash already, as EIP-712 has them: r, s, v in 65 bytes. */
  signDigest(digest: Uint8Array): Uint8Array {
    const signature = secp256k1.sign(digest, this.#secret);
    return Uint8Array.of(...signature.toCompactRawBytes(), RECOVERY_OFFSET + signature.recovery);
  }
}
