import { useEffect, useEffectEvent, type RefObject } from 'react';
import type { TextKey } from '../../i18n/language';
import { codeInPixels } from './decoding';

/** Pause between two frames that are looked at: a phone stays cool. */
const FRAME_INTERVAL_MS = 120;
/** Longer side to which a frame is scaled. */
const FRAME_PIXELS = 800;

function failureOf(error: unknown): TextKey {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return 'scan.denied';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'scan.noCamera' : 'scan.cameraFailed';
}

async function play(element: HTMLVideoElement, stream: MediaStream): Promise<void> {
  element.srcObject = stream;
  await element.play();
}

/** Films through the back camera until a code is found; pictures never leave the page. */
export function useCamera(
  video: RefObject<HTMLVideoElement | null>,
  handlers: { onText: (text: string) => void; onFailure: (key: TextKey) => void },
): void {
  const onText = useEffectEvent(handlers.onText);
  const onFailure = useEffectEvent(handlers.onFailure);
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });

    const look = (): void => {
      const element = video.current;
      if (stopped || !element || !context) return;
      if (element.videoWidth > 0) {
        const scale = Math.min(1, FRAME_PIXELS / Math.max(element.videoWidth, element.videoHeight));
        canvas.width = Math.round(element.videoWidth * scale);
        canvas.height = Math.round(element.videoHeight * scale);
        context.drawImage(element, 0, 0, canvas.width, canvas.height);
        const text = codeInPixels(context.getImageData(0, 0, canvas.width, canvas.height), false);
        if (text !== undefined) {
          onText(text);
          return;
        }
      }
      timer = setTimeout(look, FRAME_INTERVAL_MS);
    };
    const start = async (): Promise<void> => {
      // Absent where the page is not a secure context.
      const devices = navigator.mediaDevices as MediaDevices | undefined;
      if (!devices) throw new DOMException('no camera in this context', 'NotFoundError');
      stream = await devices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
      const element = video.current;
      if (stopped || !element) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      await play(element, stream);
      look();
    };
    start().catch((error: unknown) => {
      if (!stopped) onFailure(failureOf(error));
    });
    return () => {
      stopped = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, [video]);
}
