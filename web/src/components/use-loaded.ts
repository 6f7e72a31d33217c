import { useCallback, useEffect, useRef, useState } from 'react';

export interface Loaded<Value> {
  /** The last value that arrived; it stays while a newer one is on its way. */
  value: Value | undefined;
  error: unknown;
  loading: boolean;
  reload: () => void;
}

/**
 * Loads a value when the component appears and when `key` changes, and again every `everyMs` while the page is visible.
 */
export function useLoaded<Value>(load: () => Promise<Value>, key: string, everyMs?: number): Loaded<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; error?: unknown; loading: boolean }>({
    key,
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  useEffect(() => {
    latest.current = load;
  });

  useEffect(() => {
    let current = true;
    latest.current().then(
      (value) => {
        if (current) setState({ key, value, loading: false });
      },
      (error: unknown) => {
        if (current) setState((before) => ({ ...(before.key === key ? before : { key }), error, loading: false }));
      },
    );
    return () => {
      current = false;
    };
  }, [key, turn]);

  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setTurn((before) => before + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  const reload = useCallback(() => {
    setState((before) => ({ ...before, loading: true, error: undefined }));
    setTurn((before) => before + 1);
  }, []);

  const mine = state.key === key;
  return {
    value: mine ? state.value : undefined,
    error: mine ? state.error : undefined,
    loading: !mine || state.loading,
    reload,
  };
}

export interface Action<Input extends unknown[]> {
  run: (...input: Input) => void;
  busy: boolean;
  error: unknown;
  clear: () => void;
}

/** Something that a person starts and that may fail: one run at a time, the failure kept for showing. */
export function useAction<Input extends unknown[]>(work: (...input: Input) => Promise<void>): Action<Input> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const running = useRef(false);
  const run = (...input: Input): void => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setError(undefined);
    work(...input)
      .catch((failure: unknown) => setError(failure))
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  };
  return { run, busy, error, clear: () => setError(undefined) };
}
