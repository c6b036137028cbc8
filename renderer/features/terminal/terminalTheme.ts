import type { ITheme } from '@xterm/xterm';

/**
 * Sixteen colours that keep their meaning and their contrast on the two backgrounds. Red, blue and magenta are dark enough to
 * stand behind white too, as mc, dialog and alarms have them.
 */
const DARK: ITheme = {
  black: '#1b2026',
  red: '#e2463b',
  green: '#6fcf97',
  yellow: '#f0b429',
  blue: '#3080d8',
  magenta: '#9d62dc',
  cyan: '#5fd0d8',
  white: '#e0e5ea',
  brightBlack: '#77828c',
  brightRed: '#ff9088',
  brightGreen: '#95e0b3',
  brightYellow: '#ffd166',
  brightBlue: '#9acbff',
  brightMagenta: '#dfc2ff',
  brightCyan: '#93e6ec',
  brightWhite: '#ffffff',
};

const LIGHT: ITheme = {
  black: '#1a2026',
  red: '#b3261e',
  green: '#157347',
  yellow: '#7a5200',
  blue: '#0b57b0',
  magenta: '#7a35b8',
  cyan: '#0b6b74',
  white: '#6b7680',
  brightBlack: '#55606a',
  brightRed: '#c4281c',
  brightGreen: '#1a7f4f',
  brightYellow: '#8a5a00',
  brightBlue: '#0b62c4',
  brightMagenta: '#8d46cf',
  brightCyan: '#0d7a84',
  brightWhite: '#1a2026',
};

/** Its first sixteen colours, in the terminal's order. */
export function terminalPalette(theme: 'dark' | 'light'): (string | undefined)[] {
  const of = theme === 'dark' ? DARK : LIGHT;
  const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
  const bright = [
    'brightBlack',
    'brightRed',
    'brightGreen',
    'brightYellow',
    'brightBlue',
    'brightMagenta',
    'brightCyan',
    'brightWhite',
  ] as const;
  return [...names, ...bright].map((name) => of[name]);
}

/** The theme of the moment, its greys and accent from the tokens. */
export function terminalTheme(theme: 'dark' | 'light'): ITheme {
  const tokens = getComputedStyle(document.documentElement);
  const token = (name: string) => tokens.getPropertyValue(name).trim();
  return {
    ...(theme === 'dark' ? DARK : LIGHT),
    background: token(theme === 'dark' ? '--background' : '--surface'),
    foreground: token('--text'),
    cursor: token('--accent'),
    cursorAccent: token('--background'),
    selectionBackground: theme === 'dark' ? '#2b4a6b' : '#b9d7f8',
    selectionInactiveBackground: token('--line'),
    scrollbarSliderBackground: `${token('--line-strong')}99`,
    scrollbarSliderHoverBackground: token('--line-strong'),
    scrollbarSliderActiveBackground: token('--line-strong'),
  };
}
