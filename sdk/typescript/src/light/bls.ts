/**
 * BLS12-381 with public keys in G1 and signatures in G2 (draft-irtf-cfrg-bls-signature, minimal public key size, proof of
 * possession). The arithmetic is @noble/curves; points are decompressed here, because its decoders reduce coordinates beyond
 * the field instead of refusing them, so that a point would have several encodings.
 */
import { bls12_381 } from '@noble/curves/bls12-381';
import type { ProjPointType } from '@noble/curves/abstract/weierstrass';
import { numberOf } from './bytes.js';

/** Bytes of a compressed G1 point: a validator's public key. */
export const BLS_PUBLIC_KEY_BYTES = 48;
/** Bytes of a compressed G2 point: a signature. */
export const BLS_SIGNATURE_BYTES = 96;

const CIPHERSUITE = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const FIELD_BYTES = 48;
const COMPRESSED_FLAG = 0x80;
const INFINITY_FLAG = 0x40;
/** Of the two points with one x, the one whose y is the larger. */
const LARGER_FLAG = 0x20;
const FLAGS = COMPRESSED_FLAG | INFINITY_FLAG | LARGER_FLAG;

const { Fp, Fp2 } = bls12_381.fields;
const G1 = bls12_381.G1.ProjectivePoint;
const G2 = bls12_381.G2.ProjectivePoint;
type Fp2Element = typeof Fp2.ZERO;

/** A public key that is a point of G1's subgroup other than infinity. */
export type PublicKeyPoint = ProjPointType<bigint>;
/** A signature that is a point of G2's subgroup other than infinity. */
export type SignaturePoint = ProjPointType<Fp2Element>;

export type PointFault = 'NotCompressed' | 'IsInfinity' | 'NotOnCurve' | 'NotInSubgroup';

/** Bytes are no such point. Never leaves this folder: each caller makes its own refusal of it. */
export class PointError extends Error {
  override readonly name = 'PointError';

  constructor(readonly fault: PointFault) {
    super(fault);
  }
}

/** Reads a key; throws {@link PointError}. `bytes` has {@link BLS_PUBLIC_KEY_BYTES}. */
export function decodePublicKey(bytes: Uint8Array): PublicKeyPoint {
  const { isLarger, coordinates } = readFlags(bytes, BLS_PUBLIC_KEY_BYTES);
  const x = fieldElement(coordinates);
  const y = squareRoot(() => Fp.sqrt(Fp.add(Fp.pow(x, 3n), bls12_381.params.G1b)));
  const point = G1.fromAffine({ x, y: isUpperHalf(y) === isLarger ? y : Fp.neg(y) });
  if (!point.isTorsionFree()) throw new PointError('NotInSubgroup');
  return point;
}

/** Reads a signature; throws {@link PointError}. `bytes` has {@link BLS_SIGNATURE_BYTES}. */
export function decodeSignature(bytes: Uint8Array): SignaturePoint {
  const { isLarger, coordinates } = readFlags(bytes, BLS_SIGNATURE_BYTES);
  const c1 = fieldElement(coordinates.subarray(0, FIELD_BYTES));
  const x = Fp2.create({ c0: fieldElement(coordinates.subarray(FIELD_BYTES)), c1 });
  const y = squareRoot(() => Fp2.sqrt(Fp2.add(Fp2.pow(x, 3n), bls12_381.params.G2b)));
  const isYLarger = isUpperHalf(y.c1 === 0n ? y.c0 : y.c1);
  const point = G2.fromAffine({ x, y: isYLarger === isLarger ? y : Fp2.neg(y) });
  if (!point.isTorsionFree()) throw new PointError('NotInSubgroup');
  return point;
}

/** Whether the signature is the aggregate of all these keys' signatures over the message. One pairing of two: expensive. */
export function isAggregateSignature(
  keys: readonly PublicKeyPoint[],
  message: Uint8Array,
  signature: SignaturePoint,
): boolean {
  const aggregate = keys.reduce((sum, key) => sum.add(key), G1.ZERO);
  // Nothing but infinity is signed by infinity, and a signature is never that; the library has no pairing of it.
  if (aggregate.equals(G1.ZERO)) return false;
  return bls12_381.verify(signature, message, aggregate, { DST: CIPHERSUITE });
}

function readFlags(bytes: Uint8Array, expectedBytes: number): { isLarger: boolean; coordinates: Uint8Array } {
  const [first] = bytes;
  if (first === undefined || bytes.length !== expectedBytes || (first & COMPRESSED_FLAG) === 0) {
    throw new PointError('NotCompressed');
  }
  if ((first & INFINITY_FLAG) !== 0) throw new PointError('IsInfinity');
  const coordinates = bytes.slice();
  coordinates[0] = first & ~FLAGS;
  return { isLarger: (first & LARGER_FLAG) !== 0, coordinates };
}

function fieldElement(bytes: Uint8Array): bigint {
  const value = numberOf(bytes);
  if (value >= Fp.ORDER) throw new PointError('NotOnCurve');
  return value;
}

/** The library throws an untyped error where there is no root. */
function squareRoot<Element>(root: () => Element): Element {
  try {
    return root();
  } catch {
    throw new PointError('NotOnCurve');
  }
}

function isUpperHalf(value: bigint): boolean {
  return value > (Fp.ORDER - 1n) / 2n;
}
