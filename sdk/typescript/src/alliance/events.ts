/** Server-sent events out of lines (HTML, "Interpreting an event stream"). */

/** What was told. */
export interface ServerEvent {
  /** Of this event or, where it has none, of the last one that had. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** Events as they are complete; an event that breaks off is none. */
export async function* eventsOf(lines: AsyncIterable<string>, firstId = ''): AsyncGenerator<ServerEvent, void, undefined> {
  let id = firstId;
  let type = '';
  let data: string[] = [];
  for await (const whole of lines) {
    // A line ends with LF, or CR LF.
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (line === '') {
      if (data.length > 0) yield { id, type: type === '' ? 'message' : type, data: data.join('\n') };
      type = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    // A comment.
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'event') type = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
  }
}
