/** What somebody with bad intentions can do: take a genuine presentation, change it, and leave it under a code of his own. */
import { CompactEncrypt } from 'jose';
import { base64urlFromBytes, randomBytes } from '../src/protocol/encoding';
import { keysFromPhrase } from '../src/protocol/keys';
import { codeText, openPresentation, parseCode, type Presentation } from '../src/protocol/presentation';
import { signInMessage } from '../src/protocol/sign-in';
import { CITY } from './browser';

async function json<Answer>(path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(`${CITY}${path}`, init);
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

const post = (body: unknown, token?: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  body: JSON.stringify(body),
});

async function signIn(phrase: string): Promise<string> {
  const { account } = keysFromPhrase(phrase);
  const { nonce } = await json<{ nonce: string }>('/v1/session/nonce');
  const message = signInMessage({ address: account.address, chainId: 7100, nonce, origin: CITY, now: new Date() });
  const signature = await account.signMessage({ message });
  return (await json<{ token: string }>('/v1/session', post({ message, signature }))).token;
}

/** `phrase`: of anybody who may leave presentations. */
export async function republish(
  phrase: string,
  code: string,
  change: (presentation: Presentation) => Promise<Presentation> | Presentation,
): Promise<string> {
  const parsed = parseCode(code);
  if (!parsed) throw new Error('this is no code');
  const { ciphertext } = await json<{ ciphertext: string }>(`/v1/presentations/${parsed.id}`);
  const presentation = await openPresentation(ciphertext, parsed.key);
  if (!presentation) throw new Error('the presentation does not open');
  const key = randomBytes(32);
  const changed = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(await change(presentation))))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(key);
  const expiresAt = new Date(Date.now() + 120_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const { id } = await json<{ id: string }>(
    '/v1/presentations',
    post({ ciphertext: changed, expiresAt }, await signIn(phrase)),
  );
  return codeText(CITY, { id, key: base64urlFromBytes(key) });
}
