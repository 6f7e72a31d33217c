/** The camera: Chromium films a picture that shows the code of a certificate, and the inspector's page reads it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeQR } from 'qr';
import { CITY, launch, Person } from './browser';
import { examine } from './check';
import * as people from './people';

const directory = mkdtempSync(join(tmpdir(), 'chancery-camera-'));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const WIDTH = 640;
const HEIGHT = 480;
/** Of a module of the code, in pixels. */
const MODULE = 6;

/** One grey frame of YUV4MPEG2, repeated by Chromium for ever: the code in the middle of a white wall. */
function film(text: string): string {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
  const luma = Buffer.alloc(WIDTH * HEIGHT, 235);
  const left = Math.floor((WIDTH - rows.length * MODULE) / 2);
  const top = Math.floor((HEIGHT - rows.length * MODULE) / 2);
  rows.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (!dark) return;
      for (let dy = 0; dy < MODULE; dy += 1) {
        const start = (top + y * MODULE + dy) * WIDTH + left + x * MODULE;
        luma.fill(16, start, start + MODULE);
      }
    }),
  );
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)]);
  const path = join(directory, 'film.y4m');
  writeFileSync(path, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), frame, frame]));
  return path;
}

describe('the camera', () => {
  it('reads a code; one that nobody left is refused, not called invalid', async () => {
    const code = `${CITY}/inspect#P.${'A'.repeat(22)}.${'B'.repeat(43)}`;
    const browser = await launch([
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${film(code)}`,
    ]);
    const inspector = await Person.arrive(browser, 'inspector', { size: 'phone', camera: true });
    await inspector.go('/inspect');
    await inspector.page.getByRole('button', { name: 'Scan with the camera' }).click();
    expect(await people.outcomeOf(inspector.page)).toEqual({ outcome: 'refused', failed: 'presentation-opened' });
    await examine(inspector, 'inspect-stale');
    expect(inspector.complaints).toEqual([]);
    await browser.close();
  });

  it('that is not allowed is explained, and there are other ways', async () => {
    const browser = await launch();
    const inspector = await Person.arrive(browser, 'inspector', { size: 'phone' });
    await inspector.go('/inspect');
    await inspector.page.getByRole('button', { name: 'Scan with the camera' }).click();
    await inspector.page.getByText('Choose a picture instead', { exact: false }).waitFor();
    await examine(inspector, 'inspect-no-camera');
    await browser.close();
  });
});
