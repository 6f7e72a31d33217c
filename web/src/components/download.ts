/** Gives a person a file of JSON. */
export function download(name: string, content: unknown): void {
  downloadText(name, JSON.stringify(content), 'application/json');
}

/** Gives a person a file of text. */
export function downloadText(name: string, text: string, mediaType: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
