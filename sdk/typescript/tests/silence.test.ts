/** A-MULTI: an answer that lasts is given up when nothing comes on it, and not because its reader is slow. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Silence } from '../src/request/silence.js';

const HEAD_MS = 1_000;
const MAX_MS = 5_000;

/** An answer whose pieces a test gives. */
function answer(): { response: Response; give: (text: string) => void; end: () => void } {
  let to: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      to = controller;
    },
  });
  return {
    response: new Response(body, { status: 203, headers: { 'x-kept': 'yes' } }),
    give: (text) => to?.enqueue(new TextEncoder().encode(text)),
    end: () => to?.close(),
  };
}

describe('silence', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('before an answer ends the wait for it, unless that has ended', async () => {
    const silence = new Silence(HEAD_MS, MAX_MS);
    await vi.advanceTimersByTimeAsync(HEAD_MS - 1);
    expect(silence.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(silence.signal.aborted).toBe(true);
    const ended = new Silence(HEAD_MS, MAX_MS);
    ended.end();
    await vi.advanceTimersByTimeAsync(10 * HEAD_MS);
    expect(ended.signal.aborted).toBe(false);
  });

  it('is counted from the last piece on', async () => {
    const silence = new Silence(HEAD_MS, MAX_MS);
    const { response, give } = answer();
    const watched = silence.watching(response);
    expect([watched.status, watched.headers.get('x-kept')]).toEqual([203, 'yes']);
    const reader = watched.body?.getReader();
    for (let piece = 0; piece < 3; piece += 1) {
      await vi.advanceTimersByTimeAsync(MAX_MS - 1);
      give('piece');
      expect((await reader?.read())?.value?.length).toBe(5);
    }
    await vi.advanceTimersByTimeAsync(MAX_MS - 1);
    expect(silence.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(silence.signal.aborted).toBe(true);
  });

  it('is none while a slow reader has pieces before it, or after the end', async () => {
    const silence = new Silence(HEAD_MS, MAX_MS);
    const { response, give, end } = answer();
    const reader = silence.watching(response).body?.getReader();
    for (const piece of ['one', 'two', 'three']) give(piece);
    end();
    for (let piece = 0; piece < 3; piece += 1) {
      await vi.advanceTimersByTimeAsync(10 * MAX_MS);
      expect((await reader?.read())?.done).toBe(false);
    }
    expect((await reader?.read())?.done).toBe(true);
    await vi.advanceTimersByTimeAsync(10 * MAX_MS);
    expect(silence.signal.aborted).toBe(false);
  });

  it('concerns nobody once the answer was let go', async () => {
    const silence = new Silence(HEAD_MS, MAX_MS);
    const { response } = answer();
    await silence.watching(response).body?.cancel();
    await vi.advanceTimersByTimeAsync(10 * MAX_MS);
    expect(silence.signal.aborted).toBe(false);
  });
});
