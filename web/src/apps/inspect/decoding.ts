/** QR codes out of pixels, in plain JavaScript: nothing is loaded from elsewhere and no code is generated. */
import { decodeQR } from 'qr/decode.js';

/** Larger pictures are scaled down: a code that fills a fair part of them survives it. */
const MAX_IMAGE_PIXELS = 1600;
/** Milliseconds that one still picture may take. */
const STILL_TIME_LIMIT_MS = 1_500;
/** Effort for a still picture: it will not come again. */
const STILL_EFFORT = 4;

export function codeInPixels(image: ImageData, still: boolean): string | undefined {
  try {
    return decodeQR(
      { width: image.width, height: image.height, data: image.data },
      still ? { effort: STILL_EFFORT, timeLimit: STILL_TIME_LIMIT_MS } : {},
    );
  } catch {
    // The decoder throws when there is no code: the usual case for a film.
    return undefined;
  }
}

/** The code in a picture file; tried at several sizes, since photographs are often far larger than needed. */
export async function codeInImage(file: Blob): Promise<string | undefined> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return undefined;
  }
  try {
    const largest = Math.max(bitmap.width, bitmap.height);
    for (const target of [Math.min(largest, MAX_IMAGE_PIXELS), 800, 400]) {
      if (target > largest) continue;
      const text = codeInPixels(pixels(bitmap, target / largest), true);
      if (text !== undefined) return text;
    }
    return undefined;
  } finally {
    bitmap.close();
  }
}

function pixels(bitmap: ImageBitmap, scale: number): ImageData {
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('this browser has no canvas');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}
