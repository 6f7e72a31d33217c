/** From the key that a source was registered with to the one that signed (DATA-1, DATA-8). */
import { sameBytes } from '../light/bytes.js';
import type { Address } from '../hex.js';
import { PublicKey, sourceOf } from '../data/jwk.js';
import { jsonOf, JwsError, readJws, verifyJws, type Jws } from '../data/jws.js';
import { ProofFailure } from './failure.js';

/** Most rotations of one source that a proof follows. */
export const MAX_ROTATIONS = 16;
const ROTATION_MEMBERS = ['do', 'chainId', 'source', 'jwk', 'time'];

/**
 * The last key, if the first one's thumbprint is the source's name and each key has approved the next on this chain.
 * @throws ProofFailure with `source-key`
 */
export function sourceKey(
  source: Address,
  chainId: number,
  jwks: readonly unknown[],
  rotations: readonly (readonly [string, string])[],
): PublicKey {
  const most = MAX_ROTATIONS + 1;
  if (jwks.length < 1 || jwks.length > most || rotations.length + 1 !== jwks.length) {
    throw refused(`there are 1 to ${most} keys, and one rotation fewer`);
  }
  const [first, ...others] = jwks.map((jwk) => {
    const key = PublicKey.read(jwk);
    if (key === undefined) throw refused('a key is of none of the kinds Ed25519, P-256 or secp256k1, or no point of its curve');
    return key;
  });
  if (first === undefined || sourceOf(first.thumbprint()) !== source) {
    throw refused(`the first key is not the one that ${source} was registered with`);
  }
  return others.reduce((old, next, at) => {
    const [statement, approval] = rotations[at] ?? ['', ''];
    checkRotation({ source, chainId }, old, next, statement, approval);
    return next;
  }, first);
}

interface RotatedSource {
  readonly source: Address;
  readonly chainId: number;
}

function checkRotation(of: RotatedSource, old: PublicKey, next: PublicKey, statement: string, approval: string): void {
  try {
    const shown = readJws(statement, 'chancery-source+jws');
    verifyJws(shown, next);
    if (!isRotation(shown, of, next)) throw refused('a rotation is of another source, on another chain, or to another key');
    const approved = readJws(approval, 'chancery-source+jws');
    if (!sameBytes(approved.payload, shown.payload)) throw refused('the old key has approved something else');
    verifyJws(approved, old);
  } catch (error) {
    if (error instanceof JwsError) throw refused(error.message);
    throw error;
  }
}

function isRotation(shown: Jws, { source, chainId }: RotatedSource, next: PublicKey): boolean {
  const members = jsonOf(shown.payload) as Partial<Record<string, unknown>>;
  const hasNoOther = Object.keys(members).every((name) => ROTATION_MEMBERS.includes(name));
  const isOfSource = typeof members.source === 'string' && members.source.toLowerCase() === source;
  const isOnChain = members.chainId === chainId && Number.isSafeInteger(members.time) && (members.time as number) >= 0;
  return hasNoOther && members.do === 'rotate' && isOfSource && isOnChain && PublicKey.read(members.jwk)?.isSame(next) === true;
}

function refused(detail: string): ProofFailure {
  return new ProofFailure('source-key', detail);
}
