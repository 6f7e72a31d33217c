// The keys of a file that `chancery key new` has written: a BIP-39 phrase (docs/specs/encodings.md, "Keys of a person").
import { createHmac, hkdfSync, pbkdf2Sync } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1';

const HARDENED = 0x80000000;
/** m/44'/60'/0'/0/0 (BIP-44). */
const PATH = [44 + HARDENED, 60 + HARDENED, HARDENED, 0, 0];

const halves = (key, data) => {
  const mac = createHmac('sha512', key).update(data).digest();
  return [mac.subarray(0, 32), mac.subarray(32)];
};
const numberOf = (bytes) => BigInt(`0x${bytes.toString('hex')}`);

/** `signing` and `encryption`: 32 secret bytes each. */
export function keysOfPhrase(phrase) {
  const seed = pbkdf2Sync(phrase.trim(), 'mnemonic', 2048, 64, 'sha512');
  let [secret, chain] = halves('Bitcoin seed', seed);
  for (const index of PATH) {
    const place = Buffer.alloc(4);
    place.writeUInt32BE(index);
    const parent = index >= HARDENED ? Buffer.concat([Buffer.of(0), secret]) : Buffer.from(secp256k1.getPublicKey(secret, true));
    const [tweak, next] = halves(chain, Buffer.concat([parent, place]));
    const child = (numberOf(tweak) + numberOf(secret)) % secp256k1.CURVE.n;
    [secret, chain] = [Buffer.from(child.toString(16).padStart(64, '0'), 'hex'), next];
  }
  const encryption = new Uint8Array(hkdfSync('sha256', seed, 'chancery', 'x25519 encryption v1', 32));
  return { signing: new Uint8Array(secret), encryption };
}
