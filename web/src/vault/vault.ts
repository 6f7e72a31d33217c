/**
 * Keys at rest: the BIP-39 phrase, encrypted with AES-256-GCM under a key derived from a passphrase, in IndexedDB.
 * What is written is useless without the passphrase; the passphrase and the phrase are never written.
 */
import { base64urlFromBytes, bytesFromBase64url, randomBytes } from '../protocol/encoding';
import { isPhrase, keysFromPhrase, normalizePhrase } from '../protocol/keys';

/** OWASP's floor for PBKDF2 with HMAC-SHA-256 is 600,000. */
const PBKDF2_ITERATIONS = 650_000;
const SALT_BYTES = 16;
const IV_BYTES = 12;
export const MIN_PASSPHRASE_CHARACTERS = 10;

const DATABASE = 'chancery';
const STORE = 'vaults';

/** Each app that keeps keys has its own. */
export type VaultName = 'wallet' | 'desk' | 'inspect' | 'portal';

interface VaultRecord {
  v: 1;
  address: string;
  createdAt: string;
  kdf: { name: 'PBKDF2'; hash: 'SHA-256'; iterations: number; salt: string };
  iv: string;
  ciphertext: string;
}

export class VaultError extends Error {
  constructor(readonly reason: 'wrong-passphrase' | 'no-vault' | 'bad-phrase' | 'weak-passphrase') {
    super(reason);
    this.name = 'VaultError';
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB cannot be opened'));
  });
}

async function transact<Value>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const database = await openDatabase();
  try {
    return await new Promise<Value>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error ?? new Error('IndexedDB failed'));
      transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB gave up'));
    });
  } finally {
    database.close();
  }
}

async function deriveKey(passphrase: string, kdf: VaultRecord['kdf']): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(passphrase.normalize('NFKC')),
    'PBKDF2',
    false,
    ['deriveKey'],
  );
  return crypto.subtle.deriveKey(
    { name: kdf.name, hash: kdf.hash, iterations: kdf.iterations, salt: bytesFromBase64url(kdf.salt) },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** Binds the ciphertext to its place, so that one vault cannot be passed off as another. */
function boundTo(name: VaultName, address: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`chancery vault v1 ${name} ${address}`);
}

/** The address of the vault without opening it; `undefined` if there is none. */
export async function peekVault(name: VaultName): Promise<string | undefined> {
  const record = await transact('readonly', (store) => store.get(name) as IDBRequest<VaultRecord | undefined>);
  return record?.address;
}

/** Writes a vault, in place of one that was there. */
export async function createVault(name: VaultName, phrase: string, passphrase: string): Promise<void> {
  if (!isPhrase(phrase)) throw new VaultError('bad-phrase');
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS) throw new VaultError('weak-passphrase');
  const words = normalizePhrase(phrase);
  const { address } = keysFromPhrase(words).account;
  const kdf: VaultRecord['kdf'] = {
    name: 'PBKDF2',
    hash: 'SHA-256',
    iterations: PBKDF2_ITERATIONS,
    salt: base64urlFromBytes(randomBytes(SALT_BYTES)),
  };
  const iv = randomBytes(IV_BYTES);
  const ciphertext = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: boundTo(name, address) },
    await deriveKey(passphrase, kdf),
    new TextEncoder().encode(words),
  );
  const record: VaultRecord = {
    v: 1,
    address,
    createdAt: new Date().toISOString(),
    kdf,
    iv: base64urlFromBytes(iv),
    ciphertext: base64urlFromBytes(new Uint8Array(ciphertext)),
  };
  await transact('readwrite', (store) => store.put(record, name));
}

/**
 * The phrase.
 * @throws VaultError `wrong-passphrase` or `no-vault`
 */
export async function openVault(name: VaultName, passphrase: string): Promise<string> {
  const record = await transact('readonly', (store) => store.get(name) as IDBRequest<VaultRecord | undefined>);
  if (record === undefined) throw new VaultError('no-vault');
  try {
    const phrase = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: bytesFromBase64url(record.iv), additionalData: boundTo(name, record.address) },
      await deriveKey(passphrase, record.kdf),
      bytesFromBase64url(record.ciphertext),
    );
    return new TextDecoder().decode(phrase);
  } catch {
    throw new VaultError('wrong-passphrase');
  }
}

export async function removeVault(name: VaultName): Promise<void> {
  await transact('readwrite', (store) => store.delete(name));
}
