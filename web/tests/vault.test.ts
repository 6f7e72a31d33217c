import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createVault, openVault, peekVault, removeVault } from '../src/vault/vault';

const PHRASE = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const PASSPHRASE = 'correct horse battery';

function rawRecords(): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open('chancery', 1);
    open.onerror = () => reject(new Error('cannot open'));
    open.onsuccess = () => {
      const request = open.result.transaction('vaults').objectStore('vaults').getAll();
      request.onsuccess = () => {
        open.result.close();
        resolve(request.result as unknown[]);
      };
    };
  });
}

beforeEach(async () => {
  for (const name of ['wallet', 'desk', 'inspect'] as const) await removeVault(name);
});

describe('keys at rest', () => {
  it('open with their passphrase and with no other', async () => {
    await createVault('wallet', PHRASE, PASSPHRASE);
    expect(await openVault('wallet', PASSPHRASE)).toBe(PHRASE);
    await expect(openVault('wallet', `${PASSPHRASE}!`)).rejects.toMatchObject({ reason: 'wrong-passphrase' });
    await expect(openVault('desk', PASSPHRASE)).rejects.toMatchObject({ reason: 'no-vault' });
  });

  it('are stored without a word of the phrase or the passphrase, under at least 600,000 iterations', async () => {
    await createVault('wallet', PHRASE, PASSPHRASE);
    const records = await rawRecords();
    const text = JSON.stringify(records);
    for (const word of [...PHRASE.split(' '), ...PASSPHRASE.split(' ')]) expect(text).not.toContain(word);
    expect((records[0] as { kdf: { iterations: number } }).kdf.iterations).toBeGreaterThanOrEqual(600_000);
  });

  it('have a salt and a nonce of their own each time', async () => {
    await createVault('wallet', PHRASE, PASSPHRASE);
    await createVault('desk', PHRASE, PASSPHRASE);
    const [first, second] = (await rawRecords()) as { kdf: { salt: string }; iv: string; ciphertext: string }[];
    expect(first?.kdf.salt).not.toBe(second?.kdf.salt);
    expect(first?.iv).not.toBe(second?.iv);
    expect(first?.ciphertext).not.toBe(second?.ciphertext);
  });

  it('refuse a phrase that is none, and a short passphrase, and write nothing', async () => {
    await expect(createVault('wallet', PHRASE.replace('yellow', 'zebra'), PASSPHRASE)).rejects.toMatchObject({ reason: 'bad-phrase' });
    await expect(createVault('wallet', PHRASE, 'short')).rejects.toMatchObject({ reason: 'weak-passphrase' });
    expect(await peekVault('wallet')).toBeUndefined();
  });

  it('can be removed', async () => {
    await createVault('wallet', PHRASE, PASSPHRASE);
    expect(await peekVault('wallet')).toBe('0x58A57ed9d8d624cBD12e2C467D34787555bB1b25');
    await removeVault('wallet');
    expect(await peekVault('wallet')).toBeUndefined();
  });
});
