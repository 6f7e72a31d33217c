/** EIP-712 digests of what issuers and holders sign (docs/specs/encodings.md), and who signed them. Pure. */
import { secp256k1 } from '@noble/curves/secp256k1';
import { bytesOf, hexOf, keccak, wordOf } from '../light/bytes.js';
import { utf8Of } from '../encoding.js';
import type { Hex } from '../hex.js';
import type { Issue } from './issue.js';
import { concat, hashOf, wordOfName } from './words.js';

/** Predeployed on every side chain. */
export const CERTIFICATE_REGISTRY: Hex = '0xc4a0000000000000000000000000000000000006';

const SIGNATURE_BYTES = 65;
const FIRST_V = 27;
const textHash = (text: string): Uint8Array => keccak(utf8Of(text));

const DOMAIN_TYPE = textHash('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)');
const ISSUE_TYPE = textHash(
  'Issue(bytes32 certificateId,bytes32 kind,bytes32 organization,address holder,bytes32 contentHash,bytes32 sealedHash,uint64 validFrom,uint64 validUntil,bytes32 previous,uint64 deadline)',
);
const PRESENT_TYPE = textHash(
  'Present(bytes32 certificateId,address holder,bytes32 contentHash,uint64 presentedAt,bytes32 nonce)',
);

/** What a holder signs when it shows a certificate. */
export interface Present {
  readonly certificateId: Hex;
  readonly holder: Hex;
  readonly contentHash: Hex;
  /** Unix seconds. */
  readonly presentedAt: number;
  readonly nonce: Hex;
}

export function digestOfIssue(chainId: number, issue: Issue): Uint8Array {
  return digest(
    chainId,
    hashOf(
      ISSUE_TYPE,
      bytesOf(issue.certificateId),
      wordOfName(issue.kind),
      wordOfName(issue.organization),
      wordOf(BigInt(issue.holder)),
      bytesOf(issue.contentHash),
      bytesOf(issue.sealedHash),
      wordOf(issue.validFrom),
      wordOf(issue.validUntil),
      bytesOf(issue.previous),
      wordOf(issue.deadline),
    ),
  );
}

export function digestOfPresent(chainId: number, present: Present): Uint8Array {
  return digest(
    chainId,
    hashOf(
      PRESENT_TYPE,
      bytesOf(present.certificateId),
      wordOf(BigInt(present.holder)),
      bytesOf(present.contentHash),
      wordOf(BigInt(present.presentedAt)),
      bytesOf(present.nonce),
    ),
  );
}

/** The address whose key signed a digest; `undefined` for what is no signature of 65 bytes with a low s (EIP-2) and a v of 27 or 28. */
export function signerOf(hash: Uint8Array, signature: Uint8Array): Hex | undefined {
  const recovery = (signature[SIGNATURE_BYTES - 1] ?? 0) - FIRST_V;
  if (signature.length !== SIGNATURE_BYTES || (recovery !== 0 && recovery !== 1)) return undefined;
  try {
    const parsed = secp256k1.Signature.fromCompact(signature.subarray(0, SIGNATURE_BYTES - 1)).addRecoveryBit(recovery);
    if (parsed.hasHighS()) return undefined;
    const key = parsed.recoverPublicKey(hash).toRawBytes(false);
    return hexOf(keccak(key.subarray(1)).subarray(12));
  } catch {
    return undefined;
  }
}

function digest(chainId: number, structHash: Uint8Array): Uint8Array {
  const domain = hashOf(
    DOMAIN_TYPE,
    textHash('Chancery'),
    textHash('1'),
    wordOf(BigInt(chainId)),
    wordOf(BigInt(CERTIFICATE_REGISTRY)),
  );
  return keccak(concat(Uint8Array.of(0x19, 0x01), domain, structHash));
}
