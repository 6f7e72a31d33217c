/** The end of an answer on which nothing comes any more: of one that lasts, no time limit as a whole can be given. */

export class Silence {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout>;

  /** @param headMs until the answer begins @param maxMs between its pieces */
  constructor(
    headMs: number,
    private readonly maxMs: number,
  ) {
    this.#timer = this.#after(headMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The same answer, which is watched whenever its reader waits for more: how slow a reader is, is its own affair. */
  watching(response: Response): Response {
    this.end();
    const reader = response.body?.getReader();
    if (reader === undefined) return response;
    const watched = new ReadableStream<Uint8Array>({
      pull: async (to) => {
        this.#timer = this.#after(this.maxMs);
        try {
          const { done, value } = await reader.read();
          this.end();
          if (done) to.close();
          else to.enqueue(value);
        } catch (error) {
          this.end();
          to.error(error);
        }
      },
      cancel: (reason) => {
        this.end();
        return reader.cancel(reason);
      },
    });
    return new Response(watched, { status: response.status, headers: response.headers });
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #after(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#controller.abort(new DOMException('nothing came any more', 'TimeoutError')), ms);
  }
}
