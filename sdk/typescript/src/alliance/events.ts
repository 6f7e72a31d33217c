/** Server-sent events out of lines (HTML, "Interpreting an event stream"). */

/** What was told. */
export interface ServerEvent {
  /** Of this event or, where it has none, of the last one that had. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** A bound of what one event may hold, in characters, and what is thrown above it. */
export interface EventBound {
  readonly max: number;
  readonly failure: () => Error;
}

/** Events as they are complete; an event that breaks off is none. */
export async function* eventsOf(lines: AsyncIterable<string>, firstId = '', bound?: EventBound): AsyncGenerator<ServerEvent, void, undefined> {
  let id = firstId;
  let type = '';
  let data: string[] = [];
  let size = 0;
  for await (const whole of lines) {
    // A line ends with LF, or CR LF.
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (line === '') {
      if (data.length > 0) yield { id, type: type === '' ? 'message' : type, data: data.join('\n') };
      type = '';
      data = [];
      size = 0;
      continue;
    }
    const colon = line.indexOf(':');
    // A comment.
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') {
      // A line that is empty is held as well.
      size += value.length + 1;
      if (bound !== undefined && size > bound.max) throw bound.failure();
      data.push(value);
    }
    if (name === 'event') type = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
  }
}
