import { encodeQR } from 'qr';
import { useMemo, type ReactNode } from 'react';

/** Quiet zone that scanners need around the code, in modules. */
const QUIET_MODULES = 4;

/** A QR code as one path: sharp at every size, and it prints. Always dark on white, also in the dark theme. */
export function QrCode({ text, label }: { text: string; label: string }): ReactNode {
  const { size, path } = useMemo(() => {
    const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_MODULES });
    const parts = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { size: rows.length, path: parts.join('') };
  }, [text]);
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} className="qr__paper" />
      <path d={path} className="qr__ink" />
    </svg>
  );
}
