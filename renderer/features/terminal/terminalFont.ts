/** No terminal waits longer than this for its font; it is then drawn with what there is. */
const MOST_MS = 1500;

/** Settles when the terminal's font can be measured. A terminal measures it once, when it is opened. */
export const terminalFontReady: Promise<unknown> =
  typeof document === 'undefined'
    ? Promise.resolve()
    : Promise.race([
        Promise.all([
          document.fonts.load('13px "JetBrains Mono"'),
          document.fonts.load('bold 13px "JetBrains Mono"'),
        ]).catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, MOST_MS)),
      ]);
